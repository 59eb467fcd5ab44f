import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";

/** Makes the watermarks of one source partition, from its rows in their order. */
export interface WatermarkGenerator<Row = unknown> {
  /**
   * Called with each row that has an event time, in the order of the source.
   *
   * @param time Event time of the row, ms since 1970.
   * @param row What the strategy tells of the row.
   * @returns the watermark after the row, ms; `undefined`: as before. It never goes back: one
   *   that is lower than before changes nothing.
   */
  onEvent(time: number, row: Row): number | undefined;
  /** Called at intervals of the wall clock, where the strategy has one; gives the same. */
  onPeriodic?(): number | undefined;
}

/** What of a row the generators are told, by its number in the batch. */
export type RowTeller = (row: number) => unknown;

/** Says how watermarks come about; makes a generator for each source partition. */
export abstract class WatermarkStrategy {
  /** Columns that it looks at, besides the event time. */
  readonly columns: readonly string[] = [];
  /** Milliseconds of the wall clock between calls of `onPeriodic`; absent: it is not called. */
  readonly interval: number | undefined = undefined;
  /** Milliseconds between the watermark and the greatest time, where that is all there is to it. */
  readonly bound: number | undefined = undefined;

  /** What the watermark is, in words, for `explain()`. */
  abstract describe(): string;

  /** A generator for one source partition. */
  abstract create(): WatermarkGenerator;

  /**
   * Makes ready to tell of rows of these columns.
   *
   * @throws {TypeError} when a column is not there, or of no use.
   */
  teller(_schema: Schema): (batch: RecordBatch) => RowTeller {
    return () => () => undefined;
  }
}
