import { z } from "zod";
import { deriveKey } from "../config/derived-key.ts";
import { isLoopback } from "../config/values.ts";
import type { CallbackReader } from "../ledger/dependencies.ts";
import { CALLBACK_PATH } from "../veo/callback-path.ts";
import { seal, unseal } from "./sealing.ts";

const PURPOSE = "callback address";
/** What was sealed for the shortest name of an account: a path that people give their own addresses is shorter. */
const SEALED_PATH = new RegExp(`^${CALLBACK_PATH}[\\w-]{96,}$`);
/** Who is meant: the account, and its submission. */
const targetSchema = z.tuple([z.string(), z.string()]);

export interface CallbackSettings {
  callbacks: "auto" | "on" | "off";
  secretKey: string | undefined;
  publicOrigin: string | undefined;
}

/**
 * The addresses at which the upstream may ring for submissions of an account. They are sealed, so that the Worker can
 * tell a forged one without waking any object, and so that they tell nobody whose they are.
 * @param origin under which the server was called: there it can be reached, unless it is this machine's own.
 * @returns undefined where the upstream is not to ring.
 */
export function callbackAddresses(
  { callbacks, secretKey, publicOrigin }: CallbackSettings,
  origin: string,
  account: string,
): ((submissionId: string) => string) | undefined {
  const { protocol, hostname, origin: base } = new URL(publicOrigin ?? origin);
  const isReachable = protocol === "https:" && !isLoopback(hostname);
  if (secretKey === undefined || callbacks === "off" || (callbacks === "auto" && !isReachable))
    return undefined;
  const key = deriveKey(secretKey, "callback");
  return (submissionId) =>
    `${base}${CALLBACK_PATH}${seal(JSON.stringify([account, submissionId]), key, PURPOSE)}`;
}

/** @returns whom a ring at this path is for, or undefined for an address that is not of our making. */
export function readCallbackAddress(
  path: string,
  secretKey: string,
): { account: string; submissionId: string } | undefined {
  if (!path.startsWith(CALLBACK_PATH)) return undefined;
  const opened = unseal(path.slice(CALLBACK_PATH.length), deriveKey(secretKey, "callback"), PURPOSE);
  if (opened === undefined) return undefined;
  const [account, submissionId] = targetSchema.parse(JSON.parse(opened));
  return { account, submissionId };
}

/** @returns what the ledger of an account wants to know of callback addresses in the upstream's records. */
export function callbackReader(secretKey: string | undefined, account: string): CallbackReader {
  const read = (callbackUrl: string) =>
    secretKey === undefined || !URL.canParse(callbackUrl)
      ? undefined
      : readCallbackAddress(new URL(callbackUrl).pathname, secretKey);
  return {
    submissionOf(callbackUrl) {
      const target = read(callbackUrl);
      return target?.account === account ? target.submissionId : undefined;
    },
    isOurs: (callbackUrl) => read(callbackUrl) !== undefined,
    looksLikeOurs: (callbackUrl) =>
      URL.canParse(callbackUrl) && SEALED_PATH.test(new URL(callbackUrl).pathname),
  };
}
