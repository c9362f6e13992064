import type { z } from "zod";
import type { Payer, Result } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Progress } from "../ledger/progress.ts";
import type { CallbackAddress } from "../ledger/submission.ts";
import type { Model } from "../veo/capabilities.ts";
import { parseArguments } from "./arguments.ts";

/** What a deployment decided about its tools. */
export interface Deployment {
  serverName: string;
  defaultModel: Model;
  /** Tools that nobody sees or calls. */
  disabledTools: ReadonlySet<string>;
  /** Whose AceDataCloud key pays: what there is to do about a refused one depends on it. */
  payer: Payer;
  /** Credits by what is bought (`prices.ts`): those that are published, and those that the owner knows. */
  prices: Readonly<Record<string, number>>;
}

/** Who calls, and what there is for them: never the SDK's server, the environment or the request. */
export interface CallerContext {
  deployment: Deployment;
  ledger: Ledger;
  /** Whether the caller owns the upstream's token, and so every task of it (tool-surface.md, "Whose task?"). */
  ownsToken: boolean;
  /** Makes the address at which the upstream may ring for a submission; absent where it cannot reach this server. */
  callbackAddressFor?: CallbackAddress | undefined;
  /** Runs a call with what its caller came with, which lasts until the call is over. */
  hold<T>(call: () => Promise<T>): Promise<T>;
}

/** What a tool gets: who calls, and what concerns this one call. */
export interface ToolContext extends CallerContext {
  /** Says that the caller left. */
  signal?: AbortSignal | undefined;
  /** Tells the caller how far a call is, if they want to know. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Whether the caller follows tasks by itself, with the Tasks extension. */
  followsTasks: boolean;
}

/** A link to something finished, for clients that show it. */
export interface MediaLink {
  uri: string;
  name: string;
  title: string;
  mimeType: string;
}

/** What a tool answers: the data, the same as Markdown where people read it, and links to finished media. */
export interface Answer<Output> {
  structured: Output;
  markdown?: string;
  links?: MediaLink[];
  /** The task that came of the call, for callers that follow tasks by themselves. */
  taskId?: string;
}

export interface ToolAnnotations {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  name: string;
  title: string;
  description: string;
  annotations: ToolAnnotations;
  /** The arguments, as this deployment takes them. */
  input: (deployment: Deployment) => Input;
  output: Output;
  run: (args: z.output<Input>, context: ToolContext) => Promise<Result<Answer<z.input<Output>>>>;
}

/** A tool with its types forgotten, for the registry: it parses its arguments itself, so nothing is cast. */
export interface RegisteredTool extends Omit<Tool, "run"> {
  /** Runs the tool on arguments as a client sent them. */
  call: (args: unknown, context: ToolContext) => Promise<Result<Answer<object>>>;
}

/** Names a tool's types once, and returns it as the registry keeps it. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  tool: Tool<Input, Output>,
): RegisteredTool {
  // A schema costs a millisecond to make, and a deployment's settings change only with the deployment.
  const schemas = new WeakMap<Deployment, Input>();
  const input = (deployment: Deployment): Input => {
    const schema = schemas.get(deployment) ?? tool.input(deployment);
    schemas.set(deployment, schema);
    return schema;
  };
  const { name, title, description, annotations, output } = tool;
  return {
    name,
    title,
    description,
    annotations,
    output,
    input,
    async call(args, context) {
      const parsed = parseArguments(input(context.deployment), args);
      return parsed.ok ? tool.run(parsed.value, context) : parsed;
    },
  };
}

/** Spends credits of somebody's account at a third party. */
export const SPENDS: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: false,
  openWorldHint: true,
};
/** Asks how things stand; asking twice changes nothing. */
export const QUERIES: ToolAnnotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: true,
};
/** Answers from what this server knows. */
export const INFORMS: ToolAnnotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};
