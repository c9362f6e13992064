import { describe, expect, it } from "vitest";
import { readSettings } from "../../src/agent/settings.ts";

const GOOD = { ACEDATACLOUD_API_TOKEN: "token", MCP_ACCESS_KEY: "0123456789abcdef" };

describe("a deployment's variables", () => {
  it("need only the two secrets", () => {
    const settings = readSettings(GOOD);
    expect(settings.ok && settings.configuration).toMatchObject({
      upstreamBaseUrl: "https://api.acedata.cloud/",
      defaultModel: "veo31-fast",
      requestTimeoutMs: 30_000,
      disabledTools: [],
      allowedOrigins: [],
      serverName: "veo",
      retentionMs: 90 * 86_400_000,
      logLevel: "info",
    });
  });

  it.each([
    ["ACEDATACLOUD_API_TOKEN", undefined],
    ["ACEDATACLOUD_API_TOKEN", ""],
    ["ACEDATACLOUD_API_TOKEN", "two words"],
    ["ACEDATACLOUD_API_TOKEN", "pasted\n"],
    ["MCP_ACCESS_KEY", undefined],
    ["MCP_ACCESS_KEY", "short"],
    ["MCP_ACCESS_KEY", "with spaces in the middle"],
    ["AUTH_MODE", "everybody"],
    ["SECRET_KEY", "thirty-one characters long only"],
    ["ACEDATACLOUD_API_BASE_URL", "nonsense"],
    ["ACEDATACLOUD_API_BASE_URL", "http://api.acedata.cloud"],
    ["ACEDATACLOUD_API_BASE_URL", "ftp://api.acedata.cloud"],
    ["VEO_DEFAULT_MODEL", "veo2"],
    ["VEO_DEFAULT_MODEL", "veo31-fast-ingredients"],
    ["VEO_REQUEST_TIMEOUT", "0"],
    ["VEO_REQUEST_TIMEOUT", "61"],
    ["VEO_REQUEST_TIMEOUT", "fast"],
    ["VEO_DISABLED_TOOLS", "veo_reshoot, veo_nothing"],
    ["PUBLIC_URL", "https://veo.example/path"],
    ["PUBLIC_URL", "http://veo.example"],
    ["ALLOWED_ORIGINS", "*"],
    ["MCP_SERVER_NAME", "<veo>"],
    ["TASK_RETENTION_DAYS", "0"],
    ["LOG_LEVEL", "loud"],
  ])("have a problem with %s=%j, which names it and not its value", (name, value) => {
    const settings = readSettings({ ...GOOD, [name]: value });
    expect(settings.ok).toBe(false);
    const problems = settings.ok ? [] : settings.problems;
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} `));
    if (value !== undefined && value.length > 4) expect(problems[0]).not.toContain(value);
  });

  it.each([
    ["VEO_DEFAULT_MODEL", "veo31", { defaultModel: "veo31" }],
    ["VEO_REQUEST_TIMEOUT", "60", { requestTimeoutMs: 60_000 }],
    ["VEO_DISABLED_TOOLS", "veo_reshoot, veo_upsample,", { disabledTools: ["veo_reshoot", "veo_upsample"] }],
    [
      "ALLOWED_ORIGINS",
      "https://a.test,http://localhost:3000",
      { allowedOrigins: ["https://a.test", "http://localhost:3000"] },
    ],
    ["ACEDATACLOUD_API_BASE_URL", "http://127.0.0.1:8788", { upstreamBaseUrl: "http://127.0.0.1:8788/" }],
    ["TASK_RETENTION_DAYS", "1", { retentionMs: 86_400_000 }],
    ["MCP_SERVER_NAME", "My Veo", { serverName: "My Veo" }],
  ])("take %s=%s", (name, value, expected) => {
    const settings = readSettings({ ...GOOD, [name]: value });
    expect(settings.ok && settings.configuration).toMatchObject(expected);
  });
});
