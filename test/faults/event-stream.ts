import { z } from "zod";

const messageSchema = z.looseObject({ method: z.string().optional() });
export type Message = z.infer<typeof messageSchema>;

/** The reader's end of a stream of server-sent events. */
export class EventStream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #isOpen = true;

  /** @param hear gets every message, in their order. */
  constructor(response: Response, hear: (message: Message) => void) {
    if (response.body === null) throw new Error("A stream without a body");
    this.#reader = response.body.getReader();
    void this.#read(hear);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Closes the connection, as a client does. */
  async leave(): Promise<void> {
    this.#isOpen = false;
    await this.#reader.cancel().catch(() => undefined);
  }

  async #read(hear: (message: Message) => void): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        text += decoder.decode(value, { stream: true });
        const frames = text.split("\n\n");
        text = frames.pop() ?? "";
        for (const frame of frames) {
          const data = /^data: (.*)$/m.exec(frame)?.[1];
          if (data !== undefined) hear(messageSchema.parse(JSON.parse(data)));
        }
      }
    } catch {
      // The connection broke: as good as closed.
    } finally {
      this.#isOpen = false;
    }
  }
}
