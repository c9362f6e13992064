import { env } from "cloudflare:workers";
import { callbackReader } from "../../src/agent/callback-address.ts";
import { isOpen, type Task } from "../../src/ledger/task.ts";
import { TaskStore } from "../../src/ledger/task-store.ts";
import { UsageStore, utcDay } from "../../src/ledger/usage-store.ts";
import type { TaskView } from "../simulator/task.ts";
import { PRICE, SECRET_KEY } from "./deployments.ts";
import type { Life, Moment } from "./life.ts";
import type { Person } from "./person.ts";

/** What is in an account's object when everything is over. */
interface Account {
  person: Person;
  tasks: Task[];
  nextWorkMs: number | null;
  lookups: number;
  credentials: number;
  generations: number;
  credits: number;
}

const DAY_MS = 86_400_000;
/** For which usage is surely kept, whatever becomes of the tasks. */
const USAGE_MS = 30 * DAY_MS;
/** For which ended tasks are kept. */
const RETENTION_MS = 90 * DAY_MS;

/**
 * Compares what the upstream was paid for with everything that the deployment says of it.
 * @returns every contradiction, in words; none when all is well.
 */
export async function contradictions(life: Life, moment: Moment): Promise<string[]> {
  const accounts = await Promise.all(life.people.map((person) => readAccount(life, person)));
  switch (moment) {
    case "the day ends":
      return contradictionsOfToday(life, accounts);
    case "nobody was there":
      return [...(await contradictionsOfLedger(life, accounts)), ...connectedHeard(accounts)];
    case "everything has ended":
    case "everybody is back":
      return [...(await contradictionsOfLedger(life, accounts)), ...listenersHeard(accounts)];
  }
}

async function contradictionsOfLedger(life: Life, accounts: readonly Account[]): Promise<string[]> {
  const { world, people, deployment, keptSinceMs } = life;
  const paid = world.simulator.tasks.filter(({ submittedAtMs }) => submittedAtMs >= keptSinceMs);
  const { inFlight } = await budget().status();
  return [
    ...paid.flatMap((task) => inLedgerOnce(task, accounts)),
    ...undecided(paid, accounts, deployment.ownsToken),
    ...paidTwice(world.simulator.tasks, people.length),
    ...accounts.flatMap((account) => [
      ...account.tasks.flatMap((task) => hasEnded(task, world.simulator.tasks)),
      ...atRest(account),
      ...counted(account),
      ...forgotten(account),
    ]),
    ...life.errors.filter((line) => !isExpected(line)).map((line) => `the log says ${line}`),
    ...(inFlight === 0 ? [] : [`the budget says that ${inFlight} are in flight`]),
  ];
}

/** A request whose object died is an error for the Worker, and for nobody else. */
const isExpected = (line: string): boolean => line.includes('"event":"request_crashed"');

const budget = () => env.DEPLOYMENT_BUDGET.getByName("deployment");

/**
 * Compares what the deployment's budget says of this day with what was ordered. Of a submission that may be another
 * account's task, the account has to count more than the budget, where it may never have been set aside.
 * @returns as above.
 */
async function contradictionsOfToday(life: Life, accounts: readonly Account[]): Promise<string[]> {
  const charged = accounts.flatMap(({ tasks }) => tasks).filter(isCharged).length;
  const paid = life.world.simulator.tasks.length;
  const { generations, credits } = await budget().status();
  return [
    ...(generations >= paid && generations <= charged
      ? []
      : [`the budget counts ${generations} generations of ${paid} to ${charged}`]),
    ...(credits === generations * PRICE
      ? []
      : [`the budget counts ${credits} credits for ${generations} generations`]),
  ];
}

async function readAccount({ world }: Life, person: Person): Promise<Account> {
  const { account } = person.caller;
  const nextWorkMs = await world.nextWorkMs(account);
  return world.inObject((_, { storage }) => {
    const { sql } = storage;
    const count = (query: string) => sql.exec<{ n: number }>(query).one().n;
    const usage = new UsageStore(sql).since(utcDay(Date.now() - USAGE_MS));
    return {
      person,
      nextWorkMs,
      tasks: new TaskStore(sql).page({}, 1000),
      lookups: count("SELECT count(*) AS n FROM lookup WHERE due_at_ms IS NOT NULL"),
      credentials: count("SELECT count(*) AS n FROM credential"),
      generations: usage.reduce((sum, { generations }) => sum + generations, 0),
      credits: usage.reduce((sum, { credits }) => sum + credits, 0),
    };
  }, account);
}

/** What the account says that it pays for: all but what was refused, or never arrived. */
const isCharged = ({ state, taskId, requestHash }: Task): boolean =>
  requestHash !== null && !(state === "failed" && taskId === null);

const nameOf = ({ request, submissionId }: Task): string => `"${request.prompt}" (${submissionId})`;

/** Under its own id, as something that was ordered here, and as nothing else. */
function inLedgerOnce({ taskId, prompt, callbackUrl }: TaskView, accounts: readonly Account[]): string[] {
  const rows = accounts.flatMap(({ person, tasks }) =>
    tasks.filter((task) => task.taskId === taskId).map((task) => ({ person, task })),
  );
  if (rows.length > 1) return [`"${prompt}" is in the ledger ${rows.length} times`];
  return rows.flatMap(({ person, task }) => {
    if (task.requestHash === null) return [`${nameOf(task)} lost its submission`];
    if (task.request.prompt !== prompt) return [`${nameOf(task)} has the task of "${prompt}"`];
    if (callbackUrl === null) return [];
    const { submissionOf } = callbackReader(SECRET_KEY, person.caller.account);
    return submissionOf(callbackUrl) === task.submissionId ? [] : [`${nameOf(task)} has another's task`];
  });
}

/**
 * What was paid and is in no ledger has to be an honest `unknown` there; and only what cannot be decided may be one:
 * without an address, where the token is somebody else's too.
 */
function undecided(paid: readonly TaskView[], accounts: readonly Account[], ownsToken: boolean): string[] {
  const rows = accounts.flatMap(({ tasks }) => tasks);
  const missing = paid.filter(({ taskId }) => !rows.some((row) => row.taskId === taskId));
  const unknown = rows.filter(({ state }) => state === "unknown");
  const unjustified = unknown.filter(({ rings, taskId }) => ownsToken || rings !== null || taskId !== null);
  return [
    ...unjustified.map((task) => `${nameOf(task)} is unknown, and could be known`),
    ...missing.flatMap(({ prompt, taskId }) => {
      const at = unknown.findIndex(({ request }) => request.prompt === prompt);
      if (at < 0) return [`"${prompt}" (${taskId}) was paid, and is in no ledger`];
      unknown.splice(at, 1);
      return [];
    }),
  ];
}

/** Nobody here orders the same twice, but for what two people order each. */
function paidTwice(paid: readonly TaskView[], people: number): string[] {
  const prompts = Map.groupBy(paid, ({ prompt }) => prompt);
  return [...prompts].flatMap(([prompt, tasks]) => {
    const wanted = prompt === "[lost-response] an owl" ? people : 1;
    return tasks.length > wanted ? [`"${prompt}" was paid ${tasks.length} times`] : [];
  });
}

function hasEnded(task: Task, paid: readonly TaskView[]): string[] {
  const { state, taskId } = task;
  if (isOpen(task) || task.nextCheckAtMs !== null) return [`${nameOf(task)} has not ended: ${state}`];
  if (state === "unknown") return [];
  const seen = paid.find((view) => view.taskId === taskId);
  const expected = seen?.state ?? "failed";
  return state === expected ? [] : [`${nameOf(task)} is ${state}, and the upstream says ${expected}`];
}

function atRest({ person, nextWorkMs, lookups, credentials, tasks }: Account): string[] {
  const { account } = person.caller;
  return [
    ...(nextWorkMs === null ? [] : [`${account} still has an alarm`]),
    ...(lookups === 0 ? [] : [`${account} still has a question`]),
    ...(credentials === 0 ? [] : [`${account} still keeps a credential`]),
    ...tasks.flatMap((task) => (task.settlement === "due" ? [`${nameOf(task)} is not settled`] : [])),
  ];
}

function counted({ person, tasks, generations, credits }: Account): string[] {
  const sinceMs = Date.now() - USAGE_MS;
  const charged = tasks.filter((task) => isCharged(task) && task.createdAtMs >= sinceMs).length;
  const says = `${person.caller.account} counts`;
  return [
    ...(generations === charged ? [] : [`${says} ${generations} generations, and ordered ${charged}`]),
    ...(credits === charged * PRICE ? [] : [`${says} ${credits} credits, and owes ${charged * PRICE}`]),
  ];
}

/** An order forgets what ended long before it. */
function forgotten({ tasks }: Account): string[] {
  const [newest] = tasks;
  if (newest === undefined) return [];
  // What was still open then waits for the next order.
  const old = tasks.filter(
    ({ createdAtMs, lookedAtMs, finishedAtMs }) =>
      createdAtMs < newest.createdAtMs - RETENTION_MS &&
      Math.max(lookedAtMs ?? 0, finishedAtMs ?? 0) < newest.createdAtMs,
  );
  return old.map((task) => `${nameOf(task)} was not forgotten`);
}

/** Whose stream stayed open was told of everything that it is about, also of what is forgotten since. */
const connectedHeard = (accounts: readonly Account[]): string[] =>
  accounts.flatMap(({ person }) =>
    person.listensTo
      .filter((submissionId) => !person.heardEnd.has(submissionId))
      .map((submissionId) => `the open stream never said that ${submissionId} ended`),
  );

/** In both generations of the protocol: whoever waits for a task learns that it is over, without asking. */
const listenersHeard = (accounts: readonly Account[]): string[] =>
  accounts.flatMap(({ person, tasks }) =>
    [...person.followed].flatMap((submissionId) => {
      const task = tasks.find((row) => row.submissionId === submissionId);
      if (task === undefined) return [`${submissionId} was followed, and is gone`];
      const endedAtMs = task.lookedAtMs ?? task.finishedAtMs ?? 0;
      const known = person.stateWhenFollowed.get(submissionId) === task.state;
      const hearsLegacy = known || (person.heardChangeAtMs.get(submissionId) ?? 0) >= endedAtMs;
      return [
        ...(person.heardEnd.has(submissionId) ? [] : [`the stream never said that ${nameOf(task)} ended`]),
        ...(hearsLegacy ? [] : [`the session never heard that ${nameOf(task)} ended`]),
      ];
    }),
  );
