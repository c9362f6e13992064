import { z } from "zod";
import type { GithubProvider, OidcProvider } from "../config/access.ts";

/** What is remembered of a member of a team: enough to hold it against the allow-lists again on every call. */
export const memberSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("github"),
    id: z.int().positive(),
    /** In lower case. */
    login: z.string(),
    /** Those of the allowed organisations in which the membership was active at sign-in. */
    orgs: z.array(z.string()),
  }),
  z.object({
    kind: z.literal("oidc"),
    /** In lower case, and vouched for by the provider. */
    email: z.string(),
    /** Google's `hd`: the Workspace that the account belongs to. */
    hostedDomain: z.string().exactOptional(),
  }),
]);
export type Member = z.infer<typeof memberSchema>;

/** Whether the allow-lists let somebody in: at sign-in, at every refresh and at every call. */
export function isAllowedMember(provider: GithubProvider | OidcProvider, member: Member): boolean {
  switch (provider.kind) {
    case "github": {
      if (member.kind !== "github") return false;
      const isListed = provider.users.includes(member.login) || provider.users.includes(`id:${member.id}`);
      return isListed || member.orgs.some((org) => provider.orgs.includes(org));
    }
    case "oidc": {
      if (member.kind !== "oidc") return false;
      return provider.emails.includes(member.email) || isInAllowedDomain(provider, member);
    }
  }
}

/**
 * The domain is what follows the last `@`, compared exactly: neither a sub-domain nor a lookalike is the domain. An
 * address with another `@` before it (a quoted local part may hold one, RFC 5321, section 4.1.2) counts in no domain:
 * not everybody who reads it would send a mail to the same place.
 */
function isInAllowedDomain(provider: OidcProvider, member: Member & { kind: "oidc" }): boolean {
  const [, domain] = /^[^\s@]+@([^\s@]+)$/.exec(member.email) ?? [];
  if (domain === undefined || !provider.domains.includes(domain)) return false;
  return !provider.needsHostedDomain || member.hostedDomain === domain;
}
