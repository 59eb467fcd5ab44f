import { RecordBatch } from "../../batch/record_batch.ts";
import { BLOCK_ROWS } from "../../kernel/sampler_kernel.ts";
import type { Sample } from "../sampling/sample.ts";
import type { RecordRange } from "./due_records.ts";

/** Makes rows by their numbers, of which most are asked for in ascending order. */
export class GeneratedRows<Row> {
  readonly #sampleFrom: (start: number) => Sample<Row>;
  #blocks: Iterator<RecordBatch<Row>> | undefined;
  /** The number of the block that is here; those before are gone. */
  #number = -1;
  #block: RecordBatch<Row> | undefined;

  /** Of samples without an end, from a row that is the first of a block. */
  constructor(sampleFrom: (start: number) => Sample<Row>) {
    this.#sampleFrom = sampleFrom;
  }

  /** These rows. */
  range({ start, end }: RecordRange): RecordBatch<Row> {
    const parts: RecordBatch<Row>[] = [];
    for (let at = start; at < end;) {
      const number = Math.floor(at / BLOCK_ROWS);
      const first = number * BLOCK_ROWS;
      const last = Math.min(end, first + BLOCK_ROWS);
      const block = this.#take(number);
      parts.push(
        last - at === block.length ? block : block.slice(at - first, last - first),
      );
      at = last;
    }
    return parts.length === 1 ? parts[0] : RecordBatch.concat(parts);
  }

  #take(number: number): RecordBatch<Row> {
    if (this.#block && number === this.#number) return this.#block;
    if (number !== this.#number + 1 || !this.#blocks) {
      this.#blocks = this.#sampleFrom(number * BLOCK_ROWS).batches();
    }
    const { value } = this.#blocks.next();
    this.#number = number;
    return this.#block = value;
  }
}
