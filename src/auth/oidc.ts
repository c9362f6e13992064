import { z } from "zod";
import type { OidcProvider } from "../config/access.ts";
import { lowerCase } from "../config/values.ts";
import { hashName } from "./digest.ts";
import { isAllowedMember, type Member } from "./member.ts";
import type { SignInOutcome } from "./props.ts";

/** Of an id_token whose signature, issuer, audience, nonce and times were checked. */
const claimsSchema = z.object({
  iss: z.string(),
  sub: z.string().min(1),
  email: z.string().max(320).overwrite(lowerCase),
  /** Some providers write it as text. */
  email_verified: z.union([z.boolean(), z.stringbool()]).optional(),
  hd: z.string().overwrite(lowerCase).optional(),
  iat: z.number(),
});

const CLOCK_SKEW_SECONDS = 60;

/** Who an id_token speaks of. The account is named after issuer and subject, since addresses are handed on. */
export async function oidcMember(provider: OidcProvider, claims: unknown): Promise<SignInOutcome> {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) return { ok: false, refusal: { kind: "email_not_verified" } };
  // `openid-client` lets a token of the future pass.
  if (parsed.data.iat > Date.now() / 1000 + CLOCK_SKEW_SECONDS) throw new Error("id_token from the future");
  const { iss, sub, email, email_verified: verified, hd } = parsed.data;
  // Absent is not false: an organisation's own provider often leaves it out. Said to be unverified, it never counts.
  if (!(verified ?? provider.mayOmitEmailVerified))
    return { ok: false, refusal: { kind: "email_not_verified", account: email } };
  const member: Member = { kind: "oidc", email, ...(hd !== undefined && { hostedDomain: hd }) };
  if (!isAllowedMember(provider, member))
    return { ok: false, refusal: { kind: "not_allowed", account: email } };
  return { ok: true, person: { account: `oidc-${hashName(`${iss}\0${sub}`)}`, member } };
}
