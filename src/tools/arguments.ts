import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { invalid, ok, quote, type Result } from "../errors.ts";
import { RETIRED } from "../veo/capabilities.ts";

/** An id as the upstream and this server make them; anything else is a mistake, or an attempt. */
export const idArgument = z.string().regex(/^[\w.:-]{1,128}$/, "must be 1 to 128 letters, digits and ._:-");

/** An address on the web, without a user name or password in it. */
export const urlArgument = z
  .string()
  .max(2048, "must be at most 2048 characters")
  .refine(isPublicUrl, "must be an http(s) URL without user name and password");

export function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "";
}

/**
 * Checks a call's arguments before anything else happens. A `null` counts as left out, as it did in the original
 * server; nothing else is changed on the way.
 * @returns the arguments, or one problem in words per mistake: the value, what is allowed, and the nearest of it.
 */
export function parseArguments<Schema extends z.ZodObject>(
  schema: Schema,
  args: unknown,
): Result<z.output<Schema>> {
  if (typeof args !== "object" || args === null || Array.isArray(args))
    return invalid("The arguments must be an object.");
  const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));
  const parsed = schema.safeParse(given, { reportInput: true });
  if (parsed.success) return ok(parsed.data);
  return invalid(...parsed.error.issues.flatMap((issue) => inWords(issue, Object.keys(schema.shape))));
}

function inWords(issue: z.core.$ZodIssue, names: string[]): string[] {
  const name = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `There is no argument "${quote(key)}"${nearest(key, names)}.`);
  if (issue.code === "invalid_value") return [wrongValue(name, issue.input, issue.values.map(String))];
  if (issue.input === undefined) return [`${name} is required.`];
  if (issue.code === "invalid_type") return [`${name} must be ${article(issue.expected)}.`];
  return [`${name} ${issue.message}.`];
}

function wrongValue(name: string, input: unknown, allowed: string[]): string {
  if (input === undefined) return `${name} is required: one of ${allowed.join(", ")}.`;
  const value = typeof input === "string" ? input : (JSON.stringify(input) ?? "");
  const replacement = Object.hasOwn(RETIRED, name) ? RETIRED[name]?.[value] : undefined;
  if (replacement !== undefined) return `${name} "${quote(value)}" is retired: use ${replacement}.`;
  return `${name} "${quote(value)}" is not one of ${allowed.join(", ")}${nearest(value, allowed)}.`;
}

/** How many edits apart two words may be to be taken for each other. */
const MAX_EDITS_SHARE = 0.5;

function nearest(value: string, allowed: string[]): string {
  if (allowed.length === 0 || value.length > 64) return "";
  const match = closest(
    value.toLowerCase(),
    allowed.map((name) => name.toLowerCase()),
  );
  const original = allowed.find((name) => name.toLowerCase() === match);
  const isNear =
    original !== undefined &&
    distance(value.toLowerCase(), match) <= Math.ceil(match.length * MAX_EDITS_SHARE);
  return isNear ? `; did you mean ${original}?` : "";
}

const article = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`);
