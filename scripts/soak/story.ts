import { ToolFailure } from "../../test/e2e/tool-result.ts";
import type { Order } from "./orders.ts";

/** What became of an order, as the one who made it sees it. */
export interface Story {
  readonly order: Order;
  /** How often it was sent. */
  calls: number;
  /** Whether it is being sent at the moment. */
  isUnderWay: boolean;
  /** What was heard instead of an answer: codes of tools that failed, and what clients said of all else. */
  readonly setbacks: string[];
  /** Every id that was given for it. */
  readonly ids: Set<string>;
  /** Its state, when somebody was told that it is over. */
  ended?: string;
}

const MAX_SAID_CHARS = 100;

/** What somebody heard instead of an answer: the code of a tool that failed, or what the client says of the rest. */
export function setbackOf(error: unknown): string {
  if (error instanceof ToolFailure) return error.code;
  const [said = ""] = String(error).split("\n", 1);
  return `${NO_ANSWER}: ${said.replace(/https?:\S+/g, "…").slice(0, MAX_SAID_CHARS)}`;
}

/** Begins the setbacks in which no tool has a part. */
export const NO_ANSWER = "no answer";

interface Seen {
  readonly state?: string | undefined;
  readonly task_id?: string | undefined;
  readonly submission_id?: string | undefined;
}

/** Writes down what an answer says of the order. */
export function note(story: Story, { state, task_id, submission_id }: Seen): string | undefined {
  const id = task_id ?? submission_id;
  if (id !== undefined) story.ids.add(id);
  if (state === "succeeded" || state === "failed") story.ended = state;
  return id;
}
