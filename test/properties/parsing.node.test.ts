import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { callbackAddresses, callbackReader } from "../../src/agent/callback-address.ts";
import { readSettings } from "../../src/agent/settings.ts";
import { upstreamFailureSchema } from "../../src/errors.ts";
import { parseArguments } from "../../src/tools/arguments.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { cursorOf, positionOf } from "../../src/tools/task-cursor.ts";
import { observeFinalBody, observeRecord, videoSchema } from "../../src/veo/observation.ts";
import { PRICE_KEYS } from "../../src/veo/prices.ts";
import { createUpstreamClient } from "../../src/veo/upstream-client.ts";
import { readErrorBody } from "../../src/veo/upstream-http.ts";
import { parseUpstreamTimeMs } from "../../src/veo/upstream-time.ts";
import { body, finalBody, odd, oddly, record } from "./arbitraries.ts";

afterEach(() => vi.unstubAllGlobals());

const text = z.string();
const time = z
  .int()
  .min(1)
  .max(Number.MAX_SAFE_INTEGER / 1000);
/** What the ledger can keep. */
const observationSchema = z.looseObject({
  taskId: text.min(1),
  traceId: text.min(1).optional(),
  kind: z.enum(["pending", "succeeded", "failed"]),
  request: z.record(text, z.union([text, z.boolean(), z.array(text)])),
  createdAtMs: time.optional(),
  finishedAtMs: time.optional(),
  elapsedSeconds: z.number().nonnegative().optional(),
  videos: z.array(videoSchema.extend({ url: z.url({ protocol: /^https?$/ }) })).optional(),
});

it("any record of the upstream's is a task that the ledger can keep, or none", () => {
  fc.assert(
    fc.property(fc.oneof(record, fc.jsonValue()), (value) => {
      const seen = observeRecord(value);
      if (seen !== undefined) observationSchema.parse(seen);
    }),
    { numRuns: 2000 },
  );
});

it("any final body is news that the ledger can keep, or none", () => {
  fc.assert(
    fc.property(fc.oneof(finalBody, fc.jsonValue()), (value) => {
      const seen = observeFinalBody("t1", value);
      if (seen !== undefined) expect(observationSchema.parse(seen)).toMatchObject({ taskId: "t1" });
    }),
    { numRuns: 1000 },
  );
});

it("any value is a time within reach of the ledger, or none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.string(), fc.date().map(String), fc.anything()), (value) => {
      time.optional().parse(parseUpstreamTimeMs(value));
    }),
    { numRuns: 1000 },
  );
});

it("any error body has a code and a message that are texts, or none", () => {
  fc.assert(
    fc.property(body, (value) => {
      const said = readErrorBody(value);
      if (said !== undefined)
        z.strictObject({ code: text, message: text, traceId: text }).partial().parse(said);
    }),
  );
});

it("any answer of the upstream's, with any status, has an outcome: the client never throws", async () => {
  const outcomeSchema = z.union([
    z.looseObject({ kind: z.literal("accepted"), taskId: text.min(1).max(128) }),
    z.looseObject({ kind: z.enum(["refused", "undetermined"]), failure: upstreamFailureSchema }),
    z.looseObject({ ok: z.literal(true) }),
    z.looseObject({ ok: z.literal(false), failure: upstreamFailureSchema }),
  ]);
  const client = createUpstreamClient({
    baseUrl: "https://upstream.test",
    requestTimeoutMs: 60_000,
    log() {},
  });
  const order = { path: "/veo/reshoot", body: { video_id: "v", motion_type: "UP" } } as const;
  const answer = fc.record({
    text: fc.oneof({ weight: 4, arbitrary: body.map((value) => JSON.stringify(value)) }, fc.string()),
    status: fc.oneof(fc.constant(200), fc.integer({ min: 200, max: 599 })),
    retryAfter: fc.option(fc.string().map(encodeURIComponent)),
  });
  await fc.assert(
    fc.asyncProperty(answer, async ({ text, status, retryAfter }) => {
      const headers = retryAfter === null ? {} : { "retry-after": retryAfter };
      const mayHaveBody = ![204, 205, 304].includes(status);
      vi.stubGlobal("fetch", async () => new Response(mayHaveBody ? text : null, { status, headers }));
      const outcomes = [
        await client.submit(order, "https://veo.test/callbacks/x", "token"),
        await client.queryTasks({ ids: ["t1"] }, "token"),
        await client.listTasks({ offset: 0, limit: 1 }, "token"),
        await client.checkToken("token"),
      ];
      for (const outcome of outcomes) outcomeSchema.parse(outcome);
    }),
    { numRuns: 300 },
  );
});

it("any text is a cursor of ours, or none; and ours leads back to where it was made", () => {
  const position = fc.maxSafeNat();
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((rest) => `before-${rest}`),
      ),
      (cursor) => {
        z.int().nonnegative().nullable().parse(positionOf(cursor));
      },
    ),
  );
  fc.assert(
    fc.property(position, (at) => {
      expect(positionOf(cursorOf(at))).toBe(at);
    }),
  );
});

it("any text is a price list or a problem, and a price is a number of credits", () => {
  const prices = fc.oneof(
    fc.dictionary(
      fc.oneof(fc.constantFrom(...PRICE_KEYS, "__proto__", "constructor"), fc.string()),
      odd(fc.double()),
    ),
    fc.jsonValue(),
  );
  const limit = fc.option(fc.oneof(fc.string(), fc.nat().map(String), fc.double().map(String)), {
    nil: undefined,
  });
  const names = [
    "MAX_TASKS_IN_FLIGHT",
    "DAILY_GENERATION_LIMIT",
    "TEAM_MAX_TASKS_IN_FLIGHT",
    "MAX_CREDITS_PER_DAY",
    "TASK_RETENTION_DAYS",
  ];
  const variables = fc.record({
    VEO_PRICES: fc.oneof({ weight: 4, arbitrary: prices.map((value) => JSON.stringify(value)) }, fc.string()),
    ...Object.fromEntries(names.map((name) => [name, limit])),
  });
  fc.assert(
    fc.property(variables, (given) => {
      const read = readSettings({
        ACEDATACLOUD_API_TOKEN: "token-0123456789",
        MCP_ACCESS_KEY: "k".repeat(40),
        ...given,
      });
      if (!read.ok) {
        expect(read.problems.length).toBeGreaterThan(0);
        return;
      }
      const { limits, retentionMs } = read.configuration;
      z.partialRecord(z.enum(PRICE_KEYS), z.number().nonnegative()).parse({ ...limits.prices });
      z.number().min(86_400_000).parse(retentionMs);
    }),
    { numRuns: 300 },
  );
});

it("any address is a callback of ours or none, and one that was changed anywhere is none", () => {
  const secretKey = "secret-key-of-the-tests-0123456789-0123456789";
  const settings = { callbacks: "on", secretKey, publicOrigin: undefined } as const;
  const addressOf = (account: string) => callbackAddresses(settings, "https://veo.test", account);
  const reader = callbackReader(secretKey, "owner");
  const [ours = "", others = ""] = ["owner", "other"].map((account) => addressOf(account)?.("sub_1"));
  expect([reader.submissionOf(ours), reader.submissionOf(others)]).toEqual(["sub_1", undefined]);
  expect([reader.isOurs(ours), reader.isOurs(others)]).toEqual([true, true]);
  const changed = fc
    .tuple(fc.nat({ max: ours.length }), fc.nat({ max: 2 }), fc.string({ maxLength: 3 }))
    .map(([at, removed, added]) => ours.slice(0, at) + added + ours.slice(at + removed))
    .filter((address) => !URL.canParse(address) || new URL(address).pathname !== new URL(ours).pathname);
  fc.assert(
    fc.property(fc.oneof(changed, fc.webUrl(), fc.string()), (address) => {
      expect([reader.isOurs(address), reader.submissionOf(address)]).toEqual([false, undefined]);
    }),
    { numRuns: 500 },
  );
});

it("any arguments of any tool are taken, or refused with words", () => {
  const read = readSettings({ ACEDATACLOUD_API_TOKEN: "token-0123456789", MCP_ACCESS_KEY: "k".repeat(40) });
  if (!read.ok) throw new Error(read.problems.join());
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.webUrl(),
    fc.array(fc.webUrl(), { maxLength: 4 }),
  );
  for (const tool of TOOLS) {
    const schema = tool.input(read.deployment);
    const given = oddly(Object.fromEntries(Object.keys(schema.shape).map((name) => [name, value])));
    fc.assert(
      fc.property(given, (args) => {
        const parsed = parseArguments(schema, args);
        if (!parsed.ok) expect(parsed.error).toMatchObject({ kind: "invalid_arguments" });
      }),
    );
  }
});
