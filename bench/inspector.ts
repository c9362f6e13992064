import { execFileSync } from "node:child_process";
import { z } from "zod";

const KIB = 1024;
const ANSWER_TIMEOUT_MS = 30_000;
const STIR_EVERY_MS = 100;

/** The inside of one Worker, as a debugger sees it: one heap, which holds all of its objects' memory. */
export interface Inspector extends Disposable {
  /** @returns KiB of JavaScript values, after everything that nobody needs was collected. */
  heapKib(): Promise<number>;
  /** @returns how many values there are of a class, by the name that it has in the bundle. */
  instancesOf(className: string): Promise<number>;
}

const messageSchema = z.union([
  z.object({
    method: z.literal("HeapProfiler.addHeapSnapshotChunk"),
    params: z.object({ chunk: z.string() }),
  }),
  // An answer without a result is a copy of the question.
  z.object({ id: z.number(), result: z.unknown().optional(), error: z.unknown().optional() }),
  // What else a debugger is told.
  z.object({ method: z.string() }),
]);
const heapUsageSchema = z.object({ usedSize: z.number() });

/**
 * Connects to a Worker of a stage that is inspected.
 * @param stir has the Worker do something: a collection is run, and answered, by the engine's next task.
 */
export async function openInspector(url: string, stir: () => Promise<unknown>): Promise<Inspector> {
  const socket = new WebSocket(url);
  const answers = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let chunks: string[] = [];
  socket.addEventListener("message", ({ data }) => {
    const message = messageSchema.parse(JSON.parse(String(data)));
    if ("params" in message) chunks.push(message.params.chunk);
    if (!("id" in message)) return;
    const asked = answers.get(message.id);
    answers.delete(message.id);
    if (message.error === undefined) asked?.resolve(message.result);
    else asked?.reject(new Error(`the inspector refused: ${JSON.stringify(message.error)}`));
  });
  const opened = Promise.withResolvers<void>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("close", () => {
    const error = new Error("the inspector has gone");
    opened.reject(error);
    for (const { reject } of answers.values()) reject(error);
  });
  await opened.promise;
  let latestId = 0;
  const ask = (method: string): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    latestId += 1;
    const id = latestId;
    answers.set(id, { resolve, reject });
    const timer = setTimeout(() => reject(new Error(`${method} was not answered`)), ANSWER_TIMEOUT_MS);
    socket.send(JSON.stringify({ id, method, params: {} }));
    return promise.finally(() => clearTimeout(timer));
  };
  return {
    async heapKib() {
      const stirring = setInterval(() => void stir().catch(() => undefined), STIR_EVERY_MS);
      await ask("HeapProfiler.collectGarbage").finally(() => clearInterval(stirring));
      return heapUsageSchema.parse(await ask("Runtime.getHeapUsage")).usedSize / KIB;
    },
    async instancesOf(className) {
      chunks = [];
      await ask("HeapProfiler.takeHeapSnapshot");
      const count = instancesIn(JSON.parse(chunks.join("")), className);
      chunks = [];
      return count;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

/** V8's format: every node is so many numbers in a row, which refer to the tables of types and names. */
const snapshotSchema = z.object({
  snapshot: z.object({
    meta: z.object({
      node_fields: z.array(z.string()),
      node_types: z.tuple([z.array(z.string())]).rest(z.unknown()),
    }),
  }),
  nodes: z.array(z.number()),
  strings: z.array(z.string()),
});

function instancesIn(snapshot: unknown, className: string): number {
  const { snapshot: about, nodes, strings } = snapshotSchema.parse(snapshot);
  const { node_fields, node_types } = about.meta;
  const [typeAt, nameAt] = [node_fields.indexOf("type"), node_fields.indexOf("name")];
  const object = node_types[0].indexOf("object");
  let count = 0;
  for (let node = 0; node < nodes.length; node += node_fields.length)
    if (nodes[node + typeAt] === object && strings[nodes[node + nameAt] ?? -1] === className) count += 1;
  return count;
}

/** @returns KiB of memory that a process has, whatever it needs it for; undefined where `ps` cannot say. */
export function residentKib(processId: number): number | undefined {
  try {
    const kib = Number(execFileSync("ps", ["-o", "rss=", "-p", String(processId)], { encoding: "utf8" }));
    return Number.isFinite(kib) ? kib : undefined;
  } catch {
    return undefined;
  }
}
