import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLocalVariables } from "../../scripts/start/local-variables.ts";

const SIMULATOR = "http://127.0.0.1:8788";
const TOKEN = "upstream-token-of-a-file-0123456789";
const KEY = "access-key-of-a-file-0123456789";
const TEAM = ["GITHUB_CLIENT_ID=id", "GITHUB_CLIENT_SECRET=client-secret", "ALLOWED_GITHUB_USERS=ada"];

describe("what npm start makes of .dev.vars", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "veo-start-"));
  });
  afterEach(() => rm(root, { recursive: true }));
  const read = async (lines?: string[]) => {
    if (lines !== undefined) await writeFile(join(root, ".dev.vars"), lines.join("\n"));
    return readLocalVariables(root, 8787, SIMULATOR);
  };
  /** What it adds to the file. */
  const added = async () => parseEnv(await readFile(join(root, ".wrangler/start-8787.env"), "utf8"));

  it("needs none: the access key is made once, and the upstream is simulated", async () => {
    const { entry, ...first } = await read();
    expect(first).toEqual({
      isReal: false,
      upstreamUrl: SIMULATOR,
      misspelt: [],
      envFiles: [join(root, ".wrangler/start-8787.env")],
      storage: join(root, ".wrangler/state-simulated"),
    });
    expect(entry).toEqual({ mode: "personal", accessKey: expect.stringMatching(/^[0-9a-f]{48}$/) });
    expect((await read()).entry).toEqual(entry);
    expect((await stat(join(root, ".wrangler/start-8787.env"))).mode & 0o077).toBe(0);
  });

  /** The simulator runs beside the server, and can ring. */
  const DOORBELL = ["CALLBACKS", "SECRET_KEY"];
  it.each<[string, string[], string, boolean, string[]]>([
    ["a token", [`ACEDATACLOUD_API_TOKEN=${TOKEN}`], "personal", true, ["MCP_ACCESS_KEY"]],
    ["both secrets", [`ACEDATACLOUD_API_TOKEN=${TOKEN}`, `MCP_ACCESS_KEY=${KEY}`], "personal", true, []],
    ["a team", TEAM, "team", false, ["ACEDATACLOUD_API_BASE_URL", "ACEDATACLOUD_API_TOKEN", ...DOORBELL]],
    [
      "pass-through",
      ["AUTH_MODE=passthrough"],
      "passthrough",
      false,
      ["ACEDATACLOUD_API_BASE_URL", ...DOORBELL],
    ],
    [
      "pass-through without a doorbell",
      ["AUTH_MODE=passthrough", "CALLBACKS=off", `SECRET_KEY=${KEY}${KEY}`],
      "passthrough",
      false,
      ["ACEDATACLOUD_API_BASE_URL"],
    ],
    [
      "the real API, where everybody pays",
      ["AUTH_MODE=passthrough", "ACEDATACLOUD_API_BASE_URL=https://api.acedata.cloud"],
      "passthrough",
      true,
      [],
    ],
  ])("adds what is missing, and nothing else: %s", async (_, lines, mode, isReal, names) => {
    expect(await read(lines)).toMatchObject({ isReal, entry: { mode } });
    expect(Object.keys(await added()).sort()).toEqual(names);
  });

  it.each(["https://veo.example.com", "http://127.0.0.1:8787"])(
    "answers on this machine whatever the deployed server is called: %s",
    async (address) => {
      await read([`PUBLIC_URL=${address}`]);
      const { PUBLIC_URL } = await added();
      expect(PUBLIC_URL).toBe(address.startsWith("https:") ? "" : undefined);
    },
  );

  it("says what is wrong with the file, and where to mend it", async () => {
    const broken = read([
      ...TEAM.filter((line) => !line.includes("SECRET")),
      "GITHUB_CLIENT_SECERT=client-secret",
    ]);
    await expect(broken).rejects.toThrow(
      [
        ".dev.vars is not right:",
        "- GITHUB_CLIENT_SECRET is not set: put it into .dev.vars",
        "- GITHUB_CLIENT_SECERT is not a variable of this server: did you mean GITHUB_CLIENT_SECRET?",
      ].join("\n"),
    );
  });

  it("says of an unknown mode only that", async () => {
    await expect(read(["AUTH_MODE=teem"])).rejects.toThrow(
      /^\.dev\.vars is not right:\n- AUTH_MODE must be one of [a-z, ]+$/,
    );
  });
});
