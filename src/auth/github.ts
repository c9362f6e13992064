import { z } from "zod";
import type { GithubProvider } from "../config/access.ts";
import { lowerCase } from "../config/values.ts";
import { isAllowedMember, type Member } from "./member.ts";
import type { SignInOutcome } from "./props.ts";
import { askProvider, ProviderError } from "./provider-request.ts";

const userSchema = z.object({
  id: z.int().positive(),
  login: z.string().min(1).max(100).overwrite(lowerCase),
});
const membershipSchema = z.object({ state: z.string() });

/** Who a GitHub token belongs to. The account is named by number: a login can be given up and taken by another. */
export async function githubMember(provider: GithubProvider, token: string): Promise<SignInOutcome> {
  const { id, login } = await askProvider(`${provider.apiBaseUrl}/user`, token, userSchema);
  const member: Member = { kind: "github", id, login, orgs: await activeOrgs(provider, token) };
  if (!isAllowedMember(provider, member)) return { ok: false, refusal: "not_allowed" };
  return { ok: true, person: { account: `github-${id}`, member } };
}

/** An invitation that was not accepted is a membership too, `pending`: anybody can be invited. */
async function activeOrgs({ apiBaseUrl, orgs }: GithubProvider, token: string): Promise<string[]> {
  const active = await Promise.all(
    orgs.map(async (org) => {
      const url = `${apiBaseUrl}/user/memberships/orgs/${encodeURIComponent(org)}`;
      const state = await askProvider(url, token, membershipSchema).then(
        (membership) => membership.state,
        (error: unknown) => {
          // Not a member, or the organisation keeps this app out; anything else is trouble.
          if (error instanceof ProviderError && [403, 404].includes(error.status)) return "none";
          throw error;
        },
      );
      return state === "active" ? [org] : [];
    }),
  );
  return active.flat();
}
