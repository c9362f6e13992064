import { z } from "zod";

/** What a variable's text may be. The messages are our own words: zod's might quote the value, which may be a secret. */

/** What examples and templates have in the place of a value. */
const PLACEHOLDER = /…|^\.{3}$|^<.*>$|^\[.*\]$|^\{.*\}$|^your[-_ ]|^x{4,}$/i;
/** Said before anything else: what is wrong with the letters of a placeholder helps nobody. */
const realValue = z.string().refine((text) => !PLACEHOLDER.test(text), {
  error: "looks like a placeholder: put the real value in its place",
  abort: true,
});

/** RFC 6750, section 2.1: what fits an Authorization header. */
export const bearerToken = realValue.regex(
  /^[\w.~+/=-]{16,512}$/,
  "must be 16 to 512 characters of letters, digits and ._~+/=- (try `openssl rand -hex 24`)",
);

/** A secret or id that somebody else made up: a pasted line break is the usual mistake. */
export const oneWord = realValue.regex(
  /^[\x21-\x7e]{1,4096}$/,
  "must be one line of ASCII letters, digits and signs, without a space",
);

/** Whether a host name means this machine. */
export const isLoopback = (hostname: string) =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);

export const webUrl = z
  .url({ protocol: /^https?$/, error: "must be an http(s) URL" })
  .transform((text) => new URL(text))
  .refine(
    (url) => url.protocol === "https:" || isLoopback(url.hostname),
    "must use https (http is for loopback only)",
  );

const plainUrl = webUrl.refine(
  (url) => url.search === "" && url.hash === "" && url.username === "" && url.password === "",
  "must be a plain address",
);

/** The address of a service, to which paths are appended: without a slash at its end. */
export const baseUrl = plainUrl.transform((url) => url.href.replace(/\/+$/, ""));

/** As it was written: the issuer of a token is compared with it, a final slash included. */
export const issuerUrl = z
  .string()
  .trim()
  .refine(
    (text) => plainUrl.safeParse(text).success,
    "must be an https URL, exactly as the provider writes its issuer",
  );

export const origin = webUrl
  .refine(
    (url) => url.pathname === "/" && url.search === "" && url.hash === "",
    "must be an origin such as https://veo.example.com, without a path",
  )
  .transform((url) => url.origin);

/**
 * A list, separated by commas only: an organisation of two words (`Acme Corp` is how GitHub shows it) must not be read
 * as the names of two others, whose members would come in.
 */
export const listOf = <T extends z.ZodType<string, string>>(item: T) =>
  z
    .string()
    .transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .refine(
      (parts) => !parts.some((part) => /\s/.test(part)),
      "must be a list separated by commas, and no entry has a space in it",
    )
    .pipe(z.array(item));

export const wholeNumber = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, `must be a whole number from ${from} to ${to}`)
    .transform(Number)
    .pipe(z.number().min(from, `must be at least ${from}`).max(to, `must be at most ${to}`));

/** Of A to Z only: Unicode has other letters whose small form is one of ours (the Kelvin sign becomes a `k`). */
export const lowerCase = (text: string): string =>
  text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** Logins can be handed on to somebody else, so a person can be named by number too. */
export const githubUser = z
  .string()
  .overwrite(lowerCase)
  .regex(/^(id:[1-9]\d{0,15}|[a-z\d][a-z\d_-]{0,99})$/, "must list GitHub logins, or ids such as id:12345");
export const githubOrg = z
  .string()
  .overwrite(lowerCase)
  .regex(/^[a-z\d][a-z\d_-]{0,99}$/, "must list GitHub organisations by their login");
export const emailAddress = z
  .string()
  .overwrite(lowerCase)
  .regex(/^[^\s@]{1,64}@[a-z\d-]+(\.[a-z\d-]+)+$/, "must list e-mail addresses");
export const emailDomain = z
  .string()
  .overwrite(lowerCase)
  .transform((text) => text.replace(/^@/, ""))
  .pipe(z.string().regex(/^[a-z\d-]+(\.[a-z\d-]+)+$/, "must list domains such as example.com"));
