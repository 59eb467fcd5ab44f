import type { RecordBatch } from "../batch/record_batch.ts";
import type { Publisher, Receipt } from "../stream/publisher.ts";
import type { CommandContext } from "./command_context.ts";

/**
 * Has a batch that is being written come to its end before a stream hears of Ctrl-C, so that as much
 * is told as is in the file.
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

  /** Aborted as the command's, but not while a batch is being written. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async publish(batch: RecordBatch): Promise<Receipt> {
    const { signal, runtime } = this.#context;
    if (signal.aborted) this.#end();
    this.signal.throwIfAborted();
    this.#writing++;
    try {
      const receipt = await this.#publisher.publish(batch);
      // The stream first counts it.
      if (signal.aborted) runtime.after(0, this.#end);
      return receipt;
    } catch (error) {
      if (signal.aborted) this.#end();
      throw error;
    } finally {
      this.#writing--;
    }
  }

  flush(): Promise<void> {
    return this.#publisher.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#context.signal.removeEventListener("abort", this.#hear);
    await this.#publisher[Symbol.asyncDispose]();
  }
}
