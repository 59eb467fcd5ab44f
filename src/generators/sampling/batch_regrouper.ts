import { RecordBatch } from "../../batch/record_batch.ts";

/** Cuts batches that come one after the other into batches of so many rows. */
export class BatchRegrouper<Row> {
  readonly #batchRows: number;
  #waiting: RecordBatch<Row>[] = [];
  #count = 0;

  /** Of this many rows each but the last. */
  constructor(batchRows: number) {
    this.#batchRows = batchRows;
  }

  /** The batches that are full with these rows. */
  *add(rows: RecordBatch<Row>): IterableIterator<RecordBatch<Row>> {
    let at = 0;
    while (rows.length - at >= this.#batchRows - this.#count) {
      const end = at + this.#batchRows - this.#count;
      const full = RecordBatch.concat([...this.#waiting, rows.slice(at, end)]);
      [this.#waiting, this.#count, at] = [[], 0, end];
      yield full;
    }
    if (at < rows.length) this.#waiting.push(rows.slice(at));
    this.#count += rows.length - at;
  }

  /** What is left when no more come. */
  *rest(): IterableIterator<RecordBatch<Row>> {
    if (this.#waiting.length > 0) yield RecordBatch.concat(this.#waiting);
  }
}
