import { z } from "zod";
import type { AcedataProvider } from "../config/access.ts";
import { sha256Hex } from "./digest.ts";
import type { SignInOutcome } from "./props.ts";
import { askProvider } from "./provider-request.ts";

/** It goes into a header: anything but visible ASCII would make every request of the account fail. */
const token = z.string().regex(/^[\x21-\x7e]{1,4096}$/);
const id = z.union([z.string().min(1), z.int()]).transform(String);
/** Lists come bare, under `results` or under `items` (upstream-contract.md, "AceDataCloud login"). */
const listOf = <T>(item: z.ZodType<T>) =>
  z.union([
    z.array(item),
    z.object({ results: z.array(item) }).transform(({ results }) => results),
    z.object({ items: z.array(item) }).transform(({ items }) => items),
  ]);
const credentialSchema = z.object({ token: token.nullish().catch(undefined) });
const applicationSchema = z.object({ id, credentials: z.array(credentialSchema).nullish().catch(undefined) });
const payloadSchema = z.object({ user_id: id });

/**
 * Who signed in at AceDataCloud, with the durable API key that pays for them: an existing one, or one that is made
 * now. Throws when the platform does not answer as documented.
 * @param accessToken came straight from the token endpoint over TLS, so its payload needs no signature check.
 */
export async function acedataPerson(provider: AcedataProvider, accessToken: string): Promise<SignInOutcome> {
  const { user_id: userId } = payloadSchema.parse(payloadOf(accessToken));
  const upstreamToken = await apiKeyOf(provider, accessToken, userId);
  if (upstreamToken === undefined) return { ok: false, refusal: { kind: "no_api_key" } };
  return {
    ok: true,
    person: { account: `ace-${accountSuffix(userId)}`, upstreamToken },
  };
}

async function apiKeyOf({ platformBaseUrl }: AcedataProvider, accessToken: string, userId: string) {
  const api = `${platformBaseUrl}/api/v1`;
  const of = new URLSearchParams({ user_id: userId });
  const credentials = await askProvider(`${api}/credentials/?${of}`, accessToken, listOf(credentialSchema));
  const existing = firstToken(credentials);
  if (existing !== undefined) return existing;
  const query = new URLSearchParams({
    limit: "10",
    ordering: "-created_at",
    type: "Usage",
    scope: "Global",
    user_id: userId,
  });
  const applications = await askProvider(
    `${api}/applications/?${query}`,
    accessToken,
    listOf(applicationSchema),
  );
  const inApplication = firstToken(applications.flatMap((application) => application.credentials ?? []));
  if (inApplication !== undefined) return inApplication;
  const application =
    applications[0] ??
    (await askProvider(`${api}/applications/`, accessToken, applicationSchema, {
      type: "Usage",
      scope: "Global",
    }));
  const made = await askProvider(`${api}/credentials/`, accessToken, credentialSchema, {
    application_id: application.id,
  });
  return firstToken([made]);
}

const firstToken = (credentials: z.infer<typeof credentialSchema>[]): string | undefined =>
  credentials.map((credential) => credential.token ?? undefined).find((found) => found !== undefined);

/** The claims in the middle of a JWT (RFC 7519, section 3). */
function payloadOf(jwt: string): unknown {
  const [, payload = ""] = jwt.split(".");
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
}

/**
 * Their ids are numbers or UUIDs; whatever else one may be one day, it must name nobody else's account. A hash is
 * longer than any id that stands for itself, so no id can be made to look like one.
 */
const accountSuffix = (userId: string): string =>
  /^[\w-]{1,64}$/.test(userId) ? userId : `x${sha256Hex(`acedata:${userId}`)}`;
