import { z } from "zod";
import type { CallbackDelivery } from "./callbacks.ts";
import {
  dialectOf,
  forcedDialectSchema,
  UNKNOWN_ID_SHAPES,
  type UnknownIdShape,
  unknownIdShapeOf,
} from "./dialect.ts";
import { createFaultQueue, type FaultQueue } from "./faults.ts";
import type { IdSource } from "./ids.ts";
import type { PaidOrder, PaidPath } from "./paid.ts";
import type { RecordedRequest, UnexpectedRequest } from "./recording.ts";
import type { SimulatedTask } from "./task.ts";
import type { JsonObject } from "./wire.ts";
import { durationOfMs, fateOf, SIMULATOR_WORDS, type SimulatorWord, wordsIn } from "./words.ts";

const words = SIMULATOR_WORDS.map(({ word }) => word);

/** What can be set while the simulator runs; what is left out stays as it is. */
export const settingsSchema = z.strictObject({
  /** How long a generation takes, in milliseconds; for tasks submitted from now on. */
  generationMs: z.number().nonnegative().exactOptional(),
  /** Choices that no longer rotate; `{}` lets all of them rotate again. */
  dialect: forcedDialectSchema.exactOptional(),
  /** How unknown ids are answered: one way, or each in turn. */
  unknownId: z.enum([...UNKNOWN_ID_SHAPES, "rotate"]).exactOptional(),
  /** How far the upstream's clock is ahead: in the times of its records, and in what it takes bounds for. */
  clockMs: z.number().exactOptional(),
  /** How far what it takes the bounds of a list for is ahead of its own clock. */
  boundsMs: z.number().exactOptional(),
  /** How much of a request its records show. */
  shownRequest: z.enum(["whole", "without-address", "none"]).exactOptional(),
  /** `one-page`: whatever the offset, the first page; `cut-short`: one record, whatever the count says. */
  paging: z.enum(["by-offset", "one-page", "cut-short"]).exactOptional(),
  /** How long a task is missing in the upstream's list after its submission, in milliseconds; not when asked for by its id. */
  listLagMs: z.number().nonnegative().exactOptional(),
  /** Words that every paid call is treated as if it had in its prompt. */
  words: z.array(z.enum(words)).exactOptional(),
});

export type SimulatorSettings = z.infer<typeof settingsSchema>;

/** All that the simulator knows. */
export interface World {
  readonly now: () => number;
  readonly ids: IdSource;
  readonly onlyToken: string | undefined;
  readonly baseUrl: string | undefined;
  readonly faults: FaultQueue;
  settings: Required<SimulatorSettings>;
  tasks: SimulatedTask[];
  requests: RecordedRequest[];
  unexpected: UnexpectedRequest[];
  callbacks: CallbackDelivery[];
  unknownIdsSeen: number;
}

/** What a simulator begins with, and returns to. */
export interface WorldOptions {
  readonly now: () => number;
  readonly ids: IdSource;
  readonly onlyToken: string | undefined;
  readonly baseUrl: string | undefined;
  readonly settings: Required<SimulatorSettings>;
}

/** A world in which nothing has happened yet. */
export function createWorld(options: WorldOptions): World {
  return {
    ...options,
    faults: createFaultQueue(),
    tasks: [],
    requests: [],
    unexpected: [],
    callbacks: [],
    unknownIdsSeen: 0,
  };
}

/** The words that apply to a paid call: those of its prompt, and those of the settings. */
export function wordsFor(world: World, prompt: string): SimulatorWord[] {
  return [...world.settings.words, ...wordsIn(prompt)];
}

/** Makes the task that a valid paid call asks for. */
export function addTask(
  world: World,
  call: {
    readonly path: PaidPath;
    readonly token: string;
    readonly order: PaidOrder;
    readonly request: JsonObject;
    readonly origin: string;
  },
): SimulatedTask {
  const { order, origin, ...rest } = call;
  const applied = wordsFor(world, order.prompt);
  const dialect = dialectOf(world.tasks.length, world.settings.dialect);
  const newVideoId = () =>
    dialect.videoId === "hex" ? world.ids.uuid().replaceAll("-", "") : world.ids.uuid();
  const submittedAtMs = world.now();
  // A call that blocks, or is made to look like one, has its result by the time it is answered.
  const durationMs = isAnsweredInFull(world, order) ? 0 : durationOfMs(applied, world.settings.generationMs);
  const task: SimulatedTask = {
    ...rest,
    order,
    taskId: world.ids.uuid(),
    traceId: world.ids.uuid(),
    submittedAtMs,
    finishesAtMs: submittedAtMs + durationMs,
    fate: fateOf(applied),
    dialect,
    videoIds: applied.includes("[two]") ? [newVideoId(), newVideoId()] : [newVideoId()],
    isGif: order.resolution === "gif" || order.action === "gif",
    mediaOrigin: world.baseUrl ?? origin,
    words: applied,
    callbacksMade: 0,
  };
  world.tasks.push(task);
  return task;
}

/** Does the submission itself get the final body? */
export function isAnsweredInFull(world: World, order: PaidOrder): boolean {
  const blocks = !order.async && order.callback_url === undefined;
  return blocks || wordsFor(world, order.prompt).includes("[sync]");
}

/** The way to answer the next unknown id. */
export function nextUnknownIdShape(world: World): UnknownIdShape {
  const { unknownId } = world.settings;
  if (unknownId !== "rotate") return unknownId;
  world.unknownIdsSeen += 1;
  return unknownIdShapeOf(world.unknownIdsSeen - 1);
}
