import type { Column } from "../batch/column.ts";
import { timeReader } from "./event_times.ts";

/** What decides the watermarks between the rows of a batch. */
export interface WatermarkRule {
  /** Watermark before the first row, of this partition alone, ms. */
  readonly watermark: number;
  /** How much the watermark lags behind the greatest time, ms; `Infinity`: it stays. */
  readonly bound: number;
  /** What other partitions hold the watermark down to, ms. */
  readonly cap: number;
}

/** The watermark of all partitions before each row, ms, by the times of all rows of a batch. */
export function watermarksBefore(
  times: Column,
  length: number,
  { watermark, bound, cap }: WatermarkRule,
): Float64Array {
  const timeOf = timeReader(times);
  const watermarks = new Float64Array(length);
  let now = watermark;
  for (let row = 0; row < length; row++) {
    watermarks[row] = now < cap ? now : cap;
    const moved = timeOf(row) - bound;
    if (moved > now) now = moved;
  }
  return watermarks;
}
