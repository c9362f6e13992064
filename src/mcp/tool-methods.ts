import { z } from "zod";
import { describeError } from "../error-words.ts";
import type { Payer, VeoError } from "../errors.ts";
import { errorName, type Log } from "../log.ts";
import type { Answer, Deployment, MediaLink, RegisteredTool, ToolContext } from "../tools/define-tool.ts";
import { ProtocolProblem } from "./problem.ts";

/** A tool as `tools/list` shows it. */
export interface ListedTool {
  [key: string]: unknown;
  name: string;
  title: string;
  description: string;
  annotations: RegisteredTool["annotations"];
  inputSchema: ObjectSchema;
  outputSchema: ObjectSchema;
}

const objectSchema = z.looseObject({ type: z.literal("object") });
type ObjectSchema = z.infer<typeof objectSchema>;

/**
 * The tools of a deployment as JSON. Converting a schema costs about 0.3 ms (protocol-notes.md), so this is done
 * once and the result kept.
 */
export function listTools(tools: readonly RegisteredTool[], deployment: Deployment): ListedTool[] {
  return tools.map(({ name, title, description, annotations, input, output }) => ({
    name,
    title,
    description,
    annotations,
    inputSchema: toJson(input(deployment), "input"),
    outputSchema: toJson(output, "output"),
  }));
}

/** Draft 7: what every client's validator reads, the 2025 ones included. */
function toJson(schema: z.ZodObject, io: "input" | "output"): ObjectSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: "draft-7",
    io,
    // `additionalProperties: {}` is the default, said in a way that some clients do not read.
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties !== false) delete jsonSchema.additionalProperties;
    },
  });
  return objectSchema.parse(json);
}

type Content = { type: "text"; text: string } | ({ type: "resource_link" } & MediaLink);
/** What `tools/call` answers, in the shape that both generations share. */
export interface CalledTool {
  [key: string]: unknown;
  content: Content[];
  structuredContent?: Record<string, unknown>;
  isError?: true;
  _meta?: Record<string, unknown>;
}

/**
 * Runs a tool. The one place where a failure, foreseen or not, becomes what a model reads.
 * @returns what it answers, and the task that came of it, if one did.
 */
export async function callTool(
  tools: ReadonlyMap<string, RegisteredTool>,
  call: { name: string; arguments?: unknown },
  context: ToolContext,
  log: Log,
): Promise<{ result: CalledTool; taskId?: string | undefined }> {
  const tool = tools.get(call.name);
  if (tool === undefined)
    throw new ProtocolProblem("invalid_params", `Unknown tool: ${call.name.slice(0, 64)}`);
  const startedAtMs = Date.now();
  const logCall = (outcome: string, taskId?: string) =>
    log("info", "tool_call", {
      tool: tool.name,
      outcome,
      duration_ms: Date.now() - startedAtMs,
      submission_id: taskId,
    });
  try {
    const answered = await tool.call(call.arguments ?? {}, context);
    if (answered.ok) {
      const { taskId } = answered.value;
      logCall("ok", taskId);
      return { result: successResult(answered.value), taskId };
    }
    logCall(describeError(answered.error, context.deployment.payer).code);
    return { result: errorResult(answered.error, context.deployment.payer) };
  } catch (error) {
    const incident = crypto.randomUUID();
    log("error", "tool_crashed", { tool: tool.name, incident, error: errorName(error) });
    return { result: errorResult({ kind: "internal", incident }, context.deployment.payer) };
  }
}

/** What a tool answered, as the protocol has it. */
export function successResult({ structured, markdown, links = [] }: Answer<object>): CalledTool {
  return {
    content: [
      { type: "text", text: markdown ?? JSON.stringify(structured) },
      ...links.map((link) => ({ type: "resource_link" as const, ...link })),
    ],
    structuredContent: { ...structured },
  };
}

/** A failure in words, without structured content: the v1 client checks it against the output schema even here. */
export function errorResult(error: VeoError, payer: Payer): CalledTool {
  const { code, retryable, what, nextStep, traceId } = describeError(error, payer);
  return {
    isError: true,
    content: [{ type: "text", text: `${what}\n${nextStep}` }],
    _meta: {
      "veo/error": {
        code,
        retryable,
        next_step: nextStep,
        ...(traceId !== undefined && { trace_id: traceId }),
      },
    },
  };
}
