import { displayText } from "./display-text.ts";
import type { Notice } from "./notice-page.ts";
import type { Refusal } from "./props.ts";

/** As long as an e-mail address may be (RFC 5321, section 4.5.3.1). */
const MAX_ACCOUNT_CHARS = 320;

/**
 * Why somebody who signed in at the provider does not come in here. Said on a page and not to the client: the person
 * has to read it, and may not be who the client thinks. It names the visitor's own account, and of the
 * configuration nothing that they do not know.
 */
export function refusalNotice(refusal: Refusal): Notice {
  switch (refusal.kind) {
    case "not_allowed":
      return {
        title: "You are not on the list",
        message: `${signedInAs(refusal.account)}, which is not one of the accounts that may use this server.`,
        nextStep:
          "Ask whoever runs this server to add it. To use another account, sign out at the identity provider, then start again from your app.",
      };
    case "membership_pending":
      return {
        title: "Your membership is pending",
        message: `${signedInAs(refusal.account)}, and were invited to ${refusal.org}, but have not accepted yet.`,
        nextStep: `Accept the invitation at ${refusal.invitationUrl}, then start again from your app.`,
      };
    case "app_kept_out":
      return {
        title: "The organisation keeps this app out",
        message: `${signedInAs(refusal.account)}, but an organisation whose members may use this server does not let it see who they are.`,
        nextStep:
          "Ask an owner of the organisation to approve the app in its settings, under third-party access, then start again from your app.",
      };
    case "email_not_verified":
      return {
        title: "Your address is not verified",
        message: `Your identity provider did not say that ${refusal.account === undefined ? "your e-mail address" : shown(refusal.account)} belongs to you.`,
        nextStep:
          "Verify the address there and start again from your app. If it is verified, tell whoever runs this server: the claims `email` and `email_verified` are missing.",
      };
    case "no_api_key":
      return {
        title: "No API key",
        message: "AceDataCloud has no API key for this account, and did not make one.",
        nextStep: "Make one at platform.acedata.cloud, then start again from your app.",
      };
  }
}

const shown = (account: string): string => displayText(account, MAX_ACCOUNT_CHARS);
const signedInAs = (account: string): string => `You signed in as ${shown(account)}`;
