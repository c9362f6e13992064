import { Hono } from "hono";
import { serveMedia } from "./media.ts";
import { PAID_PATHS, type PaidPath, readPaidOrder } from "./paid.ts";
import { finalBodyOf } from "./record.ts";
import type { Call } from "./recording.ts";
import { answerTaskQuery } from "./task-queries.ts";
import { refusalOf } from "./tokens.ts";
import { type ErrorAnswer, errorResponse, type JsonObject, jsonResponse } from "./wire.ts";
import { addTask, isAnsweredInFull, type World } from "./world.ts";

/** The routes of the API itself, and of the media it links to. The call comes in as Hono's environment. */
export function createUpstream(world: World): Hono<{ Bindings: { call: Call } }> {
  const app = new Hono<{ Bindings: { call: Call } }>();
  const refuse = (answer: ErrorAnswer) => errorResponse(answer, world.ids.uuid());
  const refuseRequest = (message: string) => refuse({ status: 400, code: "bad_request", message });

  const authorized = (call: Call, paid: boolean, answer: (token: string, body: JsonObject) => Response) => {
    const { token, body } = call.recorded;
    const refusal = refusalOf(token, paid, world.onlyToken);
    if (refusal !== undefined || token === null) return refuse(refusal ?? NO_TOKEN);
    return body === null ? refuseRequest("the body is not a JSON object") : answer(token, body);
  };

  app.post("/veo/tasks", ({ env: { call } }) =>
    authorized(call, false, (token, body) => answerTaskQuery(world, token, body)),
  );

  for (const path of PAID_PATHS) {
    app.post(path, ({ env: { call } }) =>
      authorized(call, true, (token, body) => {
        const read = readPaidOrder(path, body);
        if ("complaint" in read) return refuseRequest(read.complaint);
        const { order } = read;
        const complaint = complaintAboutSource(world, path, order.video_id);
        if (complaint !== undefined) return refuseRequest(complaint);
        if (!order.async && order.callback_url === undefined) {
          world.unexpected.push({ method: "POST", path, reason: "a blocking call" });
        }
        const task = addTask(world, { path, token, order, request: body, origin: call.origin });
        if (isAnsweredInFull(world, order)) return jsonResponse(finalBodyOf(task));
        const trace = task.dialect.traceId === "given" ? { trace_id: task.traceId } : {};
        return jsonResponse({ task_id: task.taskId, ...trace });
      }),
    );
  }

  app.get("/videos/:file", ({ req }) => serveMedia(req.raw));

  app.notFound(({ env: { call } }) => {
    const { method, path } = call.recorded;
    world.unexpected.push({ method, path, reason: "not in the contract" });
    return refuse({ status: 404, code: "no_api", message: "There is no such API." });
  });

  return app;
}

const NO_TOKEN: ErrorAnswer = { status: 400, code: "no_token", message: "No token was given." };

/** Most video ids are not ours and are believed; of our own, we know what they are. */
function complaintAboutSource(world: World, path: PaidPath, videoId: string | undefined): string | undefined {
  if (videoId === undefined) return undefined;
  if (world.tasks.some((task) => task.taskId === videoId)) return "video_id: this is the id of a task";
  if (path !== "/veo/reshoot" && path !== "/veo/objects") return undefined;
  const source = world.tasks.find((task) => task.videoIds.includes(videoId));
  return source?.path === "/veo/extend"
    ? "video_id: an extended video cannot be reshot or object-edited"
    : undefined;
}
