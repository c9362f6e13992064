import { mkdtemp } from "node:fs/promises";
import { type SimulatorServer, startSimulatorServer } from "../test/simulator/server.ts";
import type { SimulatorOptions } from "../test/simulator/simulator.ts";
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

export async function setStage<Name extends string>(
  { built, scratchFolder }: Bench,
  simulators: Readonly<Record<Name, SimulatorOptions>>,
): Promise<Stage<Name>> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(`${scratchFolder}/stage-`);
  const names = Object.keys(simulators) as Name[];
  const started = await Promise.all(
    names.map(async (name) => {
      const upstream = stack.adopt(await startSimulatorServer({ ...simulators[name], port: 0 }), (server) =>
        server.close(),
      );
      return [name, upstream] as const;
    }),
  );
  const upstreamUrls = Object.fromEntries(started.map(([name, { url }]) => [name, url]));
  const workerd = stack.use(await startWorkerd(built, folder, upstreamUrls));
  const resources = stack.move();
  return {
    workerd,
    upstreams: Object.fromEntries(started) as Record<Name, SimulatorServer>,
    connection: () => resources.use(new Connection()),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
