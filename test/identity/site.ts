import { createFaultQueue, type FaultInput } from "../simulator/faults.ts";
import { misbehave } from "../simulator/misbehave.ts";
import { jsonResponse } from "../simulator/wire.ts";

/** Answers a request; `last` is the part of the path that a route leaves open. */
export type Handler = (request: Request, last: string) => Response | Promise<Response>;

/** What a fake serves below one base URL: `GET /path`, or `GET /path/:last`. */
export interface Site {
  readonly base: () => string;
  readonly routes: Readonly<Record<string, Handler>>;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  /** The path below the base URL: what faults are matched against. */
  readonly path: string;
  /** Null while there is no answer, and for ever when none came. */
  status: number | null;
}

/** What all identity providers have in common, seen from a test. */
export interface IdentityFake {
  /** Is this address one of the fake's? */
  handles(url: URL): boolean;
  /** Answers a request; takes what the global `fetch` takes, so that it can be put in its place. */
  fetch(input: Request | URL | string, init?: RequestInit): Promise<Response>;
  /** Every request, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Requests that our code must never make; a test should end with this list empty. */
  readonly unexpected: readonly string[];
  /** The requests to a path below the base URL. */
  requestsTo(path: string): SeenRequest[];
  /** Queues faults for the requests to come: those of the simulator; `match` is `all`, or a path below the base URL. */
  inject(...faults: readonly FaultInput[]): void;
  /** Forgets the faults that have not struck. */
  clearFaults(): void;
  /** Puts all of it at another origin, where a server listens. */
  moveTo(origin: string): void;
}

/** The part of a fake that routes, records and misbehaves. */
export function createSites(sites: readonly Site[]): Omit<IdentityFake, "moveTo"> {
  const faults = createFaultQueue();
  const requests: SeenRequest[] = [];
  const unexpected: string[] = [];

  const find = (
    method: string,
    url: URL,
  ): { path: string; answer: (request: Request) => Promise<Response> } => {
    for (const { base, routes } of sites) {
      const path = pathBelow(base(), url);
      if (path === undefined) continue;
      const exact = routes[`${method} ${path}`];
      if (exact !== undefined) return { path, answer: async (request) => exact(request, "") };
      const slash = path.lastIndexOf("/");
      const open = routes[`${method} ${path.slice(0, slash)}/:last`];
      const last = path.slice(slash + 1);
      if (open !== undefined && last !== "") {
        return { path, answer: async (request) => open(request, decodeURIComponent(last)) };
      }
    }
    return {
      path: url.pathname,
      answer: async () => {
        unexpected.push(`${method} ${url.href}`);
        return jsonResponse({ message: "Not Found" }, 404);
      },
    };
  };

  return {
    handles: (url) => sites.some(({ base }) => pathBelow(base(), url) !== undefined),
    async fetch(input, init) {
      const request = new Request(input, init);
      request.signal.throwIfAborted();
      const { path, answer } = find(request.method, new URL(request.url));
      const seen: SeenRequest = { method: request.method, url: request.url, path, status: null };
      requests.push(seen);
      const fault = faults.take({ path, token: bearerOf(request) });
      const response = await (fault === undefined
        ? answer(request)
        : misbehave(fault, request.signal, crypto.randomUUID(), () => answer(request)));
      seen.status = response.status;
      return response;
    },
    requests,
    unexpected,
    requestsTo: (path) => requests.filter((request) => request.path === path),
    inject(...added) {
      for (const fault of added) faults.add(fault);
    },
    clearFaults: () => faults.clear(),
  };
}

/** The token that a request carries. */
export function bearerOf(request: Request): string | null {
  return /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
}

/** A base URL without the slash at its end, to put a path after it. */
export function withoutSlash(base: string): string {
  return base.replace(/\/$/, "");
}

/** The path of an address below a base URL, which may have a path itself; undefined when it is elsewhere. */
function pathBelow(base: string, url: URL): string | undefined {
  const { origin, pathname } = new URL(withoutSlash(base));
  const prefix = withoutSlash(pathname);
  if (url.origin !== origin || !url.pathname.startsWith(`${prefix}/`)) return undefined;
  return url.pathname.slice(prefix.length);
}
