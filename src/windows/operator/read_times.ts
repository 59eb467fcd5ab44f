import type { Column } from "../../batch/column.ts";
import { MAX_TIMESTAMP_MS } from "../../batch/time_range.ts";

const HIGH = 2 ** 32;
const NO_TIMES: Float64Array = new Float64Array();

function blank(times: Float64Array, length: number, validity: Uint8Array): void {
  for (let row = 0; row < length; row++) {
    if ((validity[row >> 3] >> (row & 7) & 1) === 0) times[row] = NaN;
  }
}

function readLongs(values: BigInt64Array, length: number, out: Float64Array): void {
  // Halves of 32 bits, because a bigint a row costs more than all else that is done with it.
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  for (let row = 0; row < length; row++) {
    const time = words[2 * row + 1] * HIGH + (words[2 * row] >>> 0);
    out[row] = Math.abs(time) <= MAX_TIMESTAMP_MS ? time : NaN;
  }
}

function readDoubles(values: Float64Array, length: number, out: Float64Array): void {
  for (let row = 0; row < length; row++) {
    const time = Math.floor(values[row]);
    out[row] = Math.abs(time) <= MAX_TIMESTAMP_MS ? time : NaN;
  }
}

/**
 * The times of a `timestamp`, `i64`, or other number column in whole milliseconds; `NaN` where there
 * is none that is usable.
 *
 * @param out Where they go, if it is long enough; else they are somewhere new.
 */
export function readTimes(
  column: Column,
  length: number,
  out: Float64Array = NO_TIMES,
): Float64Array {
  const { values, validity } = column;
  const times = out.length < length ? new Float64Array(length) : out;
  if (values instanceof BigInt64Array) readLongs(values, length, times);
  else readDoubles(values as Float64Array, length, times);
  if (validity !== undefined) blank(times, length, validity);
  return times;
}
