import { type EventReader, readEvents, type StreamMessage } from "../mcp/event-reader.ts";

/** A stream of server-sent events that somebody reads for as long as it is open. */
export class EventStream {
  readonly #reader: EventReader;
  #isOpen = true;

  private constructor(reader: EventReader) {
    this.#reader = reader;
  }

  /** @param hear gets every message, in their order. */
  static async open(response: Response, hear: (message: StreamMessage) => void): Promise<EventStream> {
    const stream = new EventStream(await readEvents(response));
    void stream.#read(hear);
    return stream;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Closes the connection, as a client does. */
  async leave(): Promise<void> {
    this.#isOpen = false;
    await this.#reader.leave().catch(() => undefined);
  }

  async #read(hear: (message: StreamMessage) => void): Promise<void> {
    for (;;) {
      // A connection that breaks is as good as closed.
      const message = await this.#reader.next().catch(() => undefined);
      if (message === undefined) break;
      hear(message);
    }
    this.#isOpen = false;
  }
}
