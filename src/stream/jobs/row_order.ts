import { getBit } from "../../batch/bitmap.ts";
import type { Column } from "../../batch/column.ts";
import { isValid } from "../../batch/column_reader.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { WINDOW_COLUMNS } from "../../windows/window_table.ts";

/** Orders two rows of one batch. */
export type CompareRows = (a: number, b: number) => number;

function compareSlices({ values, offsets }: Column, a: number, b: number): number {
  const bytes = values as Uint8Array;
  const [startA, startB] = [offsets![a], offsets![b]];
  const [lengthA, lengthB] = [offsets![a + 1] - startA, offsets![b + 1] - startB];
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
  return columnOrder(batch, [1, 0, ...keyColumns]);
}

/** Merges runs of rows, each sorted, into one order; `ends` are the rows after each run. */
export function mergeRuns(ends: readonly number[], compare: CompareRows): Int32Array {
  let runs = ends.map((end, at) => {
    const start = at === 0 ? 0 : ends[at - 1];
    return Int32Array.from({ length: end - start }, (_, row) => start + row);
  });
  while (runs.length > 1) {
    const next: Int32Array[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      next.push(at + 1 < runs.length ? mergeTwo(runs[at], runs[at + 1], compare) : runs[at]);
    }
    runs = next as Int32Array<ArrayBuffer>[];
  }
  return runs[0] ?? new Int32Array();
}

function mergeTwo(a: Int32Array, b: Int32Array, compare: CompareRows): Int32Array {
  const out = new Int32Array(a.length + b.length);
  let [i, j] = [0, 0];
  for (let at = 0; at < out.length; at++) {
    const takesA = j >= b.length || (i < a.length && compare(a[i], b[j]) <= 0);
    out[at] = takesA ? a[i++] : b[j++];
  }
  return out;
}
