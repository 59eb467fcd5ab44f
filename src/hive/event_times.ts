import { getBit } from "../batch/bitmap.ts";
import type { Column } from "../batch/column.ts";
import { MAX_TIMESTAMP_MS } from "../batch/time_range.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { SharedShape } from "../kernel/shared_shape.ts";
import { ALL_CLOSED } from "../kernel/window_shape.ts";

/** Under which name the event time goes to a window; no column of a user has it by chance. */
export const EVENT_TIME = "\u0000event time";

const HIGH = 2 ** 32;
const BITS = new BigInt64Array(1);
const DOUBLE = new Float64Array(BITS.buffer);
/** The last time, its bits read as a double. */
const LAST_TIME = doubleOf(BigInt(MAX_TIMESTAMP_MS));

function doubleOf(bits: bigint): number {
  BITS[0] = bits;
  return DOUBLE[0];
}

function bitsOf(double: number): bigint {
  DOUBLE[0] = double;
  return BITS[0];
}

/** Reads the event time of a row in whole milliseconds; `NaN` where there is none that is usable. */
export type TimeReader = (row: number) => number;

function reader(column: Column): TimeReader {
  const { values } = column;
  if (values instanceof BigInt64Array) {
    // Halves of 32 bits, because a bigint a row costs more than all else that is done with it.
    const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
    return (row) => words[2 * row + 1] * HIGH + (words[2 * row] >>> 0);
  }
  const doubles = values as Float64Array;
  return (row) => Math.floor(doubles[row]);
}

/** A reader of the times in a `timestamp`, `i64` or `f64` column of milliseconds. */
export function timeReader(column: Column): TimeReader {
  const read = reader(column);
  const { validity } = column;
  return (row) => {
    if (validity && (validity[row >> 3] >> (row & 7) & 1) === 0) return NaN;
    const time = read(row);
    return Math.abs(time) <= MAX_TIMESTAMP_MS ? time : NaN;
  };
}

/** The rows of a column as for {@linkcode timeReader} that hold a value which is no time. */
export function impossibleTimes(column: Column): number[] {
  const { values, validity, length } = column;
  const isSure = values instanceof BigInt64Array
    ? areSafeIntegers(values)
    : areTimes(values as Float64Array);
  if (isSure) return [];
  const timeOf = timeReader(column);
  const rows: number[] = [];
  for (let row = 0; row < length; row++) {
    if (Number.isNaN(timeOf(row)) && (!validity || getBit(validity, row))) rows.push(row);
  }
  return rows;
}

/**
 * Integers of 64 bits read as doubles: not below 0 they have the same order, and a comparison of
 * doubles costs a fraction of one of two halves. Every row of a source comes by here.
 */
function asOrderedDoubles(values: BigInt64Array, length: number): Float64Array {
  return new Float64Array(values.buffer, values.byteOffset, length);
}

/** Whether all integers are times after 1970; false also where that is not certain. */
function areSafeIntegers(values: BigInt64Array): boolean {
  const doubles = asOrderedDoubles(values, values.length);
  for (let row = 0; row < doubles.length; row++) {
    const double = doubles[row];
    if (!(double > 0 && double <= LAST_TIME)) return false;
  }
  return true;
}

function areTimes(values: Float64Array): boolean {
  for (let row = 0; row < values.length; row++) {
    if (!(Math.abs(values[row]) <= MAX_TIMESTAMP_MS)) return false;
  }
  return true;
}

/**
 * The greatest time of a column that lies in a kernel's memory, ms, where it is certain that all of
 * its values are times; else `undefined`, also of a column that lies elsewhere.
 */
export function certainGreatestTime(column: Column, kernel: Kernel): number | undefined {
  const { values, validity, length } = column;
  if (!(values instanceof BigInt64Array) || validity) return undefined;
  if (values.buffer !== kernel.u8.buffer) return undefined;
  const greatest = kernel.exports.greatestOfTimes(values.byteOffset, length);
  return Number.isNaN(greatest) ? undefined : greatest;
}

/** The greatest usable time of a column, ms; `-Infinity` without one. */
export function greatestTime(column: Column, length: number): number {
  const { values, validity } = column;
  if (values instanceof BigInt64Array && !validity && length > 0) {
    const greatest = greatestInteger(values, length);
    // Only when there is a time that cannot be is it looked for row by row.
    if (greatest <= MAX_TIMESTAMP_MS) return greatest >= -MAX_TIMESTAMP_MS ? greatest : -Infinity;
  }
  const timeOf = timeReader(column);
  let greatest = -Infinity;
  for (let row = 0; row < length; row++) {
    const time = timeOf(row);
    if (time > greatest) greatest = time;
  }
  return greatest;
}

/** The greatest of the first integers. */
function greatestInteger(values: BigInt64Array, length: number): number {
  const doubles = asOrderedDoubles(values, length);
  let greatest = 0;
  for (let row = 0; row < length; row++) {
    const double = doubles[row];
    if (double > greatest) greatest = double;
    else if (!(double > 0)) return greatestByHalves(values, length);
  }
  return Number(bitsOf(greatest));
}

function greatestByHalves(values: BigInt64Array, length: number): number {
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * length);
  let high = words[1];
  let low = words[0] >>> 0;
  for (let at = 2; at < words.length; at += 2) {
    const nextHigh = words[at + 1];
    const nextLow = words[at] >>> 0;
    if (nextHigh > high || (nextHigh === high && nextLow > low)) {
      high = nextHigh;
      low = nextLow;
    }
  }
  return high * HIGH + low;
}

/** A time that no usable one is before, ms; `-Infinity`: it is not looked for. */
function leastTime({ values, validity }: Column, length: number): number {
  if (!(values instanceof BigInt64Array) || validity) return -Infinity;
  const doubles = asOrderedDoubles(values, length);
  let least = LAST_TIME;
  for (let row = 0; row < length; row++) {
    const double = doubles[row];
    if (!(double > 0)) return -Infinity;
    if (double < least) least = double;
  }
  return Number(bitsOf(least));
}

/** What decides which rows are late, and for which windows. */
export interface LatenessRule {
  /** Watermark before the first row, ms. */
  readonly watermark: number;
  /** How much the watermark lags behind the greatest time, ms. */
  readonly bound: number;
  /** What other partitions hold the watermark down to, ms. */
  readonly cap: number;
  readonly shape: SharedShape;
}

/** Rows for whose windows it comes to the same if the watermark before each of them is this one. */
export interface Run {
  /** The first row. */
  readonly from: number;
  /** Watermark, ms. */
  readonly watermark: number;
}

/** What is known of the rows of a batch. */
export interface Judgement {
  /** Late rows have 1; absent when there are none. */
  readonly late?: Uint8Array;
  /** By each of several kinds of windows, rows that are late for all of it. */
  readonly lateOfKind?: readonly (readonly number[])[];
  /** At least one, from row 0 on. */
  readonly runs: readonly Run[];
}

/**
 * Finds the late rows of a batch: those of whose windows the rows before have closed all. Where they
 * have closed only some, a run starts.
 */
export function judgeRows(column: Column, length: number, rule: LatenessRule): Judgement {
  const timeOf = timeReader(column);
  const { bound, cap, shape } = rule;
  let { watermark } = rule;
  let late: Uint8Array | undefined;
  const { kinds } = shape;
  const lateOfKind = kinds.length > 1 ? kinds.map((): number[] => []) : undefined;
  let run: Run = { from: 0, watermark: -Infinity };
  const runs = [run];
  // what others hold the watermark down to is mostly before the end of any window of these
  if (cap < shape.endAfter(leastTime(column, length))) {
    return { ...(lateOfKind && { lateOfKind }), runs };
  }
  for (let row = 0; row < length; row++) {
    const time = timeOf(row);
    if (Number.isNaN(time)) continue;
    const closed = Math.min(watermark, cap);
    if (shape.endAfter(time) <= closed) {
      const slice = shape.sliceOf(time);
      const skipped = shape.skippedBy(slice, closed);
      lateOfKind?.forEach((rows, kind) => {
        if (kinds[kind].skippedBy(slice, closed) === ALL_CLOSED) rows.push(row);
      });
      if (skipped === ALL_CLOSED) (late ??= new Uint8Array(length))[row] = 1;
      else if (skipped > 0 && shape.endAfter(run.watermark) < shape.endAfter(closed)) {
        run = { from: row, watermark: closed };
        runs.push(run);
      }
    }
    if (time - bound > watermark) watermark = time - bound;
  }
  return { ...(late && { late }), ...(lateOfKind && { lateOfKind }), runs };
}
