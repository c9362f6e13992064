import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { LANES, type TestClient } from "../clients.ts";
import { sendModern } from "../mcp/raw-request.ts";
import {
  createTeamWithVideos,
  idsOf,
  leaked,
  type Member,
  submissionIdsOf,
  submit,
  type TeamWithVideos,
  taskIdsOf,
  traceIdsOf,
  videoIdOf,
} from "./team-with-videos.ts";

/** An error as a client has it, with everything that came with it. */
const thrown = (error: unknown) => ({
  thrown: error instanceof Error ? error.message : String(error),
  fields: { ...(error instanceof Error && error) },
});
const NOT_FOUND = {
  isError: true,
  _meta: { "veo/error": expect.objectContaining({ code: "not_found", retryable: false }) },
};
const nothing = (ids: readonly string[]) => ({
  structuredContent: { tasks: [], count: 0, not_found: ids },
});

interface Door {
  door: string;
  /** What is asked with: every id of the other one that fits. */
  ids: (other: Member) => readonly string[];
  ask: (client: TestClient, ids: readonly string[], other: Member) => Promise<unknown>;
  answer: (ids: readonly string[]) => object;
}
/** A door that takes one id at a time is tried with each. */
const oneByOne = (
  door: string,
  ids: Door["ids"],
  ask: (client: TestClient, id: string) => Promise<unknown>,
  answer: object,
): Door => ({
  door,
  ids,
  ask: (client, asked) => Promise.all(asked.map((id) => ask(client, id))),
  answer: (asked) => asked.map(() => answer),
});
const call =
  (tool: string, args: (id: string) => Record<string, unknown>) => (client: TestClient, id: string) =>
    client.callTool(tool, args(id));

const RESOURCE_NOT_FOUND = { thrown: expect.stringMatching(/Resource not found/) };
const EDITING: [tool: string, action: string, args: Record<string, unknown>][] = [
  ["veo_upsample", "to 4k", { action: "4k" }],
  ["veo_upsample", "to gif", { action: "gif" }],
  ["veo_get_1080p", "", {}],
  ["veo_extend_video", "", { prompt: "and then" }],
  ["veo_reshoot", "", { motion_type: "LEFT_TO_RIGHT" }],
  ["veo_video_objects", "to insert", { action: "insert", prompt: "a hat" }],
  ["veo_video_objects", "to remove", { action: "remove", image_mask: "https://caller.test/mask.jpg" }],
];

const DOORS: Door[] = [
  oneByOne(
    "veo_get_task by id",
    idsOf,
    call("veo_get_task", (task_id) => ({ task_id })),
    NOT_FOUND,
  ),
  oneByOne(
    "veo_get_task by id, with patience",
    idsOf,
    call("veo_get_task", (task_id) => ({ task_id, wait_seconds: 50 })),
    NOT_FOUND,
  ),
  oneByOne(
    "veo_get_task by trace",
    traceIdsOf,
    call("veo_get_task", (trace_id) => ({ trace_id })),
    NOT_FOUND,
  ),
  oneByOne(
    "veo_get_task by trace, with patience",
    traceIdsOf,
    call("veo_get_task", (trace_id) => ({ trace_id, wait_seconds: 50 })),
    NOT_FOUND,
  ),
  {
    door: "veo_get_tasks_batch by ids",
    ids: idsOf,
    ask: (client, task_ids) => client.callTool("veo_get_tasks_batch", { task_ids }),
    answer: nothing,
  },
  {
    door: "veo_get_tasks_batch by traces",
    ids: traceIdsOf,
    ask: (client, trace_ids) => client.callTool("veo_get_tasks_batch", { trace_ids }),
    answer: nothing,
  },
  ...EDITING.map(([tool, action, args]) =>
    oneByOne(
      `${tool} ${action}`.trim(),
      // A task is no video, but its id is as good a guess.
      (other) => [videoIdOf(other), ...idsOf(other)],
      call(tool, (video_id) => ({ ...args, video_id })),
      NOT_FOUND,
    ),
  ),
  oneByOne(
    "resources/read",
    (other) => [...idsOf(other), ...traceIdsOf(other)],
    (client, id) => client.readResource(`veo://tasks/${id}`).catch(thrown),
    RESOURCE_NOT_FOUND,
  ),
  {
    door: "veo_list_tasks with words of a prompt",
    ids: () => [],
    ask: (client, _, { word }) => client.callTool("veo_list_tasks", { query: word }),
    answer: () => ({ structuredContent: { tasks: [], count: 0 } }),
  },
];

const pageSchema = z.looseObject({
  tasks: z.array(z.looseObject({ submission_id: z.string() })),
  next_cursor: z.string().optional(),
});
/** The tasks on a page, and where the next one begins. */
const pageOf = async (client: TestClient, tool: string, args: Record<string, unknown>) => {
  const { structuredContent } = await client.callTool(tool, args);
  const { tasks, next_cursor } = pageSchema.parse(structuredContent);
  return { ids: tasks.map(({ submission_id }) => submission_id), cursor: next_cursor };
};

describe.each(LANES)("accounts of one team, $lane", ({ connect }) => {
  let its: TeamWithVideos;
  beforeAll(async () => {
    its = await createTeamWithVideos(connect);
  });
  afterAll(() => its.end());

  // No time passes in these tests, so no alarm goes off: whatever the upstream is asked, these calls have asked.
  const upstreamRequests = () => its.team.world.simulator.requests.length;
  const pairs = () =>
    its.members.flatMap((asker) =>
      its.members.filter((other) => other !== asker).map((other) => ({ asker, other })),
    );

  it("have what the rest of these tests look for, and find it", async () => {
    const ids = its.members.flatMap((member) => [...idsOf(member), ...traceIdsOf(member), videoIdOf(member)]);
    expect(new Set(ids.filter((id) => id !== "")).size).toBe(its.members.length * 7);
    const before = upstreamRequests();
    for (const member of its.members) {
      const { client } = member;
      expect(member.tasks.map(({ state }) => state)).toEqual(["succeeded", "processing"]);
      for (const task_id of idsOf(member))
        expect(leaked(await client.callTool("veo_get_task", { task_id, wait_seconds: 0 }), member)).toContain(
          member.word,
        );
      for (const trace_id of traceIdsOf(member))
        expect(
          leaked(await client.callTool("veo_get_task", { trace_id, wait_seconds: 0 }), member),
        ).toContain(member.word);
      for (const args of [{ task_ids: idsOf(member) }, { trace_ids: traceIdsOf(member) }])
        expect((await client.callTool("veo_get_tasks_batch", args)).structuredContent).toMatchObject({
          count: 2,
        });
      for (const id of idsOf(member))
        expect(leaked(await client.readResource(`veo://tasks/${id}`), member)).toContain(member.word);
    }
    expect(upstreamRequests()).toBe(before);
  });

  it.each(DOORS)("find nothing of each other through $door, and the upstream is not asked", async (door) => {
    const before = upstreamRequests();
    for (const { asker, other } of pairs()) {
      const ids = door.ids(other);
      const answer = await door.ask(asker.client, ids, other);
      expect(answer).toMatchObject(door.answer(ids));
      expect(leaked(answer, other, ids)).toEqual([]);
    }
    expect(upstreamRequests()).toBe(before);
  });

  it("have a history and a list of their own, on every page", async () => {
    const before = upstreamRequests();
    for (const member of its.members) {
      const own = submissionIdsOf(member).reverse();
      const history = async (args: Record<string, unknown>) =>
        (await pageOf(member.client, "veo_get_tasks_batch", args)).ids;
      expect(await history({})).toEqual(own);
      expect(await history({ limit: 50, created_at_min: 1, created_at_max: 9_999_999_999 })).toEqual(own);
      expect(await history({ type: "videos" })).toEqual(own);
      for (const offset of [0, 1, 2, 3, 5]) expect(await history({ offset })).toEqual(own.slice(offset));
      expect((await pageOf(member.client, "veo_list_tasks", {})).ids).toEqual(own);
      for (const { account, client } of its.members) {
        const { cursor } = await pageOf(client, "veo_list_tasks", { limit: 1 });
        const { ids } = await pageOf(member.client, "veo_list_tasks", { cursor });
        expect(
          ids.filter((id) => !own.includes(id)),
          `with the cursor of ${account}`,
        ).toEqual([]);
      }
    }
    expect(upstreamRequests()).toBe(before);
  });

  it("have only their own ids completed, in resources and in prompts", async () => {
    const template = { type: "ref/resource", uri: "veo://tasks/{id}" } as const;
    const prompt = { type: "ref/prompt", name: "veo_workflow_examples" } as const;
    for (const member of its.members) {
      const { client } = member;
      expect(await client.complete(template, "id", "")).toEqual(taskIdsOf(member).reverse());
      expect(await client.complete(prompt, "task_id", "")).toEqual(taskIdsOf(member).reverse());
      expect(await client.complete(prompt, "video_id", "")).toEqual([videoIdOf(member)]);
    }
    for (const { asker, other } of pairs()) {
      for (const id of taskIdsOf(other)) {
        expect(await asker.client.complete(template, "id", id.slice(0, 12))).toEqual([]);
        expect(await asker.client.complete(prompt, "task_id", id)).toEqual([]);
        const filledIn = await asker.client.getPrompt("veo_workflow_examples", { task_id: id });
        expect(leaked(filledIn, other, [id])).toEqual([]);
      }
      expect(await asker.client.complete(prompt, "video_id", videoIdOf(other).slice(0, 12))).toEqual([]);
    }
  });

  it("find nothing of each other through the Tasks extension and subscriptions", async () => {
    const before = upstreamRequests();
    for (const { asker, other } of pairs())
      for (const id of idsOf(other)) {
        const uri = `veo://tasks/${id}`;
        for (const [method, name, params] of [
          ["tasks/get", id, { taskId: id }],
          ["tasks/cancel", id, { taskId: id }],
          ["tasks/update", id, { taskId: id, inputResponses: {} }],
          ["resources/subscribe", uri, { uri }],
        ] as const) {
          const { bearer } = asker;
          const headers = { "mcp-name": name };
          const response = await sendModern(its.team.world, { bearer, method, params, headers });
          const answer = await response.text();
          expect(answer).toMatch(/"error":/);
          expect(leaked(answer, other, [id])).toEqual([]);
        }
        const notifications = { resourceSubscriptions: [uri], taskIds: [id] };
        const stream = await sendModern(its.team.world, {
          bearer: asker.bearer,
          method: "subscriptions/listen",
          params: { notifications },
        });
        const reader = stream.body?.getReader();
        const first = new TextDecoder().decode((await reader?.read())?.value);
        expect(first).toContain("notifications/subscriptions/acknowledged");
        expect(leaked(first, other)).toEqual([]);
        await reader?.cancel();
      }
    expect(upstreamRequests()).toBe(before);
  });

  it("use the same idempotency key without getting each other's task", async () => {
    const args = { prompt: "the very same words", idempotency_key: "the-very-same-key" };
    const paid = its.team.world.paidCalls();
    const ids: string[] = [];
    for (const { client } of its.members) ids.push((await submit(client, args)).task_id);
    expect(new Set(ids).size).toBe(its.members.length);
    for (const [index, { client }] of its.members.entries())
      expect((await submit(client, args)).task_id).toBe(ids[index]);
    expect(its.team.world.paidCalls()).toBe(paid + its.members.length);
  });

  it("edit their own videos", async () => {
    for (const member of its.members) {
      const video_id = videoIdOf(member);
      const { structuredContent } = await member.client.callTool("veo_upsample", { video_id });
      expect(structuredContent).toMatchObject({ state: "processing", tool: "veo_upsample" });
    }
  });
});
