import type { IdentityFake } from "./site.ts";

type Fetch = (input: Request | URL | string, init?: RequestInit) => Promise<Response>;

/** A `fetch` in which each fake answers for its own addresses, and `otherwise` for the rest. */
export function fetchAmong(
  fakes: readonly Pick<IdentityFake, "handles" | "fetch">[],
  otherwise: Fetch,
): Fetch {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const fake = fakes.find((candidate) => candidate.handles(url));
    return fake === undefined ? otherwise(input, init) : fake.fetch(input, init);
  };
}

/**
 * What a browser does at a provider whose user is signed in: it opens the address and is sent back at once.
 * Gives the address that it is sent to, and fails when the provider shows a page instead.
 */
export async function callbackFrom(
  fake: Pick<IdentityFake, "fetch">,
  authorizeUrl: URL | string,
): Promise<URL> {
  const answer = await fake.fetch(authorizeUrl, { redirect: "manual" });
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`no way back: ${answer.status} ${await answer.text()}`);
  return new URL(location);
}
