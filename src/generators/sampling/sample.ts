import { RecordBatch } from "../../batch/record_batch.ts";
import { BLOCK_ROWS } from "../../kernel/sampler_kernel.ts";
import { knownOptions, received } from "../../runtime/known_options.ts";

/** Options of {@linkcode SyntheticGenerator.sample}. */
export interface SampleOptions {
  /** Which rows: the same seed gives the same. Default 0. */
  seed?: number | bigint;
  /** The number of the first row: a sample goes on where another has ended. Default 0. */
  start?: number;
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
  /** Makes a block of 4,096 rows. */
  readonly block: (block: number) => RecordBatch<Row>;
}

/** Rows that a generator makes, as they are asked for; each time they are the same. */
export class Sample<Row = Record<string, unknown>> implements Iterable<Row> {
  readonly #range: SampleRange<Row>;

  /** Use {@linkcode SyntheticGenerator.sample}. */
  constructor(range: SampleRange<Row>) {
    this.#range = range;
  }

  /** How many rows it has; may be infinite. */
  get length(): number {
    return this.#range.end - this.#range.start;
  }

  /**
   * The rows as batches.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  batches(options: SampleBatchesOptions = {}): IterableIterator<RecordBatch<Row>> {
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
    const { start } = this.#range;
    return batchRows === BLOCK_ROWS && start % BLOCK_ROWS === 0
      ? this.#blocks()
      : this.#regrouped(batchRows);
  }

  /**
   * All rows as one batch.
   *
   * @throws {RangeError} when they are infinitely many.
   */
  toBatch(): RecordBatch<Row> {
    this.#checkFinite();
    const batches = Array.from(this.#blocks());
    return batches.length > 0 ? RecordBatch.concat(batches) : this.#range.block(0).slice(0, 0);
  }

  /**
   * All rows as plain objects.
   *
   * @throws {RangeError} when they are infinitely many.
   */
  toRows(): Row[] {
    this.#checkFinite();
    return Array.from(this);
  }

  /** The rows as plain objects, made a few at a time. */
  *[Symbol.iterator](): IterableIterator<Row> {
    for (const batch of this.#blocks()) yield* batch;
  }

  /** The rows by the blocks that they are made in. */
  *#blocks(): IterableIterator<RecordBatch<Row>> {
    const { start, end, block } = this.#range;
    for (let at = start; at < end;) {
      const number = Math.floor(at / BLOCK_ROWS);
      const first = number * BLOCK_ROWS;
      const last = Math.min(end, first + BLOCK_ROWS);
      const rows = block(number);
      const isWhole = at === first && last - first === BLOCK_ROWS;
      yield isWhole ? rows : rows.slice(at - first, last - first);
      at = last;
    }
  }

  *#regrouped(batchRows: number): IterableIterator<RecordBatch<Row>> {
    let waiting: RecordBatch<Row>[] = [];
    let count = 0;
    for (const block of this.#blocks()) {
      let at = 0;
      while (block.length - at >= batchRows - count) {
        const end = at + batchRows - count;
        yield RecordBatch.concat([...waiting, block.slice(at, end)]);
        [waiting, count, at] = [[], 0, end];
      }
      if (at < block.length) waiting.push(block.slice(at));
      count += block.length - at;
    }
    if (waiting.length > 0) yield RecordBatch.concat(waiting);
  }

  #checkFinite(): void {
    if (Number.isFinite(this.length)) return;
    throw new RangeError(
      "Cannot take all rows of an infinite sample: take batches(), or iterate and stop",
    );
  }
}
