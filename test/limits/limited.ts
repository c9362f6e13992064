import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { DeploymentBudget } from "../../src/agent/deployment-budget.ts";
import type { Variables } from "../../src/config/variables.ts";
import type { BudgetStatus } from "../../src/ledger/budget.ts";
import type { ToolResult } from "../clients.ts";
import { SECRET_KEY } from "../ledger/doorbell-world.ts";
import { accountOf, createPayer, createPayersWorld, newKey, type Payer } from "../payers/payer.ts";
import type { World, WorldOptions } from "../world.ts";

/** Somebody with an account of their own. */
export interface Person extends Payer {
  account: string;
  /** The key of theirs that pays. */
  key: string;
  /** Orders a video, without letting time pass. */
  order(args?: Record<string, unknown>): Promise<ToolResult>;
  /** How many rows the account has: of tasks, of words of prompts, of usage. */
  rows(): Promise<Record<"task" | "task_prompt" | "usage", number>>;
}

/** A deployment whose owner has set limits. */
export interface Limited {
  world: World;
  people: readonly [Person, Person];
  /** Sets other limits, as a deploy does: every object starts again. */
  redeploy(limits: Variables): Promise<void>;
  /** What the deployment counts of today. */
  budget(): Promise<BudgetStatus>;
}

/** Everybody brings a key, so that there are accounts without anybody signing in. */
const PASSTHROUGH: Variables = {
  AUTH_MODE: "passthrough",
  ACEDATACLOUD_API_TOKEN: undefined,
  MCP_ACCESS_KEY: undefined,
  SECRET_KEY,
};

/** The object that counts for the whole deployment. */
export const budgetStub = (): DurableObjectStub<DeploymentBudget> =>
  env.DEPLOYMENT_BUDGET.getByName("deployment");

/** Two people with accounts of their own, where an owner has set limits. */
export async function createLimited(limits: Variables, options: WorldOptions = {}): Promise<Limited> {
  const keys = [newKey("ada"), newKey("bob")] as const;
  const deployment = { ...PASSTHROUGH, ...limits };
  const world = createPayersWorld({ ...options, deployment, accounts: keys.map(accountOf) });
  const person = async (key: string): Promise<Person> => {
    const payer = await createPayer(world, key);
    const account = accountOf(key);
    return {
      ...payer,
      account,
      key,
      order: (args) =>
        world.until(payer.client.callTool("veo_text_to_video", { prompt: "a heron", ...args }), 0),
      rows: () =>
        world.inObject((_, { storage }) => {
          const count = (table: string) =>
            storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
          return { task: count("task"), task_prompt: count("task_prompt"), usage: count("usage") };
        }, account),
    };
  };
  const [ada, bob] = keys;
  const budget = () => runInDurableObject(budgetStub(), (budget) => budget.status());
  const withoutLimits = Object.fromEntries(Object.keys(limits).map((name) => [name, undefined]));
  return {
    world,
    people: [await person(ada), await person(bob)],
    async redeploy(changed) {
      await world.redeploy({ ...withoutLimits, ...changed });
      // Only an object that is there can be evicted.
      await budget();
      await evictDurableObject(budgetStub());
    },
    budget,
  };
}
