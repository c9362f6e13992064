import type { Context } from "hono";
import type { Configuration } from "../config/configuration.ts";
import { sourceOf } from "./address.ts";
import { newDeviceCookie, readDevice } from "./device-cookie.ts";
import { isSameSecret } from "./secret-comparison.ts";
import type { SignInBindings } from "./sign-in-context.ts";

export type PassphraseVerdict = "right" | "wrong" | { waitSeconds: number };

/**
 * Checks the access key that somebody typed. The attempt is counted before anything is compared.
 * @param headers of the response that will follow: a browser that got it right is marked there.
 */
export async function checkPassphrase(
  c: Context<{ Bindings: SignInBindings }>,
  configuration: Configuration,
  typed: string,
  accessKey: string,
  headers: Headers,
): Promise<PassphraseVerdict> {
  const device = await readDevice(c, configuration);
  const attempt = { bucket: device ?? sourceOf(c.req.raw), isKnownDevice: device !== undefined };
  const guard = c.env.SIGN_IN_GUARD.getByName("guard");
  const waitSeconds = await guard.reserve(attempt);
  if (waitSeconds > 0) return { waitSeconds };
  if (!isSameSecret(typed, accessKey)) return "wrong";
  await guard.succeeded(attempt);
  const cookie = device === undefined ? await newDeviceCookie(configuration) : undefined;
  if (cookie !== undefined) headers.append("set-cookie", cookie);
  return "right";
}
