import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Deployment, type Server, startServer } from "./server.ts";

/**
 * Starts servers before the tests of a file, all at once, and stops them after the last one. When a test fails, what
 * they printed is shown.
 * @param entry the Worker, when it is not the product's.
 */
export function useServers<Name extends string>(
  deployments: Readonly<Record<Name, Deployment>>,
  entry?: string,
): (name: Name) => Server {
  const servers = new Map<string, Server>();
  const shown = new Map<string, string>();

  beforeAll(async () => {
    const starts = Object.entries<Deployment>(deployments).map(async ([name, deployment]) => {
      servers.set(name, await startServer(deployment, { entry }));
    });
    // Settled, not raced: a server that starts after another has failed must be stopped too.
    for (const start of await Promise.allSettled(starts)) if (start.status === "rejected") throw start.reason;
  });

  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      for (const [name, server] of servers) {
        const output = server.output();
        if (shown.get(name) !== output) console.error(`The server "${name}" printed:\n${output}`);
        shown.set(name, output);
      }
    });
  });

  afterAll(async () => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  });

  return (name) => {
    const server = servers.get(name);
    if (server === undefined) throw new Error(`The server "${name}" has not started.`);
    return server;
  };
}
