import { z } from "zod";
import { describeError } from "../error-words.ts";
import type { Payer, VeoError } from "../errors.ts";
import { errorName, type Log, type LogFieldsOf } from "../log.ts";
import type { Answer, Deployment, MediaLink, RegisteredTool, ToolContext } from "../tools/define-tool.ts";
import { limitView } from "../tools/limit-view.ts";
import { traceIn } from "../veo/upstream-http.ts";
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
  if (tool === undefined) {
    // Without its name, in which a client may have put anything.
    log("info", "tool_call", { outcome: "unknown_tool", duration_ms: 0 });
    throw new ProtocolProblem("invalid_params", `Unknown tool: ${call.name.slice(0, 64)}`);
  }
  const { payer } = context.deployment;
  const startedAtMs = Date.now();
  const logCall = (level: "info" | "error", outcome: string, facts: LogFieldsOf<"tool_call">) =>
    log(level, "tool_call", {
      tool: tool.name,
      outcome,
      duration_ms: Date.now() - startedAtMs,
      ...facts,
    });
  try {
    const answered = await tool.call(call.arguments ?? {}, context);
    if (answered.ok) {
      const { taskId, structured } = answered.value;
      const result = successResult(answered.value);
      logCall("info", "ok", { submission_id: taskId, trace_id: traceIn(structured) });
      return { result, taskId };
    }
    const { error } = answered;
    logCall("info", describeError(error, payer).code, factsOf(error));
    return { result: errorResult(error, payer) };
  } catch (error) {
    const incident = crypto.randomUUID();
    logCall("error", "internal", { incident, error: errorName(error) });
    return { result: errorResult({ kind: "internal", incident }, payer) };
  }
}

/** What the log says of a failure beside its code: which submission, and what the upstream answered. */
function factsOf(error: VeoError): LogFieldsOf<"tool_call"> {
  const failure = "failure" in error ? error.failure : undefined;
  return {
    ...("submissionId" in error && { submission_id: error.submissionId }),
    ...(error.kind === "limit_reached" && { limit: error.limit }),
    ...(error.kind === "price_missing" && { limit: "MAX_CREDITS_PER_DAY" }),
    ...(failure?.kind === "status" && {
      trace_id: traceIn({ trace_id: failure.traceId }),
      status: failure.status,
    }),
  };
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
  const { code, retryable, what, nextStep, traceId, limit } = describeError(error, payer);
  return {
    isError: true,
    content: [{ type: "text", text: `${what}\n${nextStep}` }],
    _meta: {
      "veo/error": {
        code,
        retryable,
        next_step: nextStep,
        ...(traceId !== undefined && { trace_id: traceId }),
        ...(limit !== undefined && limitView(limit)),
      },
    },
  };
}
