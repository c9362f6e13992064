import { type CallbackDelivery, deliverCallbacks, nextCallbackAtMs } from "./callbacks.ts";
import { CONTROL_PATH, createControl } from "./control.ts";
import type { FaultInput } from "./faults.ts";
import { pathMatches } from "./faults.ts";
import { createIdSource } from "./ids.ts";
import { misbehave } from "./misbehave.ts";
import { type Call, type RecordedRequest, readCall, type UnexpectedRequest } from "./recording.ts";
import { type TaskView, viewOf } from "./task.ts";
import { createUpstream } from "./upstream.ts";
import { faultOf } from "./words.ts";
import { createWorld, type SimulatorSettings, settingsSchema, type World, wordsFor } from "./world.ts";

const DEFAULT_GENERATION_MS = 30_000;

export interface SimulatorOptions {
  /** How long a generation takes, in milliseconds (30 s when left out). */
  readonly generationMs?: number;
  /** The clock, in Unix milliseconds; `Date.now()`, looked up at each call, when left out. */
  readonly now?: () => number;
  /** The only token that is accepted; any, when left out, but for those of `SIMULATOR_TOKENS`. */
  readonly token?: string;
  /** Makes the ids repeatable. */
  readonly seed?: number;
  /** The start of media URLs; the origin of the paid call when left out. */
  readonly baseUrl?: string;
  /** The settings to begin with, and to return to. */
  readonly settings?: SimulatorSettings;
}

/** A stand-in for AceDataCloud. All of its state is in memory, and in this object. */
export interface Simulator {
  /** Answers a request; takes what the global `fetch` takes, so that it can be put in its place. */
  fetch(input: Request | URL | string, init?: RequestInit): Promise<Response>;
  /** Every request to the API and the media, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Requests that our code must never make; a test should end with this list empty. */
  readonly unexpected: readonly UnexpectedRequest[];
  /** Every task that was made, and so paid, oldest first. */
  readonly tasks: readonly TaskView[];
  readonly settings: Readonly<Required<SimulatorSettings>>;
  /** The requests to a group of paths (`tasks`, `paid`, `media`, `all`), or to one path. */
  requestsTo(match: string): RecordedRequest[];
  /** Queues faults for the requests to come. */
  inject(...faults: readonly FaultInput[]): void;
  /** Forgets the faults that have not struck. */
  clearFaults(): void;
  configure(settings: SimulatorSettings): void;
  /** Ends a task now, or all of them; tasks that are over stay as they are. */
  finish(taskId?: string): void;
  /** Sends the callbacks that are due, each once; a real server would do it by itself. */
  deliverCallbacks(send: (request: Request) => Promise<Response>): Promise<CallbackDelivery[]>;
  /** When the next callback is due, in Unix milliseconds; null when none is going to be. */
  nextCallbackAtMs(): number | null;
  /** Every callback that was tried, in the order of their answers. */
  readonly callbacks: readonly CallbackDelivery[];
  /** Forgets everything, settings included. */
  reset(): void;
}

/** A simulator in which nothing has happened yet. It works in workerd, in Node, and in a browser. */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const settings: Required<SimulatorSettings> = {
    generationMs: options.generationMs ?? DEFAULT_GENERATION_MS,
    dialect: {},
    unknownId: "rotate",
    clockMs: 0,
    boundsMs: 0,
    shownRequest: "whole",
    paging: "by-offset",
    listLagMs: 0,
    words: [],
    ...options.settings,
  };
  const world = createWorld({
    now: options.now ?? (() => Date.now()),
    ids: createIdSource(options.seed),
    onlyToken: options.token,
    baseUrl: options.baseUrl,
    settings,
  });
  const reset = () => {
    world.faults.clear();
    Object.assign(world, {
      settings,
      tasks: [],
      requests: [],
      unexpected: [],
      callbacks: [],
      unknownIdsSeen: 0,
    });
  };
  const control = createControl(world, reset);
  const upstream = createUpstream(world);

  return {
    async fetch(input, init) {
      const request = new Request(input, init);
      request.signal.throwIfAborted();
      if (new URL(request.url).pathname.startsWith(`${CONTROL_PATH}/`)) return control.fetch(request);
      const call = await readCall(request, world.now());
      world.requests.push(call.recorded);
      const answer = async () => upstream.fetch(request, { call });
      const fault = faultFor(world, call);
      const response = await (fault === undefined
        ? answer()
        : misbehave(fault, call.signal, world.ids.uuid(), answer));
      call.recorded.status = response.status;
      return response;
    },
    get requests() {
      return world.requests;
    },
    get unexpected() {
      return world.unexpected;
    },
    get tasks() {
      return world.tasks.map((task) => viewOf(task, world.now()));
    },
    get settings() {
      return world.settings;
    },
    requestsTo: (match) => world.requests.filter(({ path }) => pathMatches(match, path)),
    inject(...faults) {
      for (const fault of faults) world.faults.add(fault);
    },
    clearFaults: () => world.faults.clear(),
    configure(changes) {
      world.settings = { ...world.settings, ...settingsSchema.parse(changes) };
    },
    finish(taskId) {
      const nowMs = world.now();
      for (const task of world.tasks) {
        if (taskId !== undefined && taskId !== task.taskId) continue;
        task.finishesAtMs = Math.min(task.finishesAtMs, nowMs);
      }
    },
    deliverCallbacks: (send) => deliverCallbacks(world, send),
    nextCallbackAtMs: () => nextCallbackAtMs(world),
    get callbacks() {
      return world.callbacks;
    },
    reset,
  };
}

/** An injected fault goes before one that the words of a paid call ask for. */
function faultFor(world: World, call: Call) {
  const { recorded } = call;
  const injected = world.faults.take(recorded);
  if (injected !== undefined || !pathMatches("paid", recorded.path)) return injected;
  const prompt = recorded.body?.prompt;
  return faultOf(wordsFor(world, typeof prompt === "string" ? prompt : ""));
}
