import { z } from "zod";
import type { JsonObject } from "../simulator/wire.ts";
import { jsonResponse } from "../simulator/wire.ts";
import { randomText } from "./encoding.ts";
import type { Handler } from "./site.ts";

/** How a list is wrapped: sources disagree, and both are in use. */
export const LIST_SHAPES = ["array", "results", "items"] as const;
export type ListShape = (typeof LIST_SHAPES)[number];

/** An API token that the upstream takes. */
export interface Credential {
  readonly id: string;
  readonly token: string;
  readonly type: string;
}

export interface Application {
  readonly id: string;
  readonly type: string;
  readonly scope: string;
  readonly credentials: Credential[];
}

/** What belongs to one user of the platform. */
export interface Account {
  readonly credentials: Credential[];
  readonly applications: Application[];
}

/** Who asks: the user of the token, and what the token may do. */
export interface Caller {
  readonly userId: string;
  readonly account: Account;
  readonly scopes: readonly string[];
}

const newApplicationSchema = z.strictObject({ type: z.literal("Usage"), scope: z.literal("Global") });
const newCredentialSchema = z.strictObject({ application_id: z.string() });

export function newCredential(token = `ace-${randomText()}`): Credential {
  return { id: crypto.randomUUID(), token, type: "Token" };
}

export function newApplication(credentials: Credential[] = []): Application {
  return { id: crypto.randomUUID(), type: "Usage", scope: "Global", credentials };
}

/** The platform's API, as far as it leads to somebody's API token. */
export function platformRoutes(
  callerOf: (request: Request) => Caller | undefined,
  nextShape: () => ListShape,
): Record<string, Handler> {
  const list = (items: readonly object[]) => {
    const shape = nextShape();
    return jsonResponse(shape === "array" ? items : { count: items.length, [shape]: items });
  };
  const asCaller =
    (
      answer: (caller: Caller, request: Request, query: URLSearchParams) => Response | Promise<Response>,
    ): Handler =>
    (request) => {
      const caller = callerOf(request);
      if (caller === undefined) return refuse(401, "Given token not valid for any token type");
      if (!caller.scopes.includes("platform")) return refuse(403, "The token lacks the scope platform.");
      const query = new URL(request.url).searchParams;
      // The filter narrows what the token may see, and never widens it.
      if ((query.get("user_id") ?? caller.userId) !== caller.userId) return list([]);
      return answer(caller, request, query);
    };

  return {
    "GET /api/v1/credentials/": asCaller(({ account }) => list(account.credentials)),
    "GET /api/v1/applications/": asCaller(({ account }, _request, query) => {
      const found = account.applications.filter(
        ({ type, scope }) => (query.get("type") ?? type) === type && (query.get("scope") ?? scope) === scope,
      );
      const ordered = query.get("ordering") === "-created_at" ? found.toReversed() : found;
      return list(ordered.slice(0, Number(query.get("limit") ?? ordered.length)));
    }),
    "POST /api/v1/applications/": asCaller(async ({ account }, request) => {
      const body = newApplicationSchema.safeParse(await readJson(request));
      if (!body.success) return refuse(400, z.prettifyError(body.error));
      const application = newApplication();
      account.applications.push(application);
      return jsonResponse(application, 201);
    }),
    "POST /api/v1/credentials/": asCaller(async ({ account }, request) => {
      const body = newCredentialSchema.safeParse(await readJson(request));
      if (!body.success) return refuse(400, z.prettifyError(body.error));
      const owner = account.applications.find(({ id }) => id === body.data.application_id);
      if (owner === undefined) return refuse(400, "application_id: there is no such application");
      const credential = newCredential();
      owner.credentials.push(credential);
      account.credentials.push(credential);
      return jsonResponse(credential, 201);
    }),
  };
}

function refuse(status: number, detail: string): Response {
  const body: JsonObject = { detail };
  return jsonResponse(body, status);
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    return undefined;
  }
}
