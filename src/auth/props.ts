import { z } from "zod";
import type { Caller } from "../agent/caller.ts";
import { type Access, AUTH_MODES } from "../config/access.ts";
import type { Configuration } from "../config/configuration.ts";
import { isAllowedMember, memberSchema } from "./member.ts";

/**
 * What a sign-in leaves in the encrypted part of a grant and its tokens. It outlives deploys, so it is parsed on
 * every request, like everything that comes from outside the code that runs.
 */
export const propsSchema = z.object({
  mode: z.enum(AUTH_MODES),
  epoch: z.string(),
  account: z.string(),
  /** `team` only. */
  member: memberSchema.exactOptional(),
  /** `passthrough` and `acedata` only. */
  upstreamToken: z.string().min(1).exactOptional(),
});
export type Props = z.infer<typeof propsSchema>;

/** Who has just proved who they are, before it is written down. */
export type Person = Pick<Props, "account" | "member" | "upstreamToken">;

/** `personal`: whoever has the access key, in a header or typed on the page. */
export const OWNER: Person = { account: "owner" };
/** The machines of a team, with their service key. */
export const SERVICE: Person = { account: "service" };

/** Why somebody who did sign in at an identity provider does not come in here. */
export type Refusal =
  | { kind: "not_allowed"; account: string }
  | { kind: "membership_pending"; account: string; org: string; invitationUrl: string }
  /** An organisation does not tell this app who its members are. */
  | { kind: "app_kept_out"; account: string }
  | { kind: "email_not_verified"; account?: string }
  | { kind: "no_api_key" };
export type SignInOutcome = { ok: true; person: Person } | { ok: false; refusal: Refusal };

/** @returns the props of somebody who signs in under this configuration. */
export const propsOf = ({ access, epoch }: Configuration, person: Person): Props => ({
  mode: access.mode,
  epoch,
  ...person,
});

/**
 * Whether a sign-in of the past still counts under the configuration of this request: a changed mode, key or
 * provider ends it, and so does a name taken off a list. Checked on every call and every refresh, since an isolate
 * outlives deploys that change only variables.
 */
export function isAdmitted({ access, epoch }: Configuration, props: Props): boolean {
  if (props.mode !== access.mode || props.epoch !== epoch) return false;
  if (access.mode === "team")
    return props.member !== undefined && isAllowedMember(access.provider, props.member);
  return access.mode === "personal" || props.upstreamToken !== undefined;
}

/** @returns who calls, for the account's object: the name of the account, and what its tools need. */
export const callerOf = ({ mode }: Access, { account, upstreamToken }: Person): Caller => ({
  account,
  // One token serves a whole team (tool-surface.md, "Whose task?").
  ownsToken: mode !== "team",
  ...(upstreamToken !== undefined && { upstreamToken }),
});
