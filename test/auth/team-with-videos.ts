import { z } from "zod";
import type { Variables } from "../../src/config/variables.ts";
import type { TestClient } from "../clients.ts";
import { createFakeGithub } from "../identity/fake-github.ts";
import { ACCESS_KEY, type World } from "../world.ts";
import { CALLBACK, createTeam, endTeam, githubVariables, type Team } from "./team.ts";

/** One upstream token serves them all, so the ledger alone keeps them apart. */
const PEOPLE = [
  { account: "github-11", id: 11, login: "ada", word: "adasheron" },
  { account: "github-22", id: 22, login: "bob", word: "bobsotter" },
] as const;
const MACHINES = { account: "service", word: "machinesfox" } as const;

const taskSchema = z.looseObject({
  submission_id: z.string(),
  task_id: z.string(),
  trace_id: z.string(),
  state: z.string(),
  videos: z.array(z.looseObject({ video_id: z.string(), video_url: z.string() })).default([]),
});
export type Task = z.infer<typeof taskSchema>;

/** Somebody, and what nobody else may get to see of them. */
export interface Member {
  account: string;
  /** A word of their prompts, and of nobody else's. */
  word: string;
  bearer: string;
  client: TestClient;
  /** One that has ended, with a video, and one that has not. */
  tasks: readonly [Task, Task];
}

export const taskIdsOf = ({ tasks }: Member) => tasks.map(({ task_id }) => task_id);
export const submissionIdsOf = ({ tasks }: Member) => tasks.map(({ submission_id }) => submission_id);
export const traceIdsOf = ({ tasks }: Member) => tasks.map(({ trace_id }) => trace_id);
/** What `veo_get_task` takes as a task id. */
export const idsOf = (member: Member) => [...taskIdsOf(member), ...submissionIdsOf(member)];
const videosOf = ({ tasks }: Member) => tasks.flatMap(({ videos }) => videos);
export const videoIdOf = (member: Member) => videosOf(member)[0]?.video_id ?? "";

/** What of somebody is in an answer, apart from the ids that were asked for. */
export function leaked(answer: unknown, member: Member, asked: readonly string[] = []): string[] {
  const text = asked.reduce((rest, id) => rest.replaceAll(id, "…"), JSON.stringify(answer));
  const videos = videosOf(member).flatMap(({ video_id, video_url }) => [video_id, video_url]);
  return [member.word, ...idsOf(member), ...traceIdsOf(member), ...videos].filter((what) =>
    text.includes(what),
  );
}

export async function submit(client: TestClient, args: Record<string, unknown>): Promise<Task> {
  return taskSchema.parse((await client.callTool("veo_text_to_video", args)).structuredContent);
}

export interface TeamWithVideos {
  team: Team;
  members: readonly Member[];
  end(): Promise<void>;
}

/**
 * Two people who are signed in, and a machine, each with videos.
 * @param deployment what their objects are deployed with too.
 */
export async function createTeamWithVideos(
  connect: (world: World, bearer: string) => Promise<TestClient>,
  deployment: Variables = {},
): Promise<TeamWithVideos> {
  const github = createFakeGithub({ redirectUris: [CALLBACK] });
  const variables = {
    ...githubVariables(github),
    ALLOWED_GITHUB_USERS: "ada, bob",
    MCP_ACCESS_KEY: ACCESS_KEY,
  };
  const accounts = [...PEOPLE, MACHINES].map(({ account }) => account);
  const team = await createTeam(github, variables, accounts, deployment);
  team.world.simulator.configure({ dialect: { traceId: "given" } });

  const holders: Pick<Member, "account" | "word" | "bearer">[] = [{ ...MACHINES, bearer: ACCESS_KEY }];
  for (const { account, word, ...person } of PEOPLE) {
    github.signInAs(person);
    holders.push({ account, word, bearer: (await team.signIn()).access_token });
  }
  const begun: (Omit<Member, "tasks"> & { first: Task })[] = [];
  for (const holder of holders) {
    const client = await connect(team.world, holder.bearer);
    const first = await submit(client, { prompt: `${holder.word} at dawn` });
    begun.push({ ...holder, client, first });
  }
  await team.world.advance(90_000);
  const members: Member[] = [];
  for (const { first, ...member } of begun) {
    const { task_id } = first;
    const done = await member.client.callTool("veo_get_task", { task_id });
    const second = await submit(member.client, { prompt: `${member.word} at dusk` });
    members.push({ ...member, tasks: [taskSchema.parse(done.structuredContent), second] });
  }
  return { team, members, end: () => endTeam(team, github) };
}
