import { RecordBatch } from "../../batch/record_batch.ts";
import { RowIterator } from "../../batch/row_iterator.ts";
import { several } from "../../batch/several.ts";
import { BLOCK_ROWS } from "../../kernel/sampler_kernel.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { checkWhole, knownOptions } from "../../runtime/known_options.ts";
import { nextTurn } from "../../runtime/next_turn.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Conditions } from "../conditions/conditions.ts";
import { BatchRegrouper } from "./batch_regrouper.ts";
import type { Cells } from "./column_outputs.ts";
import { RowMaker } from "./row_maker.ts";

/** Rows that are taken at once at most: of more the memory would run out long before the end. */
const MOST_ROWS_AT_ONCE = 100_000_000;

/** Options of {@linkcode SyntheticGenerator.sample}. */
export interface SampleOptions {
  /** Which rows: the same seed gives the same. Default 0. */
  seed?: number | bigint;
  /** The number of the first row: a sample goes on where another has ended. Default 0. */
  start?: number;
  /** What all rows have to satisfy; by default nothing. */
  conditions?: Conditions;
  /**
   * How many bees make the rows, which are then taken by `for await`; they are the same. Default: 0,
   * they are made in this thread.
   */
  workers?: number;
  /**
   * The name of a column to add to the records of a twin, of type `f64`: how late each truly is, in ms
   * by which it is older than the newest record before it. Default: none.
   */
  lateness?: string;
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

/** What makes the values of a block column by column; they hold until the next are made. */
export interface CellMaker {
  /** The names of the columns. */
  readonly names: readonly string[];
  /** The values of a block. */
  readonly make: (block: number) => readonly Cells[];
}

/** Which rows a sample has, and how a block of them is made. */
export interface SampleRange<Row> {
  /** The number of the first row. */
  readonly start: number;
  /** The number after that of the last; may be infinite. */
  readonly end: number;
  /** Makes a block of 4,096 rows, in this thread. */
  readonly block: (block: number) => RecordBatch<Row>;
  /** Goes to where a block begins, piece by piece, where that can take long. Default: it cannot. */
  readonly approach?: (block: number) => Iterable<void>;
  /** Makes their values, where that takes less than to make batches. Default: by `block`. */
  readonly cells?: CellMaker;
  /** What share of the rows that are drawn is kept. Default 1. */
  readonly acceptance?: number;
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

  /** Which rows of a block are in the sample. */
  #limits(block: number): [from: number, to: number] {
    const { start, end } = this.#range;
    const first = block * BLOCK_ROWS;
    return [Math.max(0, start - first), Math.min(BLOCK_ROWS, end - first)];
  }

  /** The rows of a block that are in the sample. */
  #within(rows: RecordBatch<Row>, block: number): RecordBatch<Row> {
    const [from, to] = this.#limits(block);
    return from === 0 && to === BLOCK_ROWS ? rows : rows.slice(from, to);
  }

  /** The numbers of the blocks, in order. */
  *#blocks(): IterableIterator<number> {
    if (this.#range.byBees) {
      throw new TypeError(
        "Cannot take rows of a sample with workers at once: take its batches by " +
          "`for await (const batch of sample.batches())`, or sample without workers",
      );
    }
    for (let block = this.#firstBlock; block < this.#endBlock; block++) {
      this.#range.signal?.throwIfAborted();
      yield block;
    }
  }

  /** The rows by the blocks that they are made in. */
  *#parts(): IterableIterator<RecordBatch<Row>> {
    for (const block of this.#blocks()) yield this.#within(this.#range.block(block), block);
  }

  /** The rows as plain objects, by the blocks that they are made in. */
  *rows(): IterableIterator<Row[]> {
    const { cells } = this.#range;
    if (!cells) {
      for (const part of this.#parts()) yield part.toRows();
      return;
    }
    const maker = new RowMaker(cells.names);
    for (const block of this.#blocks()) {
      const [from, to] = this.#limits(block);
      yield maker.make(cells.make(block), from, to) as Row[];
    }
  }

  async *#partsInTurn(): AsyncGenerator<RecordBatch<Row>, void, undefined> {
    const { byBees, approach, signal, runtime = denoRuntime } = this.#range;
    const turn = () => nextTurn(runtime);
    if (!byBees) {
      for (const _ of approach?.(this.#firstBlock) ?? []) {
        await turn();
        signal?.throwIfAborted();
      }
      for (const part of this.#parts()) {
        yield part;
        await turn();
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
   * What share of the rows that are drawn is kept: 1, unless its conditions compare columns with each
   * other or are such that rows have to be drawn to see. It takes 1 / `acceptance` times as long.
   */
  get acceptance(): number {
    return this.range.acceptance ?? 1;
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
    checkWhole("batchRows", batchRows, { doing: "sample batches" });
    return new SampleBatches(this.range, batchRows);
  }

  /**
   * All rows as one batch.
   *
   * @throws {RangeError} when they are more than 100 million.
   * @throws {TypeError} when the sample has workers.
   */
  toBatch(): RecordBatch<Row> {
    this.#checkCount();
    const batches = Array.from(this.#blocks());
    return batches.length > 0 ? RecordBatch.concat(batches) : this.range.block(0).slice(0, 0);
  }

  /**
   * All rows as plain objects.
   *
   * @throws {RangeError} when they are more than 100 million.
   * @throws {TypeError} when the sample has workers.
   */
  toRows(): Row[] {
    this.#checkCount();
    const all: Row[] = [];
    for (const rows of this.#blocks().rows()) for (const row of rows) all.push(row);
    return all;
  }

  /** The rows as plain objects, made a block at a time. */
  [Symbol.iterator](): IterableIterator<Row> {
    return new RowIterator(this.#blocks().rows());
  }

  /** The same, made by bees where the sample has workers. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    // row by row: a batch that is handed on whole has more promises for each of its rows
    for await (const batch of this.#blocks()) for (const row of batch) yield row;
  }

  /** The rows by the blocks that they are made in, however they begin. */
  #blocks(): SampleBatches<Row> {
    return new SampleBatches(this.range);
  }

  #checkCount(): void {
    if (this.length <= MOST_ROWS_AT_ONCE) return;
    const what = Number.isFinite(this.length)
      ? `a sample of ${several(this.length, "row")}`
      : "an infinite sample";
    throw new RangeError(
      `Cannot take all rows of ${what} at once: at most ${MOST_ROWS_AT_ONCE} can be; ` +
        `take batches(), or iterate and stop`,
    );
  }
}
