import { createBrowser } from "../auth/browser.ts";
import { registerClient, signIn } from "../auth/oauth-client.ts";
import { createFakeAcedata, type FakeAcedata } from "../identity/fake-acedata.ts";
import { callbackFrom } from "../identity/internet.ts";
import type { World, WorldOptions } from "../world.ts";
import { createPayersWorld } from "./payer.ts";

/** A deployment that lets people sign in at AceDataCloud. */
export interface AcedataWorld {
  acedata: FakeAcedata;
  world: World;
}

/** The account of user `u1` takes part; others have to join. */
export function createAcedataWorld(options: WorldOptions = {}): AcedataWorld {
  const acedata = createFakeAcedata({ redirectUris: ["https://veo.test/oauth/callback"] });
  const world = createPayersWorld({
    ...options,
    accounts: ["ace-u1"],
    identity: [acedata],
    variables: {
      AUTH_MODE: "acedata",
      ACEDATACLOUD_OAUTH_CLIENT_ID: acedata.client.id,
      ACEDATACLOUD_AUTH_BASE_URL: acedata.authUrl,
      ACEDATACLOUD_PLATFORM_BASE_URL: acedata.platformUrl,
    },
  });
  return { acedata, world };
}

/** Signs `u1` in, whose key at AceDataCloud is `key` by now. @returns an access token of ours. */
export async function signInWithKey({ acedata, world }: AcedataWorld, key: string): Promise<string> {
  acedata.signInAs({ userId: "u1", credentials: [key] });
  const tokens = await signIn(await registerClient(world), createBrowser(world), {
    provider: (address) => callbackFrom(acedata, address),
  });
  return tokens.access_token;
}
