import type { Ledger } from "../../ledger/ledger.ts";
import type { Deployment } from "../../tools/define-tool.ts";

export interface PromptContext {
  deployment: Deployment;
  ledger: Ledger;
}

/** An argument of a prompt: always optional text, as the protocol has it, with what it may be completed to. */
export interface PromptArgument {
  name: string;
  description: string;
  /** @returns values that begin with what was typed. Absent: anything goes. */
  complete?: (typed: string, context: PromptContext) => readonly string[];
}

export interface Prompt {
  name: string;
  title: string;
  description: string;
  arguments: readonly PromptArgument[];
  render: (args: Readonly<Record<string, string>>, context: PromptContext) => string;
}

/** The protocol takes at most 100 completions (2025-11-25, "Completion"). */
export const MAX_COMPLETIONS = 100;

/** @returns those of `values` that begin with what was typed, whatever the case. */
export const beginningWith = (values: readonly string[], typed: string): string[] =>
  values.filter((value) => value.toLowerCase().startsWith(typed.toLowerCase()));
