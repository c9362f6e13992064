import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ORIGIN, type World } from "../world.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const CHUNK_BYTES = 4 * 1024;
const TWO_MB = 2 * 1024 * 1024;
const FORM = "application/x-www-form-urlencoded";

describe("a body of 2 MB", () => {
  let world: World;
  beforeEach(() => {
    world = createSignInWorld();
  });
  afterEach(() => world.end());

  /** A body that comes in pieces and says nothing of its length. */
  const streamed = (first: string) => {
    const seen = { bytes: 0 };
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = new Uint8Array(CHUNK_BYTES).fill(120);
        if (seen.bytes === 0) chunk.set(new TextEncoder().encode(first));
        if (seen.bytes >= TWO_MB) controller.close();
        else controller.enqueue(chunk);
        seen.bytes += CHUNK_BYTES;
      },
    });
    return { body, seen };
  };

  it.each([
    ["/oauth/token", FORM, "grant_type=authorization_code&code=", 413, 64],
    ["/oauth/token", FORM, "token=", 413, 64],
    ["/oauth/token", "multipart/form-data; boundary=x", "--x", 413, 64],
    ["/oauth/register", "application/json", '{"client_name":"', 413, 8],
    ["/authorize", FORM, "handle=", 400, 16],
    ["/oauth/token", "application/json", "{", 413, 64],
  ])("at %s is not read to its end: %s %s", async (path, type, first, status, limitKb) => {
    const { body, seen } = streamed(first);
    const headers = { "content-type": type, origin: ORIGIN };
    const response = await world.fetch(path, { method: "POST", headers, body });
    expect(response.status).toBe(status);
    expect(response.headers.get("location")).toBeNull();
    await response.text();
    expect(seen.bytes).toBeGreaterThan(limitKb * 1024);
    expect(seen.bytes).toBeLessThan(2 * limitKb * 1024);
  });

  it.each(["/oauth/token", "/oauth/register", "/authorize"])(
    "at %s is not read at all when it says how long it is",
    async (path) => {
      const { body, seen } = streamed("handle=");
      const response = await world.fetch(path, {
        method: "POST",
        headers: { "content-type": FORM, "content-length": String(TWO_MB) },
        body,
      });
      expect(response.status).toBe(path === "/authorize" ? 400 : 413);
      await response.text();
      // A stream is asked for its first piece before anybody reads it.
      expect(seen.bytes).toBeLessThanOrEqual(CHUNK_BYTES);
    },
  );
});
