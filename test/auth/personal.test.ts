import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACCESS_KEY, createWorld, type World } from "../world.ts";
import { createBrowser } from "./browser.ts";
import { callMcp, registerClient, signIn } from "./oauth-client.ts";

describe("personal mode", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  it("lets an app in that only speaks OAuth, with the access key as passphrase", async () => {
    const client = await registerClient(world);
    const tokens = await signIn(client, createBrowser(world), { secret: ACCESS_KEY });
    expect(tokens.token_type).toBe("bearer");
    const listed = await callMcp(world, tokens.access_token);
    expect([listed.status, await listed.text()]).toEqual([200, expect.stringContaining("veo_text_to_video")]);
  });
});
