import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFakeGithub } from "../identity/fake-github.ts";
import { ACCESS_KEY } from "../world.ts";
import { createBrowser, handleOn, locationOf } from "./browser.ts";
import { callMcp } from "./oauth-client.ts";
import { CALLBACK, createTeam, endTeam, githubVariables, type Team } from "./team.ts";

const github = createFakeGithub({ redirectUris: [CALLBACK] });
const OWN = { ...githubVariables(github), ALLOWED_GITHUB_USERS: "alice" };

describe("the service key of a team", () => {
  let team: Team;
  beforeEach(async () => {
    team = await createTeam(github, { ...OWN, MCP_ACCESS_KEY: ACCESS_KEY }, ["service"]);
  });
  afterEach(() => endTeam(team, github));
  const submit = (key: string) => {
    const task = { name: "veo_text_to_video", arguments: { prompt: "a fox" } };
    return team.world.until(callMcp(team, key, "tools/call", task));
  };

  it("lets machines in, as the account `service`", async () => {
    expect((await submit(ACCESS_KEY)).status).toBe(200);
    const tasks = await team.world.inObject(
      (_, { storage }) => storage.sql.exec("SELECT submission_id FROM task").toArray(),
      "service",
    );
    expect([tasks.length, team.world.paidCalls()]).toEqual([1, 1]);
  });

  it.each([
    ["another one", `${ACCESS_KEY}x`],
    ["half of it", ACCESS_KEY.slice(0, -1)],
    ["it in capitals", ACCESS_KEY.toUpperCase()],
    ["an empty one", ""],
  ])("is not %s", async (_, key) => {
    expect((await submit(key)).status).toBe(401);
    expect(team.world.paidCalls()).toBe(0);
  });

  it("is optional, and withdrawn at once in a running isolate", async () => {
    expect((await submit(ACCESS_KEY)).status).toBe(200);
    team.world.deploy({ MCP_ACCESS_KEY: "another-service-key-0123456789" });
    expect((await submit(ACCESS_KEY)).status).toBe(401);
    expect((await submit("another-service-key-0123456789")).status).toBe(200);
    team.world.deploy({ MCP_ACCESS_KEY: undefined });
    expect((await submit("another-service-key-0123456789")).status).toBe(401);
    expect((await submit("undefined")).status).toBe(401);
  });

  it("opens nothing on the consent page: there is no field for it, and typed all the same it leads to GitHub", async () => {
    const browser = createBrowser(team);
    const { url } = await team.client.authorizeUrl();
    const page = await browser.open(url);
    expect(await page.clone().text()).not.toMatch(/type="password"|name="secret"/);
    const handle = await handleOn(page);
    const away = locationOf(await browser.decide({ handle, decision: "approve", secret: ACCESS_KEY }));
    expect(away.href).toMatch(`${github.webUrl}/login/oauth/authorize?`);
    expect(away.searchParams.get("code")).toBeNull();
    expect(await team.accounts()).toEqual([]);
  });
});
