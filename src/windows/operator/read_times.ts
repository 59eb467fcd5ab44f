import type { Column } from "../../batch/column.ts";
import { readColumn } from "../../batch/column_reader.ts";
import { MAX_TIMESTAMP_MS } from "../../batch/time_range.ts";

const HIGH = 2 ** 32;

/** The numbers of a column, whole or not; `NaN` where there is none. */
export function readNumbers(column: Column, length: number): Float64Array {
  const cells = readColumn(column, { start: 0, end: length });
  return Float64Array.from(cells, (cell) => cell === null ? NaN : Number(cell));
}

function blanked(times: Float64Array, validity: Uint8Array | undefined): Float64Array {
  for (let row = 0; row < times.length; row++) {
    const isThere = validity === undefined || (validity[row >> 3] >> (row & 7) & 1) === 1;
    if (!isThere || !(Math.abs(times[row]) <= MAX_TIMESTAMP_MS)) times[row] = NaN;
  }
  return times;
}

/**
 * The times of a `timestamp`, `i64` or `f64` column in whole milliseconds; `NaN` where there is none
 * that is usable.
 */
export function readTimes({ values, validity }: Column, length: number): Float64Array {
  const times = new Float64Array(length);
  if (values instanceof BigInt64Array) {
    // Halves of 32 bits, because a bigint a row costs more than all else that is done with it.
    const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
    for (let row = 0; row < length; row++) {
      times[row] = words[2 * row + 1] * HIGH + (words[2 * row] >>> 0);
    }
  } else {
    const numbers = values as Float64Array;
    for (let row = 0; row < length; row++) times[row] = Math.floor(numbers[row]);
  }
  return blanked(times, validity);
}
