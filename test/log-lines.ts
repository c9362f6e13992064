import { expect, vi } from "vitest";
import { z } from "zod";
import { LOG_EVENTS, LOG_LEVELS } from "../src/log.ts";

const lineSchema = z.looseObject({ event: z.string() });

/** A line of the log: its fields, and the level that it was written at. */
export type LogLine = z.infer<typeof lineSchema> & { level: string };

/** Everything that the Worker and its objects write to the log from here on, until the world ends. */
export interface LogLines {
  /** @returns the lines since the last time, but for those of `without`. */
  take(...without: readonly string[]): LogLine[];
  /** @returns all lines of an event so far. */
  of(event: string): LogLine[];
  /** @returns all lines so far. */
  all(): readonly LogLine[];
  /** All that was written, as it was written. */
  text(): string;
}

/** What the README says of each event. */
const documented = new Map<string, { levels: readonly string[]; fields: readonly string[] }>(
  Object.entries(LOG_EVENTS),
);

/** Fails where a line is written at another level, or has other fields, than the README says. */
export function expectDocumented(lines: LogLines): void {
  for (const { event, level, account: _, ...fields } of lines.all()) {
    expect(documented.get(event)?.levels, event).toContain(level);
    for (const field of Object.keys(fields)) expect(documented.get(event)?.fields, event).toContain(field);
  }
}

/** Reads the log from here on, in place of the console. */
export function readLog(): LogLines {
  const written: string[] = [];
  const lines: LogLine[] = [];
  let taken = 0;
  for (const level of LOG_LEVELS)
    vi.spyOn(console, level).mockImplementation((...said: unknown[]) => {
      written.push(said.map(String).join(" "));
      // Whatever is no line of ours fails here, in the test that reads the log.
      lines.push({ ...lineSchema.parse(JSON.parse(String(said[0]))), level });
    });
  return {
    take(...without) {
      const fresh = lines.slice(taken).filter(({ event }) => !without.includes(event));
      taken = lines.length;
      return fresh;
    },
    of: (event) => lines.filter((line) => line.event === event),
    all: () => lines,
    text: () => written.join("\n"),
  };
}
