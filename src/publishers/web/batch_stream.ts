import { RecordBatch } from "../../batch/record_batch.ts";
import { received } from "../../runtime/known_options.ts";

/** Options of {@linkcode BatchSupply.batches}. */
export interface BatchSupplyOptions {
  /** Ends the batches. */
  signal?: AbortSignal;
}

/** What gives batches when it is asked to: a pipeline, or the stream of a `StreamingGenerator`. */
export interface BatchSupply {
  /** The batches, from the start. */
  batches(options?: BatchSupplyOptions): AsyncIterable<RecordBatch<unknown>>;
}

/** Batches one after the other, wherever they come from. */
export type BatchStream =
  | BatchSupply
  | Iterable<RecordBatch<unknown>>
  | AsyncIterable<RecordBatch<unknown>>;

type BatchIterator = AsyncIterator<RecordBatch<unknown>> | Iterator<RecordBatch<unknown>>;

/** Gives batches one by one, and stops those that make them. */
export class PulledBatches {
  readonly #doing: string;
  readonly #stopping = new AbortController();
  readonly #open: (options: BatchSupplyOptions) => BatchIterator;
  #iterator: BatchIterator | undefined;

  /**
   * Asks for nothing yet.
   *
   * @throws {TypeError} when that gives no batches.
   */
  constructor(batches: BatchStream, doing: string) {
    this.#doing = doing;
    this.#open = opener(batches, doing);
  }

  /** The next one; `undefined` when there are no more. */
  async next(): Promise<RecordBatch | undefined> {
    this.#iterator ??= this.#open({ signal: this.#stopping.signal });
    const { done, value } = await this.#iterator.next();
    if (done) return undefined;
    if (value instanceof RecordBatch) return value as RecordBatch;
    await this.stop(undefined);
    throw new TypeError(
      `Cannot ${this.#doing}: it takes record batches, received ${received(value)}; make batches ` +
        `of rows by RecordBatch.fromRows()`,
    );
  }

  /** Wants no more; resolves when those that make them have ended. */
  async stop(reason: unknown): Promise<void> {
    this.#stopping.abort(reason);
    await this.#iterator?.return?.();
  }
}

function opener(batches: BatchStream, doing: string): (how: BatchSupplyOptions) => BatchIterator {
  const given: unknown = batches;
  if (typeof given === "object" && given !== null) {
    if ("batches" in batches && typeof batches.batches === "function") {
      return (how) => batches.batches(how)[Symbol.asyncIterator]();
    }
    if (Symbol.asyncIterator in batches) return () => batches[Symbol.asyncIterator]();
    // A batch is itself an iterable, of rows.
    if (Symbol.iterator in batches && !(given instanceof RecordBatch)) {
      return () => batches[Symbol.iterator]();
    }
  }
  throw new TypeError(
    `Cannot ${doing}: it takes a pipeline, the stream of a StreamingGenerator, or an iterable of ` +
      `record batches, received ${given instanceof RecordBatch ? "one batch" : received(given)}`,
  );
}
