import type { RecordBatch } from "../batch/record_batch.ts";
import type { TypedSchema } from "../batch/schema.ts";
import { checkWhole, knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import type { Source, SourceBatch, SourceOptions } from "../stream/source.ts";
import { RowBatcher } from "./row_batcher.ts";

/** Options of a {@linkcode TestSource}. */
export interface TestSourceOptions<Row> {
  /** The columns. Default: those of the first rows. */
  schema?: TypedSchema<Row>;
  /** Partitions, each with an order and a watermark of its own. Default 1. */
  partitions?: number;
  /** What it is, for messages. Default `"test"`. */
  name?: string;
}

const OPTIONS: OptionRule<TestSourceOptions<never>> = {
  doing: "make test source",
  names: { schema: true, partitions: true, name: true },
  example: "{ partitions: 2 }",
};

/** Options of {@linkcode TestSource.push}. */
export interface PushOptions {
  /** The partition that the rows come from. Default 0. */
  partition?: number;
}

const PUSH_OPTIONS: OptionRule<PushOptions> = {
  doing: "push rows",
  names: { partition: true },
  example: "{ partition: 1 }",
};

/**
 * A source that gives what a test says, when it says so: rows, a pause, a failure, the end. Each
 * run reads it from the start.
 *
 * @example
 * ```ts
 * import { from } from "@waggle/stream";
 * import { TestSource } from "@waggle/stream/testing";
 *
 * const source = new TestSource<{ n: number }>();
 * const all = Array.fromAsync(from(source, { workers: 1 }));
 * source.push([{ n: 1 }]);
 * await source.drained();
 * source.push([{ n: 2 }]);
 * source.end();
 * console.log(await all); // [{ n: 1 }, { n: 2 }]
 * ```
 */
export class TestSource<Row = Record<string, unknown>> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly partitions: number;
  readonly #batcher: RowBatcher;
  readonly #given: SourceBatch[] = [];
  #isPaused = false;
  #hasEnded = false;
  #failure: { readonly reason: unknown } | undefined;
  #changed = Promise.withResolvers<void>();
  #whenDrained: (() => void)[] = [];
  #opened = 0;
  #readers = 0;
  /** Readers that wait for more. */
  #waiting = 0;

  /**
   * A source that gives nothing yet.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: TestSourceOptions<Row> = {}) {
    const { schema, partitions = 1, name = "test" } = knownOptions(options, OPTIONS);
    checkWhole("partitions", partitions, { doing: OPTIONS.doing });
    this.name = name;
    this.partitions = partitions;
    if (schema) this.schema = schema;
    this.#batcher = new RowBatcher("push rows", { schema });
  }

  /** How many runs read it now. */
  get readers(): number {
    return this.#readers;
  }

  /**
   * Gives rows, in one batch.
   *
   * @throws {TypeError} when they do not fit the columns, or the source has ended.
   */
  push(rows: Iterable<Row & object> | RecordBatch<Row>, options: PushOptions = {}): void {
    const { partition = 0 } = knownOptions(options, PUSH_OPTIONS);
    this.#give({ batch: this.#batcher.batch(rows as Iterable<object>), partition });
  }

  /** Nothing more comes of one partition. */
  endPartition(partition: number): void {
    this.#give({ partition, ended: true });
  }

  /** From now on nothing is given, until {@linkcode TestSource.resume}. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Gives what was pushed during a pause. */
  resume(): void {
    this.#isPaused = false;
    this.#change();
  }

  /** Nothing more comes at all. */
  end(): void {
    this.#hasEnded = true;
    this.#change();
  }

  /**
   * Fails, when what was pushed before has been read; a pause ends with it.
   *
   * @throws {TypeError} when there is no reason.
   */
  abort(reason: unknown): void {
    if (reason === undefined) {
      throw new TypeError(`Cannot abort source: say why, received ${received(reason)}`);
    }
    this.#failure = { reason };
    this.resume();
  }

  /**
   * Resolves when there is a run, and every run has read what it can and waits for more, or is over.
   */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenDrained.push(resolve);
      this.#lookIfDrained();
    });
  }

  /** Begins to read from the start. */
  async *open({ signal }: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const stop = () => this.#change();
    signal.addEventListener("abort", stop);
    this.#opened++;
    this.#readers++;
    try {
      for (let at = 0; !signal.aborted;) {
        if (at < this.#given.length && !this.#isPaused) {
          yield this.#given[at++] as SourceBatch<Row>;
        } else if (this.#failure) throw this.#failure.reason;
        else if (this.#hasEnded && !this.#isPaused) return;
        else await this.#wait();
      }
    } finally {
      this.#readers--;
      this.#lookIfDrained();
      signal.removeEventListener("abort", stop);
    }
  }

  #wait(): Promise<void> {
    this.#waiting++;
    this.#lookIfDrained();
    return this.#changed.promise;
  }

  #lookIfDrained(): void {
    if (this.#opened === 0 || this.#waiting < this.#readers) return;
    for (const resolve of this.#whenDrained.splice(0)) resolve();
  }

  #give(given: SourceBatch): void {
    if (this.#hasEnded) throw new TypeError("Cannot push rows: the source has ended");
    this.#given.push(given);
    this.#change();
  }

  /** All who wait look again. */
  #change(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    this.#waiting = 0;
    resolve();
  }
}
