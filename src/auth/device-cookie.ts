import type { Context } from "hono";
import { generateSignedCookie, getSignedCookie } from "hono/cookie";
import type { Configuration } from "../config/configuration.ts";
import { deriveKey } from "../config/derived-key.ts";

/** With the prefix that hono adds: `__Host-veo-device`. */
const NAME = "veo-device";
const YEAR_SECONDS = 365 * 86_400;

/**
 * A browser in which somebody once proved to be the owner keeps a signed mark of it, so that strangers who guess
 * cannot lock the owner out (OWASP, "device cookies"). It opens nothing: the key has to be typed all the same.
 * Without `SECRET_KEY` there is nothing to sign with, and no mark.
 * @returns the number of the device, if this is one.
 */
export async function readDevice(c: Context, configuration: Configuration): Promise<string | undefined> {
  const secret = signingSecret(configuration);
  if (secret === undefined) return undefined;
  return (await getSignedCookie(c, secret, NAME, "host")) || undefined;
}

/** @returns the cookie that marks the browser it is sent to, if there is something to sign it with. */
export async function newDeviceCookie(configuration: Configuration): Promise<string | undefined> {
  const secret = signingSecret(configuration);
  if (secret === undefined) return undefined;
  return generateSignedCookie(NAME, crypto.randomUUID(), secret, {
    prefix: "host",
    secure: true,
    httpOnly: true,
    sameSite: "Lax",
    path: "/",
    maxAge: YEAR_SECONDS,
  });
}

/** With the epoch in it: a changed access key forgets all devices. */
const signingSecret = ({ secretKey, epoch }: Configuration): string | undefined =>
  secretKey === undefined ? undefined : `${deriveKey(secretKey, "deviceCookie").toString("hex")}.${epoch}`;
