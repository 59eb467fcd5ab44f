import { getBit } from "../../batch/bitmap.ts";
import type { Column } from "../../batch/column.ts";
import { isValid } from "../../batch/column_reader.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { WINDOW_COLUMNS } from "../../windows/window_table.ts";

/** Orders two rows of one batch. */
export type CompareRows = (a: number, b: number) => number;

function compareSlices({ values, offsets }: Column, a: number, b: number): number {
  const bytes = values as Uint8Array;
  const startA = offsets![a];
  const startB = offsets![b];
  const lengthA = offsets![a + 1] - startA;
  const lengthB = offsets![b + 1] - startB;
  const shared = Math.min(lengthA, lengthB);
  for (let at = 0; at < shared; at++) {
    const order = bytes[startA + at] - bytes[startB + at];
    if (order !== 0) return order;
  }
  return lengthA - lengthB;
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** By halves, since each bigint that is looked at is an object. */
function compareLongs(values: BigInt64Array): CompareRows {
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  return (a, b) =>
    halves[2 * a + 1] - halves[2 * b + 1] || (halves[2 * a] >>> 0) - (halves[2 * b] >>> 0);
}

function compareValues(column: Column): CompareRows {
  const { type, children } = column;
  const values = column.values!;
  if (values instanceof BigInt64Array) return compareLongs(values);
  switch (type.kind) {
    case "utf8":
    case "bytes":
      return (a, b) => compareSlices(column, a, b);
    case "dict":
      return (a, b) => compareSlices(children![0], values[a] as number, values[b] as number);
    case "bool":
      return (a, b) =>
        Number(getBit(values as Uint8Array, a)) - Number(getBit(values as Uint8Array, b));
    default:
      return (a, b) => compareNumbers(values[a] as number, values[b] as number);
  }
}

function compareColumn(column: Column): CompareRows {
  const compare = compareValues(column);
  if (column.nullCount === 0) return compare;
  return (a, b) => {
    const hasA = isValid(column, a);
    const nulls = Number(isValid(column, b)) - Number(hasA);
    return nulls !== 0 || !hasA ? nulls : compare(a, b);
  };
}

/** The order of rows by some columns: numbers by value, text by its bytes, NaN and null last. */
export function columnOrder(batch: RecordBatch, columns: readonly number[]): CompareRows {
  const compares = columns.map((at) => compareColumn(batch.columnAt(at)));
  if (compares.length === 1) return compares[0];
  return (a, b) => {
    for (const compare of compares) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** The order of the rows of closed windows: by end, start, then by `keys` key columns. */
export function windowOrder(batch: RecordBatch, keys: number): CompareRows {
  const keyColumns = Array.from({ length: keys }, (_, at) => WINDOW_COLUMNS.length + at);
  const byEnd = compareColumn(batch.columnAt(1));
  const byStart = compareColumn(batch.columnAt(0));
  const byKey = columnOrder(batch, keyColumns);
  // no loop: results of all windows come by here, those of two bees a row at a time
  return (a, b) => byEnd(a, b) || byStart(a, b) || byKey(a, b);
}

/** Merges runs of rows, each sorted, into one order; `ends` are the rows after each run. */
export function mergeRuns(ends: readonly number[], compare: CompareRows): Int32Array {
  let rows = new Int32Array(ends.at(-1) ?? 0);
  for (let row = 0; row < rows.length; row++) rows[row] = row;
  let merged = new Int32Array(rows.length);
  for (let left = ends; left.length > 1;) {
    for (let at = 0; at < left.length; at += 2) {
      const run = { start: left[at - 1] ?? 0, middle: left[at], end: left[at + 1] ?? left[at] };
      mergeTwo(rows, run, { compare, out: merged });
    }
    left = left.filter((_, at) => at % 2 === 1 || at === left.length - 1);
    [rows, merged] = [merged, rows];
  }
  return rows;
}

/** Merges a sorted run with the one behind it. */
function mergeTwo(
  rows: Int32Array,
  { start, middle, end }: {
    readonly start: number;
    readonly middle: number;
    readonly end: number;
  },
  { compare, out }: { readonly compare: CompareRows; readonly out: Int32Array },
): void {
  let i = start;
  let j = middle;
  let at = start;
  while (i < middle && j < end) {
    const isFirst = compare(rows[i], rows[j]) <= 0;
    out[at++] = isFirst ? rows[i++] : rows[j++];
  }
  while (i < middle) out[at++] = rows[i++];
  while (j < end) out[at++] = rows[j++];
}
