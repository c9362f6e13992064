import type { RealClient, SubscribingClient } from "../../test/e2e/sdk-clients.ts";
import { ToolFailure } from "../../test/e2e/tool-result.ts";
import type { ClientKind } from "./clients.ts";

type Client = RealClient | SubscribingClient;

/** A connection that has failed so often in a row is given up for a new one. */
const MAX_FAILURES = 2;

/** Somebody's client: it connects again when its connection has gone. */
export class Seat {
  readonly #kind: ClientKind;
  readonly #mcpUrl: URL;
  #client: Promise<Client> | undefined;
  #failures = 0;
  /** How often it connected. */
  connections = 0;

  constructor(kind: ClientKind, mcpUrl: URL) {
    this.#kind = kind;
    this.#mcpUrl = mcpUrl;
  }

  /** Does something with the client. What a tool says is its answer; everything else speaks against the connection. */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    this.#client ??= this.connect();
    const client = this.#client;
    try {
      const done = await work(await client);
      this.#failures = 0;
      return done;
    } catch (error) {
      if (error instanceof ToolFailure) throw error;
      this.#failures += 1;
      if (this.#client === client && (this.#failures >= MAX_FAILURES || !(await isConnected(client)))) {
        this.#client = undefined;
        this.#failures = 0;
        void close(client);
      }
      throw error;
    }
  }

  /** Opens a connection beside the one that is used. */
  connect(): Promise<Client> {
    this.connections += 1;
    return this.#kind.connect(this.#mcpUrl);
  }

  async close(): Promise<void> {
    if (this.#client !== undefined) await close(this.#client);
  }
}

const isConnected = (client: Promise<Client>): Promise<boolean> =>
  client.then(
    () => true,
    () => false,
  );

/** Whatever a broken connection says at its end is of no interest. */
const close = (client: Promise<Client>): Promise<void> =>
  client.then((connected) => connected.close()).catch(() => undefined);
