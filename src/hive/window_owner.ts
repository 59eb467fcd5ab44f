import type { RecordBatch } from "../batch/record_batch.ts";
import type { AddOutcome } from "../kernel/window_types.ts";
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
  /** The same for each kind of windows, where several share slices. */
  readonly kindRows?: readonly number[];
}

/** The state of a bee's range of key groups, and how far it is complete. */
export class WindowOwner implements Disposable {
  /** The open windows. */
  readonly table: WindowTable;
  #sequence = 0;
  #watermark = -Infinity;
  #rows = 0;
  #kindRows: readonly number[] | undefined;
  /** Batches that came before an earlier one: the watermark after each. */
  readonly #ahead = new Map<number, number>();

  /** An owner of nothing yet. */
  constructor(table: WindowTable) {
    this.table = table;
  }

  /** Where it stands. */
  get state(): OwnerState {
    const kindRows = this.#kindRows;
    return {
      ...{ sequence: this.#sequence, watermark: this.#watermark, rows: this.#rows },
      ...(kindRows && { kindRows }),
    };
  }

  /** Whether batches are in the table that an earlier one is missing before. */
  get isAhead(): boolean {
    return this.#ahead.size > 0;
  }

  /** Takes in rows that were judged before, by a watermark for which none of them is late. */
  add(batch: RecordBatch, at: { partition: number; position: number; watermark: number }): void {
    const { watermark: watermarkBefore, ...place } = at;
    this.count(this.table.add(batch, { watermarkBefore, bound: Infinity, ...place }));
  }

  /** Takes in rows that the table judged. */
  count({ absorbed, kinds }: Pick<AddOutcome, "absorbed" | "kinds">): void {
    this.#rows += absorbed;
    this.#countKinds(kinds?.map(({ absorbed }) => absorbed));
  }

  #countKinds(rows: readonly number[] | undefined): void {
    this.#kindRows = rows?.map((rows, kind) => rows + (this.#kindRows?.[kind] ?? 0));
  }

  /** Takes in partial results. */
  fold(delta: Uint8Array): void {
    const before = this.table.stats();
    this.table.fold(delta);
    const { rows, kindRows } = this.table.stats();
    this.#rows += rows - before.rows;
    this.#countKinds(kindRows?.map((rows, kind) => rows - before.kindRows![kind]));
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
    this.#kindRows = state.kindRows;
    this.#ahead.clear();
  }

  [Symbol.dispose](): void {
    this.table[Symbol.dispose]();
  }
}
