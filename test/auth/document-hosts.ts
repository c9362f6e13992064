import type { IdentityFake } from "../identity/site.ts";

/** A host answers a request for one of its documents; what it throws is a host that is down. */
export type DocumentHandler = (request: Request) => Response | Promise<Response>;

export interface DocumentHosts extends Pick<IdentityFake, "handles" | "fetch" | "unexpected"> {
  /** Puts a document at an address, or takes it away. */
  put(address: string, handler: DocumentHandler | undefined): void;
  /** Every address that was asked for. */
  readonly asked: readonly string[];
}

/** Most redirects that a `fetch` follows. */
const MAX_REDIRECTS = 20;

/**
 * The hosts on which apps publish what they are (client ID metadata documents). Like the runtime's own `fetch`, this
 * one follows redirects unless it is told not to.
 * @param domain of all these hosts.
 */
export function createDocumentHosts(domain: string): DocumentHosts {
  const documents = new Map<string, DocumentHandler>();
  const asked: string[] = [];
  const answer = async (request: Request): Promise<Response> => {
    request.signal.throwIfAborted();
    asked.push(request.url);
    const handler = documents.get(request.url);
    return handler === undefined ? new Response("not here", { status: 404 }) : handler(request);
  };
  return {
    asked,
    unexpected: [],
    handles: ({ hostname }) => hostname === domain || hostname.endsWith(`.${domain}`),
    put(address, handler) {
      if (handler === undefined) documents.delete(address);
      else documents.set(address, handler);
    },
    async fetch(input, init) {
      let request = new Request(input, init);
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
        const response = await answer(request);
        const location = response.headers.get("location");
        const isRedirect = response.status >= 300 && response.status < 400 && location !== null;
        if (!isRedirect || request.redirect === "manual") return response;
        request = new Request(new URL(location, request.url), request);
      }
      throw new TypeError("Too many redirects");
    },
  };
}
