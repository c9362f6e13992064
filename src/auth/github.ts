import { z } from "zod";
import type { GithubProvider } from "../config/access.ts";
import { lowerCase } from "../config/values.ts";
import { isAllowedMember, type Member } from "./member.ts";
import type { Refusal, SignInOutcome } from "./props.ts";
import { askProvider, ProviderError } from "./provider-request.ts";

const userSchema = z.object({
  id: z.int().positive(),
  login: z.string().min(1).max(100).overwrite(lowerCase),
});
const membershipSchema = z.object({ state: z.string() });

/** How somebody stands to an organisation, as far as it tells this app. */
interface Membership {
  org: string;
  state: "active" | "pending" | "none" | "kept_out";
}

/** Who a GitHub token belongs to. The account is named by number: a login can be given up and taken by another. */
export async function githubMember(provider: GithubProvider, token: string): Promise<SignInOutcome> {
  const { id, login } = await askProvider(`${provider.apiBaseUrl}/user`, token, userSchema);
  const memberships = await Promise.all(provider.orgs.map((org) => membershipIn(org, provider, token)));
  const orgs = memberships.filter(({ state }) => state === "active").map(({ org }) => org);
  const member: Member = { kind: "github", id, login, orgs };
  if (isAllowedMember(provider, member)) return { ok: true, person: { account: `github-${id}`, member } };
  return { ok: false, refusal: refusalOf(provider, login, memberships) };
}

async function membershipIn(org: string, { apiBaseUrl }: GithubProvider, token: string): Promise<Membership> {
  const url = `${apiBaseUrl}/user/memberships/orgs/${encodeURIComponent(org)}`;
  try {
    const { state } = await askProvider(url, token, membershipSchema);
    // An invitation that was not accepted is a membership too, `pending`: anybody can be invited.
    return { org, state: state === "active" || state === "pending" ? state : "none" };
  } catch (error) {
    // Not a member, or the organisation keeps this app out; anything else is trouble.
    if (error instanceof ProviderError && error.status === 404) return { org, state: "none" };
    if (error instanceof ProviderError && error.status === 403) return { org, state: "kept_out" };
    throw error;
  }
}

/** What the person can do about it comes before what only others can. */
function refusalOf({ baseUrl }: GithubProvider, account: string, memberships: Membership[]): Refusal {
  const pending = memberships.find(({ state }) => state === "pending");
  if (pending !== undefined) {
    const { org } = pending;
    return { kind: "membership_pending", account, org, invitationUrl: `${baseUrl}/orgs/${org}/invitation` };
  }
  const isKeptOut = memberships.some(({ state }) => state === "kept_out");
  return { kind: isKeptOut ? "app_kept_out" : "not_allowed", account };
}
