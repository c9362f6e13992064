import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACCESS_KEY, createWorld, UPSTREAM_TOKEN, type World } from "../world.ts";

describe("GET /health?deep=1", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld({ accounts: ["health"] });
  });
  afterEach(() => world.end());
  const deep = (bearer?: string) =>
    world.fetch("/health?deep=1", bearer ? { headers: { authorization: `Bearer ${bearer}` } } : {});

  it("is for whom the server lets in", async () => {
    expect((await deep()).status).toBe(401);
    expect((await deep("not-the-key-not-the-key")).status).toBe(401);
    expect(world.taskQueries()).toBe(0);
    expect(
      (await world.fetch("/mcp/health", { headers: { authorization: `Bearer ${ACCESS_KEY}` } })).status,
    ).toBe(404);
  });

  it("asks the upstream once a minute at most, and says what it saw", async () => {
    const first = await world.until(deep(ACCESS_KEY));
    expect(first.status).toBe(200);
    expect(await first.json()).toMatchObject({ status: "ok", upstream: { status: "ok" } });
    world.simulator.inject({ kind: "status", status: 500, code: "api_error", match: "tasks" });
    expect((await world.until(deep(ACCESS_KEY))).status).toBe(200);
    expect(world.taskQueries()).toBe(1);
    await world.advance(60_000);
    const later = await world.until(deep(ACCESS_KEY));
    expect(later.status).toBe(503);
    const said = await later.text();
    expect(JSON.parse(said)).toMatchObject({
      status: "degraded",
      upstream: { status: "trouble", code: "upstream_error" },
    });
    expect(said).not.toContain(UPSTREAM_TOKEN);
    expect(world.taskQueries()).toBe(2);
  });
});
