import { RecordBatch } from "../batch/record_batch.ts";
import type { Publisher } from "./publisher.ts";

/** Where letters go. */
export type DeadLetterTarget<Letter> = Publisher | ((letter: Letter) => void | Promise<void>);

/** Delivers records that could not be processed, one after the other. */
export class DeadLetterBox<Letter extends object> {
  readonly #target: DeadLetterTarget<Letter> | undefined;
  readonly #onFailure: (error: Error) => void;
  #delivered: Promise<void> = Promise.resolve();
  #pending = 0;
  #count = 0;

  /** A box that delivers to `target`; a delivery that fails is reported once. */
  constructor(
    target: DeadLetterTarget<Letter> | undefined,
    onFailure: (error: Error) => void,
  ) {
    this.#target = target;
    this.#onFailure = onFailure;
  }

  /** Letters taken so far. */
  get count(): number {
    return this.#count;
  }

  /** Letters that are not delivered yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Takes a letter; it is delivered after those before it. */
  put(letter: Letter): void {
    this.#count++;
    this.#pending++;
    this.#delivered = this.#delivered.then(() => this.#deliver(letter)).catch((cause) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#onFailure(new Error(`Cannot deliver dead letter: ${reason}`, { cause }));
    }).finally(() => this.#pending--);
  }

  /** Resolves when all letters are delivered. */
  async flush(): Promise<void> {
    await this.#delivered;
    if (typeof this.#target === "object") await this.#target.flush();
  }

  async #deliver(letter: Letter): Promise<void> {
    if (typeof this.#target === "function") return await this.#target(letter);
    await this.#target?.publish(RecordBatch.fromRows([{ ...letter }]));
  }
}
