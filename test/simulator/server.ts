import { type FetchServer, type FetchServerOptions, serveFetch } from "../fetch-server.ts";
import { createSimulator, type Simulator, type SimulatorOptions } from "./simulator.ts";

const CALLBACKS_EVERY_MS = 250;
const CALLBACK_TIMEOUT_MS = 10_000;

export interface SimulatorServerOptions extends SimulatorOptions, FetchServerOptions {}

export interface SimulatorServer extends FetchServer {
  readonly simulator: Simulator;
}

/** Serves a simulator over HTTP, and sends its callbacks when they are due. */
export async function startSimulatorServer(options: SimulatorServerOptions): Promise<SimulatorServer> {
  const simulator = createSimulator(options);
  const server = await serveFetch(simulator.fetch, options);
  const timer = setInterval(() => {
    const signal = AbortSignal.timeout(CALLBACK_TIMEOUT_MS);
    void simulator.deliverCallbacks((request) => fetch(request, { signal, redirect: "manual" }));
  }, CALLBACKS_EVERY_MS);
  return {
    url: server.url,
    simulator,
    async close() {
      clearInterval(timer);
      await server.close();
    },
  };
}
