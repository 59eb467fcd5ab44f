import type { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema } from "../batch/schema.ts";
import type { ColumnBatch } from "./window_table.ts";

/**
 * Columns in front of an operator's results that say where each stands among all results: by
 * logical time, then by number of the batch, then by row. What the watermark sets off has the
 * watermark that it waited for as its logical time, and −1 and −1; what a row sets off has the
 * watermark before the row, and the row's place. What the clock sets off stands before the next
 * batch, wherever the operator puts it. No column of a user has such a name by chance.
 *
 * What one row sets off stays as the operator gives it. All else is in the order of windows (by end,
 * then start) and keys; a result that takes another one back stands before what comes in its place.
 */
export const ORDER_COLUMNS = ["\u0000at", "\u0000sequence", "\u0000place"] as const;

/** The fields of {@linkcode ORDER_COLUMNS}. */
export const ORDER_FIELDS: readonly Field[] = [
  { name: ORDER_COLUMNS[0], type: { kind: "f64" }, nullable: false },
  { name: ORDER_COLUMNS[1], type: { kind: "f64" }, nullable: false },
  { name: ORDER_COLUMNS[2], type: { kind: "i32" }, nullable: false },
];

/** Rows of one batch of the source, in its order; batches come in the order of the source too. */
export interface OrderedRows {
  /** Event time, keys and what is aggregated, a row each. */
  readonly batch: ColumnBatch;
  /** Watermark of all partitions before each row, ms; it never goes back, here or between calls. */
  readonly watermarks: Float64Array;
  /** Position of each row in its source partition. */
  readonly positions: Float64Array;
  /** Which row of the source's batch each is, ascending. */
  readonly places: Int32Array;
  /** Number of the source's batch, in the order of the source. */
  readonly sequence: number;
  /** Source partition. */
  readonly partition: number;
}

/** What became of the rows of a call; together they are all of its rows. */
export interface OperatorOutcome {
  /** Rows that counted in at least one window. */
  readonly absorbed: number;
  /** Rows that no window holds. */
  readonly outside: number;
  /** Rows without a usable time. */
  readonly untimed: number;
  /** Places of the rows that came too late for all their windows, ascending. */
  readonly late: Int32Array;
}

/**
 * Windows over rows that come in the order of their source: whatever cannot be aggregated in any
 * order and put together afterwards. It owns a range of the key groups, all rows of which it gets.
 */
export interface WindowOperator extends Disposable {
  /** Of what {@linkcode WindowOperator.take} gives: {@linkcode ORDER_COLUMNS} first. */
  readonly resultSchema: Schema;
  /** Takes rows; before each of them whatever its watermark sets off. */
  add(rows: OrderedRows): OperatorOutcome;
  /** Sets off whatever a watermark sets off; `Infinity` at the end of the source. */
  advance(watermark: number): void;
  /** Sets off whatever waits for the clock; `nowMs` is monotonic. */
  tick(nowMs: number): void;
  /** When {@linkcode WindowOperator.tick} is due, monotonic ms; `Infinity` where nothing waits. */
  nextTick(): number;
  /** Results since the last call, in the order of {@linkcode ORDER_COLUMNS}; absent: none. */
  take(): RecordBatch | undefined;
  /** Windows that are open, and bytes that they are known to take. */
  stats(): { readonly windows: number; readonly bytes: number };
  /**
   * An event time, ms, before which no window that is open has a row; `Infinity`: none is open.
   * Looks at all that are. Absent, or `-Infinity`: it is not known.
   */
  oldest?(): number;
  /** The whole state, between `take()` and the next row. */
  snapshot(): Uint8Array;
  /**
   * Replaces the state by a snapshot's; an empty one is the state before the first row.
   *
   * @throws {TypeError} when that is damaged, before any change.
   */
  restore(snapshot: Uint8Array): void;
}
