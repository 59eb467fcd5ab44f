import type { KernelColumn, WindowRows } from "../../src/kernel/window_types.ts";
import type { Random } from "../../tests/support/random.ts";

/** Rows of a time, evenly over it and in its order, of keys and values at random. */
export interface TimedRows {
  readonly keys: number;
  /** Rows of the whole time. */
  readonly rows: number;
  /** How long the time is. */
  readonly spanMs: number;
}

function column(kind: string, values: BigInt64Array | Float64Array | Int32Array): KernelColumn {
  return { type: { kind }, length: values.length, nullCount: 0, values };
}

/** At most so many of the rows, from one of them on: times, keys as `i32`, values as `f64`. */
export function batchOf(
  random: Random,
  { keys, rows, spanMs }: TimedRows,
  { from, most }: { from: number; most: number },
): WindowRows {
  const length = Math.min(most, rows - from);
  const timeOf = (row: number) => BigInt(Math.floor((from + row) / rows * spanMs));
  return {
    length,
    times: column("timestamp", BigInt64Array.from({ length }, (_, row) => timeOf(row))),
    keys: [column("i32", Int32Array.from({ length }, () => random.below(keys) * 7919))],
    values: [column("f64", Float64Array.from({ length }, () => random.next() * 100))],
  };
}

let read = 0;

/** Reads each value of a column of results, as one who has use for it does. */
export function readColumn(values: KernelColumn["values"]): void {
  if (values instanceof BigInt64Array) readWhole(values);
  else if (values instanceof Float64Array) readDoubles(values);
}

function readWhole(values: BigInt64Array): void {
  for (let row = 0; row < values.length; row++) read += Number(values[row]);
}

function readDoubles(values: Float64Array): void {
  for (let row = 0; row < values.length; row++) read += values[row];
}

/** Makes sure that what was read counts for something. */
export function checkRead(): void {
  if (Number.isNaN(read)) throw new Error("A mean of numbers is none");
}
