import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { runCommand } from "../e2e/run-command.ts";
import { SECRETS } from "../e2e/server.ts";
import { connectTasksClient, type TasksClient } from "../e2e/tasks-client.ts";
import { useServers } from "../e2e/use-servers.ts";
import { FIXTURE_WORKER } from "./conformance-suite.ts";

const ROOT = join(import.meta.dirname, "../..");
const server = useServers({ fixtures: SECRETS }, FIXTURE_WORKER);

const connect = async (answers?: Promise<void>): Promise<TasksClient> => {
  const client = await connectTasksClient(server("fixtures").mcpUrl, answers);
  onTestFinished(() => client.close());
  return client;
};

/** Calls a tool that makes a task. */
const begin = async ({ session }: TasksClient, name: string, args: Record<string, number> = {}) => {
  const execution = await session.callTool(name, args);
  if (execution.kind !== "task") throw new Error(`${name} did not become a task.`);
  return execution;
};

const content = (text: string) => ({ content: [{ type: "text", text }] });

describe("a fixture task", () => {
  it.each([
    { tool: "confirm_delete", outcome: { status: "completed", result: content("Deleted.") } },
    { tool: "multi_input", outcome: { status: "completed", result: content("Both came.") } },
    { tool: "test_tool_with_task", outcome: { status: "completed", result: content("Hello, Alice!") } },
    { tool: "failing_job", outcome: { status: "completed", result: { isError: true } } },
    { tool: "protocol_error_job", outcome: { status: "failed", error: { code: -32603 } } },
  ])("of $tool is $outcome.status for the reference client, which answers what is asked", async (entry) => {
    const execution = await begin(await connect(), entry.tool);
    const { outcome } = await execution.settle();
    expect(outcome).toMatchObject(entry.outcome);
  });

  it("is announced in every state, on the stream that listens for it", async () => {
    const answers = Promise.withResolvers<void>();
    const client = await connect(answers.promise);
    const question = await begin(client, "confirm_delete");
    const unwanted = await begin(client, "slow_compute", { seconds: 60 });
    for (const { handle } of [question, unwanted]) await client.listenTo(handle.taskId);
    expect(client.news).toEqual([]);

    await unwanted.cancel();
    answers.resolve();
    expect((await question.settle()).outcome.status).toBe("completed");
    await vi.waitUntil(() => client.news.length >= 3, { timeout: 10_000, interval: 20 });
    const heard = (taskId: string) =>
      client.news.filter((one) => one.taskId === taskId).map(({ status }) => status);
    expect(heard(question.handle.taskId)).toEqual(["working", "completed"]);
    expect(heard(unwanted.handle.taskId)).toEqual(["cancelled"]);
  });

  it("survives a kill of the server, and is ended by the product's alarm", async () => {
    const before = await connect(new Promise(() => undefined));
    const question = await begin(before, "confirm_delete");
    // Longer than it takes to kill the server.
    const running = await begin(before, "slow_compute", { seconds: 5 });
    await question.detach();
    await running.detach();
    await server("fixtures").restart();

    const { session } = await connect();
    const asking = session.task(question.handle.taskId);
    expect((await asking.snapshot()).status).toBe("input_required");
    await asking.update({ confirm: { action: "accept", content: { confirm: "yes" } } });
    for (const task of [asking, session.task(running.handle.taskId)])
      expect((await task.result()).status).toBe("completed");
  });
});

const metafileSchema = z.object({ inputs: z.record(z.string(), z.unknown()) });

/** @returns the files of this project's tests that are in a Worker as `wrangler deploy` would upload it. */
async function testsIn(...entry: string[]): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), "veo-build-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const metafile = join(directory, "meta.json");
  const flags = ["--config", join(ROOT, "wrangler.toml"), "--dry-run", "--outdir", directory];
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const command = ["deploy", ...entry, ...flags, "--metafile", metafile];
  const { code, output } = await runCommand(wrangler, command, { directory });
  expect(code, output).toBe(0);
  const { inputs } = metafileSchema.parse(JSON.parse(await readFile(metafile, "utf8")));
  return Object.keys(inputs).filter((path) => /(^|\/)test\//.test(path) && !path.includes("node_modules"));
}

describe("a deployment", () => {
  it("contains no file of the tests, which a build of the fixtures does", async () => {
    const [deployed, fixtures] = await Promise.all([testsIn(), testsIn(FIXTURE_WORKER)]);
    expect(deployed).toEqual([]);
    expect(fixtures.length).toBeGreaterThan(3);
  });
});
