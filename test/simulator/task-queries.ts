import { z } from "zod";
import { recordOf } from "./record.ts";
import type { SimulatedTask } from "./task.ts";
import { errorResponse, type JsonObject, jsonResponse } from "./wire.ts";
import { nextUnknownIdShape, type World } from "./world.ts";

const DEFAULT_LIMIT = 12;

const retrieveSchema = z.strictObject({
  action: z.literal("retrieve").optional(),
  id: z.string().optional(),
  trace_id: z.string().optional(),
});

const batchSchema = z.strictObject({
  action: z.literal("retrieve_batch"),
  ids: z.array(z.string()).optional(),
  trace_ids: z.array(z.string()).optional(),
  offset: z.int().nonnegative().default(0),
  limit: z.int().positive().default(DEFAULT_LIMIT),
  type: z.string().optional(),
  created_at_min: z.number().optional(),
  created_at_max: z.number().optional(),
});

type BatchQuery = z.infer<typeof batchSchema>;

/** Answers `/veo/tasks`. A token sees its own tasks only. */
export function answerTaskQuery(world: World, token: string, body: JsonObject): Response {
  const own = world.tasks.filter((task) => task.token === token);
  if (body.action === "retrieve_batch") {
    const query = batchSchema.safeParse(body);
    return query.success ? batchAnswer(world, own, query.data) : badQuery(world, query.error);
  }
  const query = retrieveSchema.safeParse(body);
  if (!query.success) return badQuery(world, query.error);
  const { id, trace_id } = query.data;
  if (id === undefined && trace_id === undefined) return badRequest(world, "id: required, or trace_id");
  const task = own.find((one) => (id === undefined ? one.traceId === trace_id : one.taskId === id));
  return task === undefined ? unknownIdAnswer(world) : jsonResponse(shownRecord(world, task));
}

function batchAnswer(world: World, own: readonly SimulatedTask[], query: BatchQuery): Response {
  // Newest first, whatever the order that was asked in; unknown ids are just not there.
  const newestFirst = own.toReversed();
  const { ids, trace_ids, offset, limit } = query;
  const boundedAt = ({ submittedAtMs }: SimulatedTask) =>
    (submittedAtMs + world.settings.clockMs + world.settings.boundsMs) / 1000;
  const byId = ids !== undefined || trace_ids !== undefined;
  const listedUntilMs = world.now() - world.settings.listLagMs;
  const wanted = newestFirst.filter(
    (task) =>
      (ids === undefined || ids.includes(task.taskId)) &&
      (trace_ids === undefined || trace_ids.includes(task.traceId)) &&
      (byId || task.submittedAtMs <= listedUntilMs) &&
      (query.type === undefined || task.path === `/veo/${query.type}`) &&
      boundedAt(task) >= (query.created_at_min ?? Number.NEGATIVE_INFINITY) &&
      boundedAt(task) <= (query.created_at_max ?? Number.POSITIVE_INFINITY),
  );
  const page = byId ? wanted : pageOf(world, wanted, offset, limit);
  return jsonResponse({ items: page.map((task) => shownRecord(world, task)), count: wanted.length });
}

function pageOf(
  { settings: { paging } }: World,
  wanted: readonly SimulatedTask[],
  offset: number,
  limit: number,
): readonly SimulatedTask[] {
  switch (paging) {
    case "by-offset":
      return wanted.slice(offset, offset + limit);
    case "one-page":
      return wanted.slice(0, limit);
    case "cut-short":
      return wanted.slice(offset, Math.min(offset + limit, 1));
  }
}

/** A record by the upstream's own clock, with as much of the request as it shows. */
function shownRecord(world: World, task: SimulatedTask): JsonObject {
  const { clockMs, shownRequest } = world.settings;
  const shown = {
    ...task,
    submittedAtMs: task.submittedAtMs + clockMs,
    finishesAtMs: task.finishesAtMs + clockMs,
  };
  const { request, ...record } = recordOf(shown, world.now() + clockMs);
  switch (shownRequest) {
    case "whole":
      return { ...record, request };
    case "without-address":
      return { ...record, request: { ...task.request, callback_url: undefined } };
    case "none":
      return record;
  }
}

function unknownIdAnswer(world: World): Response {
  const error = { code: "not_found", message: "The task was not found." };
  switch (nextUnknownIdShape(world)) {
    case "404":
      return errorResponse({ status: 404, ...error }, world.ids.uuid());
    case "empty":
      return jsonResponse({});
    case "null":
      return jsonResponse(null);
    case "error":
      return jsonResponse({ error, trace_id: world.ids.uuid() });
  }
}

function badQuery(world: World, error: z.ZodError): Response {
  const issue = error.issues[0];
  return badRequest(world, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "wrong"}`);
}

function badRequest(world: World, message: string): Response {
  return errorResponse({ status: 400, code: "bad_request", message }, world.ids.uuid());
}
