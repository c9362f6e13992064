import { z } from "zod";
import type { Fault } from "./faults.ts";

const listSchema = z.looseObject({ items: z.array(z.looseObject({})) });

/** What an answer to a query of tasks says when its records are not those that it should have. */
export function changedRecords(change: Extract<Fault, { kind: "records" }>["change"], text: string): string {
  const list = listSchema.parse(JSON.parse(text));
  const items = changed(change, list.items);
  return JSON.stringify({ ...list, items, count: items.length });
}

function changed(change: Extract<Fault, { kind: "records" }>["change"], items: object[]): object[] {
  switch (change) {
    case "foreign":
      // The end of a list stays its end.
      return items.length === 0 ? [] : [FOREIGN, ...items, { ...FOREIGN, id: "foreign-2" }];
    case "duplicated":
      // The second copy is older than the first: there it still runs.
      return [...items, ...items.map((item) => ({ ...item, response: null }))];
    case "missing":
      return [];
  }
}

/** A video of somebody else, whose address nobody here may ever see. */
export const FOREIGN = {
  id: "foreign-1",
  trace_id: "foreign-trace",
  created_at: 1,
  type: "videos",
  request: { action: "text2video", prompt: "somebody else's", model: "veo31" },
  response: {
    success: true,
    task_id: "foreign-1",
    data: [{ id: "foreign-video", video_url: "https://foreign.test/v.mp4", state: "succeeded" }],
  },
} as const;
