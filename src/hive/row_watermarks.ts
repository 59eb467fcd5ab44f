import type { Column } from "../batch/column.ts";
import { readTimes } from "../windows/operator/read_times.ts";

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
  // Each watermark takes the place of the time that it stands before.
  const watermarks = readTimes(times, length);
  let now = watermark;
  for (let row = 0; row < length; row++) {
    const moved = watermarks[row] - bound;
    watermarks[row] = now < cap ? now : cap;
    // Not where the row has no time: nothing compares with NaN.
    if (moved > now) now = moved;
  }
  return watermarks;
}
