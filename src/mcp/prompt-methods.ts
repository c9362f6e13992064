import { ProtocolProblem } from "./problem.ts";
import type { Prompt, PromptContext } from "./prompts/define-prompt.ts";
import { styleSuggestions } from "./prompts/veo_style_suggestions.ts";
import { videoGenerationGuide } from "./prompts/veo_video_generation_guide.ts";
import { workflowExamples } from "./prompts/veo_workflow_examples.ts";

export const PROMPTS: readonly Prompt[] = [videoGenerationGuide, workflowExamples, styleSuggestions];

/** What `prompts/list` answers. */
export const listPrompts = () =>
  PROMPTS.map(({ name, title, description, arguments: args }) => ({
    name,
    title,
    description,
    arguments: args.map((argument) => ({
      name: argument.name,
      description: argument.description,
      required: false,
    })),
  }));

/** What `prompts/get` answers: one message of the user's. */
export function getPrompt(name: string, args: Record<string, string>, context: PromptContext) {
  const prompt = promptNamed(name);
  const known = new Set(prompt.arguments.map((argument) => argument.name));
  const unknown = Object.keys(args).filter((key) => !known.has(key));
  if (unknown.length > 0)
    throw new ProtocolProblem(
      "invalid_params",
      `${name} takes ${[...known].join(", ")}, not ${unknown.join(", ").slice(0, 64)}`,
    );
  const text = prompt.render(args, context);
  return {
    description: prompt.description,
    messages: [{ role: "user" as const, content: { type: "text" as const, text } }],
  };
}

/** @returns completions of one argument of a prompt. */
export function completeArgument(
  name: string,
  argument: string,
  typed: string,
  context: PromptContext,
): readonly string[] {
  return (
    promptNamed(name)
      .arguments.find((candidate) => candidate.name === argument)
      ?.complete?.(typed, context) ?? []
  );
}

function promptNamed(name: string): Prompt {
  const prompt = PROMPTS.find((candidate) => candidate.name === name);
  if (prompt === undefined)
    throw new ProtocolProblem("invalid_params", `Unknown prompt: ${name.slice(0, 64)}`);
  return prompt;
}
