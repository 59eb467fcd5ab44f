import { RecordBatch } from "../../batch/record_batch.ts";
import { BLOCK_ROWS } from "../../kernel/sampler_kernel.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { knownOptions, received } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { BatchRegrouper } from "./batch_regrouper.ts";

/** Options of {@linkcode SyntheticGenerator.sample}. */
export interface SampleOptions {
  /** Which rows: the same seed gives the same. Default 0. */
  seed?: number | bigint;
  /** The number of the first row: a sample goes on where another has ended. Default 0. */
  start?: number;
  /**
   * How many bees make the rows, which are then taken by `for await`; they are the same. Default:
   * none, they are made in this thread.
   */
  workers?: number;
  /** Stops the sampling, which throws the signal's reason. */
  signal?: AbortSignal;
  /** The world: the only way to workers. Default: that of the process. */
  runtime?: Runtime;
}

/** Options of {@linkcode Sample.batches}. */
export interface SampleBatchesOptions {
  /** Rows of each batch but the last. Default 4,096, which is fastest. */
  batchRows?: number;
}

/** Which rows a sample has, and how a block of them is made. */
export interface SampleRange<Row> {
  /** The number of the first row. */
  readonly start: number;
  /** The number after that of the last; may be infinite. */
  readonly end: number;
  /** Makes a block of 4,096 rows, in this thread. */
  readonly block: (block: number) => RecordBatch<Row>;
  /** Has bees make blocks, from one to before another, where there are workers. */
  readonly byBees?: (first: number, end: number) => AsyncIterable<RecordBatch<Row>>;
  /** Stops it. */
  readonly signal?: AbortSignal;
  /** The world. Default: that of the process. */
  readonly runtime?: Runtime;
}

/** Batches of a sample, made as they are asked for; each time they are the same. */
export class SampleBatches<Row = Record<string, unknown>>
  implements Iterable<RecordBatch<Row>>, AsyncIterable<RecordBatch<Row>> {
  readonly #range: SampleRange<Row>;
  /** Rows of each but the last; absent where they may have as many as they come in. */
  readonly #batchRows: number | undefined;

  /** Use {@linkcode Sample.batches}. */
  constructor(range: SampleRange<Row>, batchRows?: number) {
    this.#range = range;
    const isPlain = batchRows === BLOCK_ROWS && range.start % BLOCK_ROWS === 0;
    this.#batchRows = isPlain ? undefined : batchRows;
  }

  /**
   * The batches, made in this thread.
   *
   * @throws {TypeError} when the sample has workers, of which one can only wait by `for await`.
   */
  [Symbol.iterator](): IterableIterator<RecordBatch<Row>> {
    const parts = this.#parts();
    return this.#batchRows === undefined ? parts : regrouped(parts, this.#batchRows);
  }

  /** The batches, made by bees where the sample has workers; else timers get their turn between. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch<Row>, void, undefined> {
    const parts = this.#partsInTurn();
    if (this.#batchRows === undefined) return yield* parts;
    const regrouper = new BatchRegrouper<Row>(this.#batchRows);
    for await (const part of parts) yield* regrouper.add(part);
    yield* regrouper.rest();
  }

  get #firstBlock(): number {
    return Math.floor(this.#range.start / BLOCK_ROWS);
  }

  get #endBlock(): number {
    const { start, end } = this.#range;
    return end > start ? Math.ceil(end / BLOCK_ROWS) : this.#firstBlock;
  }

  /** The rows of a block that are in the sample. */
  #within(rows: RecordBatch<Row>, block: number): RecordBatch<Row> {
    const { start, end } = this.#range;
    const from = Math.max(0, start - block * BLOCK_ROWS);
    const to = Math.min(BLOCK_ROWS, end - block * BLOCK_ROWS);
    return from === 0 && to === BLOCK_ROWS ? rows : rows.slice(from, to);
  }

  /** The rows by the blocks that they are made in. */
  *#parts(): IterableIterator<RecordBatch<Row>> {
    const { block: make, byBees, signal } = this.#range;
    if (byBees) {
      throw new TypeError(
        "Cannot take rows of a sample with workers at once: take its batches by " +
          "`for await (const batch of sample.batches())`, or sample without workers",
      );
    }
    for (let block = this.#firstBlock; block < this.#endBlock; block++) {
      signal?.throwIfAborted();
      yield this.#within(make(block), block);
    }
  }

  async *#partsInTurn(): AsyncGenerator<RecordBatch<Row>, void, undefined> {
    const { byBees, signal, runtime = denoRuntime } = this.#range;
    if (!byBees) {
      for (const part of this.#parts()) {
        yield part;
        await new Promise<void>((resolve) => runtime.soon(resolve));
      }
      return;
    }
    let block = this.#firstBlock;
    for await (const rows of byBees(block, this.#endBlock)) {
      signal?.throwIfAborted();
      yield this.#within(rows, block++);
    }
  }
}

function* regrouped<Row>(
  parts: Iterable<RecordBatch<Row>>,
  batchRows: number,
): IterableIterator<RecordBatch<Row>> {
  const regrouper = new BatchRegrouper<Row>(batchRows);
  for (const part of parts) yield* regrouper.add(part);
  yield* regrouper.rest();
}

/** Rows that a generator makes, as they are asked for; each time they are the same. */
export class Sample<Row = Record<string, unknown>> implements Iterable<Row>, AsyncIterable<Row> {
  /** Which rows it has, and how they are made. */
  readonly range: SampleRange<Row>;

  /** Use {@linkcode SyntheticGenerator.sample}. */
  constructor(range: SampleRange<Row>) {
    this.range = range;
  }

  /** How many rows it has; may be infinite. */
  get length(): number {
    return this.range.end - this.range.start;
  }

  /**
   * The rows as batches, by `for`, or with workers by `for await`.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  batches(options: SampleBatchesOptions = {}): SampleBatches<Row> {
    const { batchRows = BLOCK_ROWS } = knownOptions(options, {
      doing: "sample batches",
      names: { batchRows: true },
      example: "{ batchRows: 1000 }",
    });
    if (!(Number.isSafeInteger(batchRows) && batchRows >= 1)) {
      throw new RangeError(
        `Cannot sample batches: batchRows must be a whole number from 1, received ` +
          received(batchRows),
      );
    }
    return new SampleBatches(this.range, batchRows);
  }

  /**
   * All rows as one batch.
   *
   * @throws {RangeError} when they are infinitely many.
   * @throws {TypeError} when the sample has workers.
   */
  toBatch(): RecordBatch<Row> {
    this.#checkFinite();
    const batches = Array.from(this.#blocks());
    return batches.length > 0 ? RecordBatch.concat(batches) : this.range.block(0).slice(0, 0);
  }

  /**
   * All rows as plain objects.
   *
   * @throws {RangeError} when they are infinitely many.
   * @throws {TypeError} when the sample has workers.
   */
  toRows(): Row[] {
    this.#checkFinite();
    const rows: Row[] = [];
    for (const batch of this.#blocks()) for (const row of batch) rows.push(row);
    return rows;
  }

  /** The rows as plain objects, made a few at a time. */
  *[Symbol.iterator](): IterableIterator<Row> {
    for (const batch of this.#blocks()) yield* batch;
  }

  /** The same, made by bees where the sample has workers. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    for await (const batch of this.#blocks()) yield* batch;
  }

  /** The rows by the blocks that they are made in, however they begin. */
  #blocks(): SampleBatches<Row> {
    return new SampleBatches(this.range);
  }

  #checkFinite(): void {
    if (Number.isFinite(this.length)) return;
    throw new RangeError(
      "Cannot take all rows of an infinite sample: take batches(), or iterate and stop",
    );
  }
}
