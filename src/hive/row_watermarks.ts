import type { Column } from "../batch/column.ts";
import { MAX_TIMESTAMP_MS } from "../batch/time_range.ts";
import { readTimes } from "../windows/operator/read_times.ts";

const HIGH = 2 ** 32;

/** What decides the watermarks between the rows of a batch. */
export interface WatermarkRule {
  /** Watermark before the first row, of this partition alone, ms. */
  readonly watermark: number;
  /** How much the watermark lags behind the greatest time, ms; `Infinity`: it stays. */
  readonly bound: number;
  /** What other partitions hold the watermark down to, ms. */
  readonly cap: number;
}

/**
 * The watermark of all partitions before each row, ms, by the times of all rows of a batch.
 *
 * @param out Where they go, if it is long enough; else they are somewhere new.
 */
export function watermarksBefore(
  times: Column,
  length: number,
  { out, ...rule }: WatermarkRule & { readonly out?: Float64Array },
): Float64Array {
  const { values, validity } = times;
  if (values instanceof BigInt64Array && validity === undefined) {
    const watermarks = out && out.length >= length ? out : new Float64Array(length);
    markBeforeLongs(values, rule, watermarks.subarray(0, length));
    return watermarks;
  }
  const { watermark, bound, cap } = rule;
  // Each watermark takes the place of the time that it stands before.
  const watermarks = readTimes(times, length, out);
  let now = watermark;
  for (let row = 0; row < length; row++) {
    const moved = watermarks[row] - bound;
    watermarks[row] = now < cap ? now : cap;
    // Not where the row has no time: nothing compares with NaN.
    if (moved > now) now = moved;
  }
  return watermarks;
}

/** The same of integers without nulls, in one pass; in halves, for a bigint a row costs the most. */
function markBeforeLongs(
  values: BigInt64Array,
  { watermark, bound, cap }: WatermarkRule,
  watermarks: Float64Array,
): void {
  const { length } = watermarks;
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * length);
  let now = watermark;
  for (let row = 0; row < length; row++) {
    watermarks[row] = now < cap ? now : cap;
    const time = words[2 * row + 1] * HIGH + (words[2 * row] >>> 0);
    const moved = time - bound;
    if (moved > now && Math.abs(time) <= MAX_TIMESTAMP_MS) now = moved;
  }
}
