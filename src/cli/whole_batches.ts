import type { RecordBatch } from "../batch/record_batch.ts";
import type { Publisher, Receipt } from "../stream/publisher.ts";
import type { CommandContext } from "./command_context.ts";

/**
 * Has batches that are being written come to their end before a stream hears of Ctrl-C, so that as
 * much is told as is in the file.
 */
export class WholeBatches implements Publisher {
  readonly #publisher: Publisher;
  readonly #context: CommandContext;
  readonly #controller = new AbortController();
  #writing = 0;
  readonly #end = () => this.#controller.abort(this.#context.signal.reason);
  readonly #hear = () => {
    if (this.#writing === 0) this.#end();
  };

  /** What a publisher of files does, and when a command is to end. */
  constructor(publisher: Publisher, context: CommandContext) {
    this.#publisher = publisher;
    this.#context = context;
    if (context.signal.aborted) this.#end();
    else context.signal.addEventListener("abort", this.#hear);
  }

  /** Aborted as the command's, but not while batches are being written. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async publish(batch: RecordBatch): Promise<Receipt> {
    const { signal, runtime } = this.#context;
    if (signal.aborted) await this.#othersWritten();
    this.#writing++;
    try {
      return await this.#publisher.publish(batch);
    } catch (error) {
      if (signal.aborted) this.#end();
      throw error;
    } finally {
      // The stream first counts it.
      if (--this.#writing === 0 && signal.aborted) runtime.after(0, this.#end);
    }
  }

  /** Rejects as the stream ends, so that nothing more is begun. */
  async #othersWritten(): Promise<never> {
    if (!this.signal.aborted) {
      await new Promise((resolve) => this.signal.addEventListener("abort", resolve));
    }
    throw this.signal.reason;
  }

  flush(): Promise<void> {
    return this.#publisher.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#context.signal.removeEventListener("abort", this.#hear);
    await this.#publisher[Symbol.asyncDispose]();
  }
}
