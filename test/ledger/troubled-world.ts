import { vi } from "vitest";
import { LOG_LEVELS } from "../../src/log.ts";
import { createSignInWorld } from "../auth/sign-in-world.ts";
import { type MadeElsewhere, makeElsewhere } from "../elsewhere.ts";
import { accountOf, createPayer, newKey, type Payer } from "../payers/payer.ts";
import type { FaultInput } from "../simulator/faults.ts";
import { ACCOUNT_SECRET_PREFIX, MEDIA_SIGNATURE_PREFIX } from "../simulator/record.ts";
import { FOREIGN } from "../simulator/record-faults.ts";
import type { World, WorldOptions } from "../world.ts";
import { SECRET_KEY } from "./doorbell-world.ts";

/** Everybody brings a key, so that the upstream can be in trouble for one of them alone. */
const PASSTHROUGH = {
  AUTH_MODE: "passthrough",
  ACEDATACLOUD_API_TOKEN: undefined,
  MCP_ACCESS_KEY: undefined,
  SECRET_KEY,
  LOG_LEVEL: "debug",
};
/** What every video here is of. */
export const PROMPT = "a heron that nobody may read of";

export interface Person extends Payer {
  key: string;
  account: string;
  /** When the upstream was asked about this one's tasks, in seconds from the beginning. */
  askedAt(): number[];
}

/** Somebody for whom the upstream is in trouble. */
export interface Troubled {
  world: World;
  ada: Person;
  /** Lets somebody else take part, for whom it is not. */
  joinBob(): Promise<Person>;
  /** Has the upstream go wrong for Ada, as long as `world.simulator.clearFaults` was not called. */
  strike(fault: FaultInput, match?: "paid" | "tasks", times?: number): void;
  /** Makes a video with Ada's key straight at the upstream, past our server, just as she would have asked us for it. */
  makeElsewhere(prompt?: string): Promise<MadeElsewhere>;
  /** @returns what was said that must not be: secrets in the log, or that something crashed. */
  indiscretions(): string[];
  /** @returns the ids of Ada's tasks at the upstream that are not in her ledger exactly once, or that are not hers. */
  mismatches(): Promise<string[]>;
}

/** A deployment in which the upstream can go wrong for one account alone, and everything that it logs is read. */
export async function createTroubled(options: WorldOptions = {}): Promise<Troubled> {
  const keys = [newKey("ada"), newKey("bob")] as const;
  const world = createSignInWorld({
    generationMs: 60_000,
    ...options,
    accounts: [accountOf(keys[0])],
    deployment: { ...PASSTHROUGH, ...options.deployment },
  });
  const lines: string[] = [];
  for (const level of LOG_LEVELS)
    vi.spyOn(console, level).mockImplementation((...said) => void lines.push(said.join(" ")));
  const startMs = Date.now();
  const person = async (key: string): Promise<Person> => ({
    ...(await createPayer(world, key)),
    key,
    account: accountOf(key),
    // Without the Worker's own question whether a key is good.
    askedAt: () =>
      world.simulator
        .requestsTo("tasks")
        .filter(({ token, body }) => token === key && body?.limit !== 1)
        .map(({ at }) => (at - startMs) / 1000),
  });
  const ada = await person(keys[0]);
  const secrets = () => [
    ...keys,
    PROMPT,
    "somebody else's",
    FOREIGN.response.data[0].video_url,
    ACCOUNT_SECRET_PREFIX,
    MEDIA_SIGNATURE_PREFIX,
    ...world.simulator.tasks.flatMap(({ callbackUrl }) => callbackUrl ?? []),
  ];
  return {
    world,
    ada,
    joinBob() {
      world.join(accountOf(keys[1]));
      return person(keys[1]);
    },
    strike(fault, match = "tasks", times) {
      const said = fault.kind === "status" && {
        message: fault.message?.replace("KEY", ada.key).replace("PROMPT", PROMPT),
      };
      world.simulator.inject({ ...fault, ...said, match, token: ada.key, times: times ?? "forever" });
    },
    makeElsewhere: (prompt = PROMPT) =>
      makeElsewhere(world.simulator, ada.key, { prompt, aspect_ratio: "16:9", translation: false }),
    indiscretions: () =>
      lines.filter((line) => line.includes("_crashed") || secrets().some((secret) => line.includes(secret))),
    async mismatches() {
      const paid = world.simulator.tasks.filter(({ token }) => token === ada.key).map(({ taskId }) => taskId);
      const kept = await world.inObject(
        (_, { storage }) =>
          storage.sql
            .exec<{ task_id: string }>("SELECT task_id FROM task WHERE task_id IS NOT NULL")
            .toArray()
            .map(({ task_id }) => task_id),
        ada.account,
      );
      return [
        ...paid.filter((id) => kept.filter((known) => known === id).length !== 1),
        ...kept.filter((id) => !paid.includes(id)),
      ];
    },
  };
}
