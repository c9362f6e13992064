import { mkdtemp } from "node:fs/promises";
import { type SimulatorServer, startSimulatorServer } from "../test/simulator/server.ts";
import type { SimulatorOptions } from "../test/simulator/simulator.ts";
import type { Variables } from "./deployments.ts";
import { Connection } from "./http-client.ts";
import type { Line } from "./report.ts";
import type { BuiltWorker } from "./worker-build.ts";
import { startWorkerd, type Workerd } from "./workerd.ts";

/** What every part of the benchmark is given. */
export interface Bench {
  readonly built: BuiltWorker;
  /** A folder that is deleted at the end. */
  readonly scratchFolder: string;
  /** Fewer rounds; the limits stay. */
  readonly isQuick: boolean;
}

/** A part of the benchmark. `notes` are printed under the table. */
export type Part = (bench: Bench) => Promise<{ lines: Line[]; notes?: string[] }>;

/** A workerd with one Veo Worker for each name, each with a simulated upstream of its own. */
export interface Stage<Name extends string> extends AsyncDisposable {
  readonly workerd: Workerd;
  readonly upstreams: Readonly<Record<Name, SimulatorServer>>;
  /** A new connection, closed with the stage. */
  connection(): Connection;
}

/** A Veo Worker, by what its upstream is like and what it is deployed with. */
export interface Setup extends SimulatorOptions {
  readonly variables?: Variables;
}

/** @param options.isInspected whether a debugger can connect, which what is timed does without. */
export async function setStage<Name extends string>(
  { built, scratchFolder }: Bench,
  setups: Readonly<Record<Name, Setup>>,
  { isInspected = false } = {},
): Promise<Stage<Name>> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(`${scratchFolder}/stage-`);
  const names = Object.keys(setups) as Name[];
  const started = await Promise.all(
    names.map(async (name) => {
      const setup: Setup = setups[name];
      const { variables = {}, ...simulator } = setup;
      const upstream = stack.adopt(await startSimulatorServer({ ...simulator, port: 0 }), (server) =>
        server.close(),
      );
      return { name, upstream, variables };
    }),
  );
  const deployments = Object.fromEntries(
    started.map(({ name, upstream, variables }) => [name, { upstreamUrl: upstream.url, variables }]),
  );
  const workerd = stack.use(await startWorkerd(built, folder, deployments, isInspected));
  const resources = stack.move();
  return {
    workerd,
    upstreams: Object.fromEntries(started.map(({ name, upstream }) => [name, upstream])) as Record<
      Name,
      SimulatorServer
    >,
    connection: () => resources.use(new Connection()),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
