import type { RecordBatch } from "../batch/record_batch.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import { checkWhole, knownOptions, type OptionRule } from "../runtime/known_options.ts";
import type { Publisher, PublishOptions, Receipt } from "../stream/publisher.ts";

const DEFAULT_MAX_ROWS = 10_000_000;

/** Options of {@linkcode MemoryPublisher}. */
export interface MemoryPublisherOptions {
  /** More rows than this are refused. Default 10,000,000. */
  maxRows?: number;
}

const OPTIONS: OptionRule<MemoryPublisherOptions> = {
  doing: "create MemoryPublisher",
  names: { maxRows: true },
  example: "{ maxRows: 1000 }",
};

/**
 * Keeps what is published, for tests and small results.
 *
 * @example
 * ```ts
 * import { col, from, MemoryPublisher } from "@waggle/stream";
 *
 * const kept = new MemoryPublisher();
 * await from([{ x: 1 }, { x: 2 }], { workers: 1 }).filter(col("x").gt(1)).to(kept).run();
 * console.log(kept.rows()); // [{ x: 2 }]
 * ```
 */
export class MemoryPublisher implements Publisher {
  readonly #maxRows: number;
  #batches: RecordBatch[] = [];
  #length = 0;
  #isClosed = false;

  /**
   * Keeps nothing yet.
   *
   * @throws {TypeError | RangeError} when `maxRows` is no whole number, or an option is not known.
   */
  constructor(options: MemoryPublisherOptions = {}) {
    const { maxRows = DEFAULT_MAX_ROWS } = knownOptions(options, OPTIONS);
    checkWhole("maxRows", maxRows, { doing: OPTIONS.doing, least: 0 });
    this.#maxRows = maxRows;
  }

  /** What was published, in order. */
  get batches(): readonly RecordBatch[] {
    return this.#batches;
  }

  /** Rows in all. */
  get length(): number {
    return this.#length;
  }

  /** All rows as objects. */
  rows(): Record<string, unknown>[] {
    return this.#batches.flatMap((batch) => batch.toRows());
  }

  /**
   * Keeps a batch.
   *
   * @throws {RangeError} when that would be more than `maxRows`.
   * @throws {StreamingError} when the publisher was closed.
   */
  publish(batch: RecordBatch, { signal }: PublishOptions = {}): Promise<Receipt> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#isClosed) {
      return Promise.reject(
        new StreamingError("Cannot publish to memory: the publisher was closed"),
      );
    }
    if (this.#length + batch.length > this.#maxRows) {
      return Promise.reject(
        new RangeError(
          `Cannot publish to memory: ${this.#length + batch.length} rows are more than maxRows ` +
            `(${this.#maxRows}); raise it, clear() in between, or publish elsewhere`,
        ),
      );
    }
    this.#batches.push(batch);
    this.#length += batch.length;
    return Promise.resolve({ records: batch.length });
  }

  /** Everything is here already. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  /** Forgets what was published. */
  clear(): void {
    this.#batches = [];
    this.#length = 0;
  }

  /** Forgets what was published, and takes no more. */
  [Symbol.asyncDispose](): Promise<void> {
    this.clear();
    this.#isClosed = true;
    return Promise.resolve();
  }
}
