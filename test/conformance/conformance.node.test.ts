import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCESS_KEY, AUTHORIZATION, SECRETS } from "../e2e/server.ts";
import { useServers } from "../e2e/use-servers.ts";
import { runAuthorizationScenarios } from "./authorization-suite.ts";
import { baselinePath, readBaseline } from "./baseline.ts";
import { FIXTURE_WORKER, listScenarios, runScenario } from "./conformance-suite.ts";
import { type HeaderProxy, startHeaderProxy } from "./header-proxy.ts";
import { AUTHORIZATION_REVISIONS, EMPTY_TASKS_SCENARIO, FIXTURES, REVISIONS } from "./scenarios.ts";

const SERVERS = ["product", "fixtures"] as const;
type ServerName = (typeof SERVERS)[number];
const product = useServers({ product: SECRETS });
const withFixtures = useServers({ fixtures: SECRETS }, FIXTURE_WORKER);
const server = (name: ServerName) => (name === "product" ? product(name) : withFixtures(name));
const proxies = new Map<ServerName, HeaderProxy>();
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "veo-conformance-"));
  for (const name of SERVERS) proxies.set(name, await startHeaderProxy(server(name).url, AUTHORIZATION));
});

afterAll(async () => {
  for (const proxy of proxies.values()) await proxy.close();
  await rm(directory, { recursive: true, force: true });
});

const runsOf = (target: ServerName, suites: typeof REVISIONS | typeof FIXTURES) =>
  suites.flatMap(({ revision, scenarios }) =>
    Object.entries(scenarios).map(([scenario, passed]) => ({ target, revision, scenario, passed })),
  );
const RUNS = [...runsOf("product", REVISIONS), ...runsOf("fixtures", FIXTURES)];

describe.concurrent("the conformance suite", () => {
  it.for(RUNS)("passes $passed checks of $scenario, $revision, $target", async (run) => {
    const { target, revision, scenario, passed } = run;
    const report = await runScenario({
      mcpUrl: `${proxies.get(target)?.url}/mcp`,
      revision,
      scenario,
      ...(target === "product" && { baseline: baselinePath(revision) }),
      directory,
    });
    expect(report.code, report.output).toBe(0);
    expect(report.checks("SUCCESS"), report.output).toHaveLength(passed);
    // The suite lets a check of the baseline be absent; here each of them must really have failed.
    const baseline = target === "product" ? readBaseline(revision) : [];
    const expected = baseline.filter(({ name }) => name.startsWith(`${scenario}:`));
    const failed = [...report.checks("FAILURE"), ...report.checks("WARNING")];
    expect(failed.map((id) => `${scenario}:${id}`).sort()).toEqual(expected.map(({ name }) => name).sort());
  });

  it("has no scenario about tasks that is left out, but for the one that looks at nothing", async () => {
    const aboutTasks = (await listScenarios(directory)).filter((name) => name.startsWith("tasks-"));
    const run = RUNS.map(({ scenario }) => scenario).filter((name) => name.startsWith("tasks-"));
    expect(aboutTasks.sort()).toEqual([...run, EMPTY_TASKS_SCENARIO].sort());
  });

  it.for(REVISIONS)(
    "would fail on DNS rebinding, were Host and Origin not looked at, $revision",
    async ({ revision }) => {
      // What a server that looks at neither would see of them: its own name, and no page.
      const { url, mcpUrl } = server("product");
      const blind = await startHeaderProxy(url, { ...AUTHORIZATION, host: mcpUrl.host }, ["origin"]);
      const scenario = "dns-rebinding-protection";
      const report = await runScenario({ mcpUrl: `${blind.url}/mcp`, revision, scenario, directory });
      expect(report.code).toBe(1);
      expect(report.checks("FAILURE")).toEqual(["localhost-host-rebinding-rejected"]);
      await blind.close();
    },
  );
});

describe.concurrent("the conformance suite's part for authorization servers", () => {
  it.for(AUTHORIZATION_REVISIONS)("passes all of its checks, $revision", async ({ revision, scenarios }) => {
    const { mcpUrl } = server("product");
    const consent = { decision: "approve", secret: ACCESS_KEY } as const;
    const reports = await runAuthorizationScenarios({ mcpUrl, revision, consent, directory });
    const passed = Object.values(scenarios);
    expect(reports.map((report) => report.checks("SUCCESS").length)).toEqual(passed);
    for (const { code, output, checks } of reports) {
      expect(code, output).toBe(0);
      for (const status of ["FAILURE", "WARNING", "SKIPPED"] as const)
        expect(checks(status), output).toEqual([]);
    }
  });

  it("would fail, were nobody let in", async () => {
    const { mcpUrl } = server("product");
    const consent = { decision: "deny", secret: ACCESS_KEY } as const;
    const reports = await runAuthorizationScenarios({ mcpUrl, revision: "2026-07-28", consent, directory });
    expect(reports.map((report) => report.checks("FAILURE"))).toEqual([[], ["authorization-code-grant"]]);
    expect(reports.map(({ code }) => code)).toEqual([1, 1]);
  });
});

describe.each(SERVERS)("all of the scenarios together, %s", (target) => {
  it("call tools with what they make up, and nothing is spent", () => {
    expect(server(target).simulator.requestsTo("paid")).toEqual([]);
  });
});

describe.each(REVISIONS)("the baseline of $revision", ({ revision, scenarios }) => {
  it("gives a reason for every entry, and excuses single checks of scenarios that run", () => {
    for (const { name, reason } of readBaseline(revision)) {
      expect(name).toMatch(/^[\w-]+:[\w-]+$/);
      expect(Object.keys(scenarios)).toContain(name.split(":")[0]);
      expect(reason, name).toMatch(/\w+ \w+ \w+/);
    }
  });
});
