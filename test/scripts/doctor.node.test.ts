import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PlannedDeployment, readDeployment } from "../../scripts/doctor/deployment.ts";
import { diagnose, report } from "../../scripts/doctor/diagnosis.ts";

const TOKEN = "upstream-token-of-the-doctor-0123456789";
const KEY = "access-key-of-the-doctor-0123456789";
const PERSONAL = { ACEDATACLOUD_API_TOKEN: TOKEN, MCP_ACCESS_KEY: KEY };
const STRONG = { SECRET_KEY: "secret-key-of-the-doctor-0123456789", PUBLIC_URL: "https://veo.example.com" };
const GITHUB = {
  ACEDATACLOUD_API_TOKEN: TOKEN,
  GITHUB_CLIENT_ID: "id",
  GITHUB_CLIENT_SECRET: "client-secret-of-the-doctor",
  ...STRONG,
};

const planned = (variables: PlannedDeployment["variables"], hasRateLimit = true): PlannedDeployment => ({
  source: "this shell",
  variables,
  misspelt: [],
  hasRateLimit,
});
/** What the doctor says of a file. */
const reportOf = (variables: PlannedDeployment["variables"]) => {
  const deployment: PlannedDeployment = { ...planned(variables), source: ".dev.vars" };
  return report(deployment, diagnose(deployment));
};

describe("the doctor", () => {
  it.each<[string, PlannedDeployment, string[]]>([
    ["nothing of a complete personal deployment", planned({ ...PERSONAL, ...STRONG }), []],
    ["what is missing in a plain one", planned(PERSONAL), ["SECRET_KEY", "PUBLIC_URL"]],
    ["a missing rate limit", planned({ ...PERSONAL, ...STRONG }, false), ["AUTH_RATE_LIMIT"]],
    [
      "a short key",
      planned({ ...PERSONAL, ...STRONG, MCP_ACCESS_KEY: KEY.slice(0, 20) }),
      ["MCP_ACCESS_KEY"],
    ],
    [
      "a key that is the token",
      planned({ ...PERSONAL, ...STRONG, MCP_ACCESS_KEY: TOKEN }),
      ["MCP_ACCESS_KEY"],
    ],
    [
      "tasks that nobody watches",
      planned({ AUTH_MODE: "passthrough", PUBLIC_URL: STRONG.PUBLIC_URL }),
      ["SECRET_KEY"],
    ],
    [
      "logins that can be handed on",
      planned({ ...GITHUB, ALLOWED_GITHUB_USERS: "ada,id:7" }),
      ["ALLOWED_GITHUB_USERS"],
    ],
    [
      "membership that is seen late",
      planned({ ...GITHUB, ALLOWED_GITHUB_ORGS: "acme" }),
      ["ALLOWED_GITHUB_ORGS"],
    ],
    ["nothing of people named by number", planned({ ...GITHUB, ALLOWED_GITHUB_USERS: "id:7" }), []],
  ])("finds %s", (_what, deployment, names) => {
    const diagnosis = diagnose(deployment);
    expect(diagnosis).toMatchObject({ ok: true });
    const found = diagnosis.ok ? diagnosis.weaknesses : [];
    expect(found.map((line) => names.find((name) => line.includes(name)))).toEqual(names);
    const text = report(deployment, diagnosis);
    for (const secret of [TOKEN, KEY, STRONG.SECRET_KEY, GITHUB.GITHUB_CLIENT_SECRET])
      expect(text).not.toContain(secret);
  });

  it("reports every problem of a broken one at once, in the words of the 503 answer", () => {
    const deployment = planned({ AUTH_MODE: "team", LOG_LEVEL: "shouting" });
    const text = report(deployment, diagnose(deployment));
    for (const name of ["ACEDATACLOUD_API_TOKEN", "GITHUB_CLIENT_ID or OIDC_ISSUER", "LOG_LEVEL"])
      expect(text).toContain(`- ${name} `);
    expect(text).toContain("npx wrangler secret put ACEDATACLOUD_API_TOKEN");
    expect(text).not.toContain("shouting");
  });

  it.each<[string, PlannedDeployment["variables"], string[]]>([
    ["nothing", {}, ["ACEDATACLOUD_API_TOKEN", "MCP_ACCESS_KEY"]],
    ["a token only", { ACEDATACLOUD_API_TOKEN: TOKEN }, ["MCP_ACCESS_KEY"]],
    [
      "a team without a token",
      { ...GITHUB, ACEDATACLOUD_API_TOKEN: "", ALLOWED_GITHUB_USERS: "id:7" },
      ["ACEDATACLOUD_API_TOKEN"],
    ],
  ])(
    "does not call a file broken that npm start completes, and says what a deploy needs: %s",
    (_, variables, names) => {
      const text = reportOf(variables);
      expect(text).toContain("`npm start` runs with this file");
      expect(text.split("\n").filter((line) => line.startsWith("- "))).toEqual(
        names.map((name) => `- ${name} is not set: put it into .dev.vars`),
      );
      expect(text).toContain("npx wrangler secret bulk .dev.vars");
      expect(text).not.toContain("secret put");
    },
  );

  it("speaks of .dev.vars where npm start cannot use the file either", () => {
    const text = reportOf({ ...GITHUB, ACEDATACLOUD_API_TOKEN: "", GITHUB_CLIENT_SECRET: "" });
    expect(text).toContain("`npm start` cannot run with this file");
    expect(text).toContain("- GITHUB_CLIENT_SECRET is not set: put it into .dev.vars");
    expect(text).toContain("- ACEDATACLOUD_API_TOKEN is not set: put it into .dev.vars");
    expect(text).not.toContain("secret put");
  });

  it.each(["teem", "Personal", "<mode>"])(
    "says of an unknown mode only that, since it is not known what is needed: %s",
    (AUTH_MODE) => {
      for (const variables of [
        { AUTH_MODE },
        { AUTH_MODE, ...STRONG },
        { AUTH_MODE, GITHUB_CLIENT_ID: "id" },
      ]) {
        const deployment = planned(variables);
        expect(diagnose(deployment)).toEqual({
          ok: false,
          problems: ["AUTH_MODE must be one of personal, team, passthrough, acedata"],
          missing: [],
        });
      }
    },
  );
});

describe("what the doctor reads", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "veo-doctor-"));
    await writeFile(join(root, "wrangler.toml"), 'name = "x"\n[vars]\nMCP_SERVER_NAME = "from wrangler"\n');
  });
  afterEach(() => rm(root, { recursive: true }));

  it("is .dev.vars where there is one, and nothing of the shell then", async () => {
    await writeFile(join(root, ".dev.vars"), `MCP_ACCESS_KEY=${KEY}\n`);
    const shell = { ACEDATACLOUD_API_TOKEN: TOKEN, PATH: "/bin" };
    expect(readDeployment(root, shell, false)).toEqual({
      source: ".dev.vars",
      misspelt: [],
      variables: { MCP_SERVER_NAME: "from wrangler", MCP_ACCESS_KEY: KEY },
      hasRateLimit: false,
    });
    expect(readDeployment(root, shell, true).variables).toEqual({
      MCP_SERVER_NAME: "from wrangler",
      ACEDATACLOUD_API_TOKEN: TOKEN,
    });
  });

  it("is the shell where there is no .dev.vars", () => {
    expect(readDeployment(root, PERSONAL, false)).toMatchObject({
      source: "this shell, as there is no .dev.vars",
      variables: PERSONAL,
    });
  });

  it("is told of names that are nearly right, and not of others", async () => {
    await writeFile(
      join(root, ".dev.vars"),
      [
        "GITHUB_CLIENT_SECERT=x",
        "auth_mode=team",
        "ACEDATA_API_TOKEN=x",
        "CLOUDFLARE_API_TOKEN=x",
        "PORT=1",
      ].join("\n"),
    );
    const shell = { GITHUB_BASE_REF: "main", GITHUB_API_URL: "x", MCP_ACCES_KEY: KEY };
    const deployment = readDeployment(root, shell, false);
    expect(deployment.misspelt.toSorted()).toEqual([
      "ACEDATA_API_TOKEN is not a variable of this server: did you mean ACEDATACLOUD_API_TOKEN?",
      "GITHUB_CLIENT_SECERT is not a variable of this server: did you mean GITHUB_CLIENT_SECRET?",
      "auth_mode is not a variable of this server: did you mean AUTH_MODE?",
    ]);
    const text = report(deployment, diagnose(deployment));
    for (const line of deployment.misspelt) expect(text).toContain(`- ${line}`);
    // A shell is full of names that have nothing to do with us.
    expect(readDeployment(root, shell, true).misspelt).toEqual([
      "MCP_ACCES_KEY is not a variable of this server: did you mean MCP_ACCESS_KEY?",
    ]);
  });

  it("ends with status 1 when the server would not answer", async () => {
    const doctor = join(import.meta.dirname, "../../scripts/doctor.ts");
    const run = (env: Record<string, string>, option = "--shell") =>
      promisify(execFile)(process.execPath, [doctor, option], { env: { PATH: process.env.PATH, ...env } });
    await expect(run({})).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining("MCP_ACCESS_KEY"),
    });
    expect((await run(PERSONAL)).stdout).toContain("Mode personal: the configuration is complete.");
    // An option that it does not know might have been meant to change what is checked.
    await expect(run(PERSONAL, "--shel")).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/Unknown option '--shel'[\s\S]*npm run doctor/),
    });
  });
});
