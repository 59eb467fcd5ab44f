import type { RecordBatch } from "../batch/record_batch.ts";
import type { WindowTable } from "../windows/window_table.ts";
import type { Covered } from "./pipeline_frames.ts";

/** Where an owner stands: enough, with a snapshot of its table, to go on from there. */
export interface OwnerState {
  /** All batches before this one are in the table. */
  readonly sequence: number;
  /** Watermark after them, ms. */
  readonly watermark: number;
  /** Rows taken in so far. */
  readonly rows: number;
}

/** The state of a bee's range of key groups, and how far it is complete. */
export class WindowOwner implements Disposable {
  /** The open windows. */
  readonly table: WindowTable;
  #sequence = 0;
  #watermark = -Infinity;
  #rows = 0;
  /** Batches that came before an earlier one: the watermark after each. */
  readonly #ahead = new Map<number, number>();

  /** An owner of nothing yet. */
  constructor(table: WindowTable) {
    this.table = table;
  }

  /** Where it stands. */
  get state(): OwnerState {
    return { sequence: this.#sequence, watermark: this.#watermark, rows: this.#rows };
  }

  /** Whether batches are in the table that an earlier one is missing before. */
  get isAhead(): boolean {
    return this.#ahead.size > 0;
  }

  /** Takes in rows that were judged before, by a watermark for which none of them is late. */
  add(batch: RecordBatch, at: { partition: number; position: number; watermark: number }): void {
    const { watermark: watermarkBefore, ...place } = at;
    const outcome = this.table.add(batch, { watermarkBefore, bound: Infinity, ...place });
    this.#rows += outcome.absorbed;
  }

  /** Takes in rows that the table judged. */
  count(rows: number): void {
    this.#rows += rows;
  }

  /** Takes in partial results. */
  fold(delta: Uint8Array): void {
    const { rows } = this.table.stats();
    this.table.fold(delta);
    this.#rows += this.table.stats().rows - rows;
  }

  /** Notes that all rows of a batch are in; whether the watermark has moved by it. */
  cover({ sequence, watermarkAfter }: Covered): boolean {
    this.#ahead.set(sequence, watermarkAfter);
    const before = this.#watermark;
    for (let next = this.#ahead.get(this.#sequence); next !== undefined;) {
      this.#ahead.delete(this.#sequence++);
      this.#watermark = next;
      next = this.#ahead.get(this.#sequence);
    }
    return this.#watermark > before;
  }

  /** Goes back to an earlier state. */
  restore(state: OwnerState, snapshot: Uint8Array): void {
    this.table.restore(snapshot);
    this.#sequence = state.sequence;
    this.#watermark = state.watermark;
    this.#rows = state.rows;
    this.#ahead.clear();
  }

  [Symbol.dispose](): void {
    this.table[Symbol.dispose]();
  }
}
