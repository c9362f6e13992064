import { z } from "zod";
import { PAID_PATHS } from "./paid.ts";

const common = {
  /** Which requests are hit: a group of them, or one exact path. */
  match: z.union([z.enum(["all", "tasks", "paid", "media"]), z.string().startsWith("/")]).default("all"),
  /** How many requests are hit before the fault is used up. */
  times: z.union([z.int().positive(), z.literal("forever")]).default(1),
  /** How many matching requests pass unharmed first. */
  skip: z.int().nonnegative().default(0),
  /** Only requests with this token. */
  token: z.string().exactOptional(),
};

/** `after`: the request takes effect (the task exists, and is paid), and then its answer is lost. */
const when = z.enum(["before", "after"]).default("before");
const httpStatus = z.int().min(200).max(599);

/** One way to misbehave. The first group answers something else; the second spoils the true answer. */
export const faultSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("status"),
    ...common,
    when,
    status: httpStatus,
    code: z.string().default("api_error"),
    message: z.string().default("The simulator was asked to fail."),
    /** `error`: `{ error: { code, message } }`; `detail`: `{ detail: message }`. */
    shape: z.enum(["error", "detail"]).default("error"),
    retryAfterSeconds: z.number().nonnegative().exactOptional(),
  }),
  z.strictObject({ kind: z.literal("html"), ...common, when, status: httpStatus.default(502) }),
  z.strictObject({
    kind: z.literal("body"),
    ...common,
    when,
    status: httpStatus.default(200),
    text: z.string(),
    contentType: z.string().default("application/json"),
  }),
  z.strictObject({ kind: z.literal("null"), ...common, when }),
  z.strictObject({
    kind: z.literal("redirect"),
    ...common,
    when,
    status: httpStatus.default(302),
    location: z.string(),
  }),
  z.strictObject({ kind: z.literal("drop"), ...common, when }),
  z.strictObject({ kind: z.literal("hang"), ...common, when }),
  z.strictObject({ kind: z.literal("latency"), ...common, latencyMs: z.number().nonnegative() }),
  z.strictObject({ kind: z.literal("truncated"), ...common }),
  z.strictObject({ kind: z.literal("cut"), ...common }),
  z.strictObject({ kind: z.literal("stall"), ...common }),
  z.strictObject({
    kind: z.literal("slow"),
    ...common,
    chunkBytes: z.int().positive().default(8),
    everyMs: z.number().positive().default(1000),
  }),
  z.strictObject({
    kind: z.literal("records"),
    ...common,
    /** `foreign`: others that nobody asked for are there too; `duplicated`: each twice; `missing`: none at all. */
    change: z.enum(["foreign", "duplicated", "missing"]),
  }),
  z.strictObject({
    kind: z.literal("oversized"),
    ...common,
    sizeBytes: z
      .int()
      .positive()
      .default(32 * 1024 * 1024),
  }),
  z.strictObject({
    kind: z.literal("wrong-content-type"),
    ...common,
    contentType: z.string().default("text/plain"),
  }),
]);

/** A fault as written down, defaults left out. */
export type FaultInput = z.input<typeof faultSchema>;
export type Fault = z.infer<typeof faultSchema>;

/** What a fault is matched against. */
export interface FaultTarget {
  readonly path: string;
  readonly token: string | null;
}

/** Is this path in the group, or the path itself? */
export function pathMatches(match: string, path: string): boolean {
  switch (match) {
    case "all":
      return true;
    case "tasks":
      return path === "/veo/tasks";
    case "paid":
      return PAID_PATHS.some((paid) => paid === path);
    case "media":
      return path.startsWith("/videos/");
    default:
      return match === path;
  }
}

/** The faults that wait for their requests, oldest first. */
export interface FaultQueue {
  add(fault: FaultInput): void;
  /** The fault that hits this request, counted down; undefined when the request goes unharmed. */
  take(target: FaultTarget): Fault | undefined;
  clear(): void;
  readonly waiting: number;
}

/** An empty queue of faults. */
export function createFaultQueue(): FaultQueue {
  let entries: { readonly fault: Fault; skip: number; left: number }[] = [];
  return {
    add(input) {
      const fault = faultSchema.parse(input);
      entries.push({ fault, skip: fault.skip, left: fault.times === "forever" ? Infinity : fault.times });
    },
    take(target) {
      for (const entry of entries) {
        const { fault } = entry;
        if (!pathMatches(fault.match, target.path)) continue;
        if (fault.token !== undefined && fault.token !== target.token) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        entry.left -= 1;
        entries = entries.filter(({ left }) => left > 0);
        return fault;
      }
      return undefined;
    },
    clear() {
      entries = [];
    },
    get waiting() {
      return entries.length;
    },
  };
}
