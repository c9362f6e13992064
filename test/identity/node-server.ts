import { type FetchServer, serveFetch } from "../fetch-server.ts";
import type { IdentityFake } from "./site.ts";

/** Serves a fake over HTTP, in Node, and tells it where it now is: read its URLs after this. */
export async function serveIdentity(fake: IdentityFake, port = 0): Promise<FetchServer> {
  const server = await serveFetch((request) => fake.fetch(request), { port });
  fake.moveTo(server.url);
  return server;
}
