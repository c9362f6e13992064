import { type ConfigurationResult, readConfiguration } from "../config/configuration.ts";
import type { Variables } from "../config/variables.ts";
import type { Deployment } from "../tools/define-tool.ts";
import { TOOL_NAMES } from "../tools/registry.ts";
import { PRICES, TEXT_TO_VIDEO_MODELS } from "../veo/capabilities.ts";
import { PRICE_KEYS } from "../veo/prices.ts";

/** A deployment's settings together with what its tools make of them. */
export type Settings = {
  ok: true;
  configuration: Extract<ConfigurationResult, { ok: true }>["configuration"];
  deployment: Deployment;
};
export type SettingsResult = Settings | { ok: false; problems: string[] };

let latest: { key: string; result: SettingsResult } | undefined;

/**
 * Reads a deployment's variables, once for each set of values: an isolate may outlive a deploy that changes only
 * variables, so the values themselves are the key.
 */
export function readSettings(variables: Variables): SettingsResult {
  const key = JSON.stringify(Object.entries(variables).filter(([, value]) => typeof value === "string"));
  if (latest?.key !== key) latest = { key, result: read(variables) };
  return latest.result;
}

function read(variables: Variables): SettingsResult {
  const result = readConfiguration(variables, {
    models: TEXT_TO_VIDEO_MODELS,
    tools: TOOL_NAMES,
    priceKeys: PRICE_KEYS,
    prices: PRICES,
  });
  if (!result.ok) return result;
  const { configuration } = result;
  const defaultModel = TEXT_TO_VIDEO_MODELS.find((model) => model === configuration.defaultModel);
  if (defaultModel === undefined)
    return { ok: false, problems: ["VEO_DEFAULT_MODEL must be one that can do text to video"] };
  return {
    ok: true,
    configuration,
    deployment: {
      serverName: configuration.serverName,
      defaultModel,
      disabledTools: new Set(configuration.disabledTools),
      payer: configuration.upstreamToken === undefined ? "caller" : "operator",
      prices: configuration.limits.prices,
    },
  };
}
