import { RecordBatch } from "../../batch/record_batch.ts";
import { BLOCK_ROWS } from "../../kernel/sampler_kernel.ts";
import type { Sample, SampleBatches } from "../sampling/sample.ts";
import type { RecordRange } from "./due_records.ts";

/** A block of rows by its number. */
interface Block<Row> {
  readonly number: number;
  readonly rows: RecordBatch<Row>;
}

/**
 * Makes rows by their numbers, which are asked for in ascending order: the block that some are of is
 * kept for the next.
 */
export class GeneratedRows<Row> {
  readonly #sampleFrom: (start: number) => Sample<Row>;
  #here: Iterator<RecordBatch<Row>> | undefined;
  #byBees: AsyncIterator<RecordBatch<Row>> | undefined;
  #block: Block<Row> | undefined;

  /** Of samples without an end, from a row that is the first of a block. */
  constructor(sampleFrom: (start: number) => Sample<Row>) {
    this.#sampleFrom = sampleFrom;
  }

  /** These rows, made in this thread. */
  range(range: RecordRange): RecordBatch<Row> {
    const parts: RecordBatch<Row>[] = [];
    for (const number of blocksOf(range)) {
      if (this.#block?.number !== number) this.#block = { number, rows: this.#make(number) };
      parts.push(partOf(this.#block, range));
    }
    return parts.length === 1 ? parts[0] : RecordBatch.concat(parts);
  }

  /** These rows, made by bees. */
  async rangeByBees(range: RecordRange): Promise<RecordBatch<Row>> {
    const parts: RecordBatch<Row>[] = [];
    for (const number of blocksOf(range)) {
      if (this.#block?.number !== number) this.#block = await this.#next(number);
      parts.push(partOf(this.#block, range));
    }
    return parts.length === 1 ? parts[0] : RecordBatch.concat(parts);
  }

  /** Lets the bees go. */
  async close(): Promise<void> {
    const bees = this.#byBees;
    this.#byBees = undefined;
    await bees?.return?.();
  }

  #batchesFrom(number: number): SampleBatches<Row> {
    return this.#sampleFrom(number * BLOCK_ROWS).batches();
  }

  #make(number: number): RecordBatch<Row> {
    if (!this.#here || this.#block?.number !== number - 1) {
      this.#here = this.#batchesFrom(number)[Symbol.iterator]();
    }
    return this.#here.next().value;
  }

  /** The block of this number, which is ahead; what is between was dropped. */
  async #next(number: number): Promise<Block<Row>> {
    this.#byBees ??= this.#batchesFrom(number)[Symbol.asyncIterator]();
    for (let at = this.#block ? this.#block.number + 1 : number;; at++) {
      const { value } = await this.#byBees.next();
      if (at === number) return { number, rows: value };
    }
  }
}

function* blocksOf({ start, end }: RecordRange): Generator<number> {
  const last = Math.floor((end - 1) / BLOCK_ROWS);
  for (let number = Math.floor(start / BLOCK_ROWS); number <= last; number++) yield number;
}

function partOf<Row>({ number, rows }: Block<Row>, { start, end }: RecordRange): RecordBatch<Row> {
  const first = number * BLOCK_ROWS;
  const [from, to] = [Math.max(0, start - first), Math.min(rows.length, end - first)];
  return from === 0 && to === rows.length ? rows : rows.slice(from, to);
}
