import type { Log } from "../log.ts";
import type { CallerContext, Deployment, ToolContext } from "../tools/define-tool.ts";
import { TOOLS } from "../tools/registry.ts";
import { completeArgument, getPrompt, listPrompts } from "./prompt-methods.ts";
import { MAX_COMPLETIONS } from "./prompts/define-prompt.ts";
import { completeResource, listResources, listResourceTemplates, readResource } from "./resource-methods.ts";
import { instructions, serverInfo } from "./server-info.ts";
import { callTool, listTools } from "./tool-methods.ts";

export type Reference = { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string };

/**
 * Everything this server offers, once: the methods of the protocol as plain functions, which the lanes register
 * with their SDKs. What the two generations share is here, so they cannot drift apart; a list is made once.
 */
export function createCatalogue(deployment: Deployment, log: Log) {
  const offered = TOOLS.filter(({ name }) => !deployment.disabledTools.has(name));
  const byName = new Map(offered.map((tool) => [tool.name, tool]));
  const tools = listTools(offered, deployment);
  return {
    serverInfo: serverInfo(deployment),
    instructions: instructions(deployment),
    listTools: () => ({ tools }),
    callTool: (call: { name: string; arguments?: unknown }, context: ToolContext) =>
      context.hold(() => callTool(byName, call, context, log)),
    listPrompts: () => ({ prompts: listPrompts() }),
    getPrompt: (name: string, args: Record<string, string> | undefined, context: CallerContext) =>
      getPrompt(name, args ?? {}, context),
    listResources: () => ({ resources: listResources() }),
    listResourceTemplates: () => ({ resourceTemplates: listResourceTemplates() }),
    readResource,
    complete(reference: Reference, argument: { name: string; value: string }, context: CallerContext) {
      const values =
        reference.type === "ref/prompt"
          ? completeArgument(reference.name, argument.name, argument.value, context)
          : completeResource(reference.uri, argument.name, argument.value, context);
      return {
        completion: { values: values.slice(0, MAX_COMPLETIONS), hasMore: values.length > MAX_COMPLETIONS },
      };
    },
  };
}
export type Catalogue = ReturnType<typeof createCatalogue>;
