import { getBit } from "../../batch/bitmap.ts";
import type { Column } from "../../batch/column.ts";
import { readColumn } from "../../batch/column_reader.ts";

const TWO_32 = 4294967296;

/** Numbers of a column: exact ones, so that integers beyond 2⁵³ are bigints. */
export type Numbers = Float64Array | readonly (number | bigint)[];

/** What was made of columns, since several aggregates are of one. */
const doublesMade = new WeakMap<Column, Float64Array>();
const numbersMade = new WeakMap<Column, Numbers>();
const cellsMade = new WeakMap<Column, readonly unknown[]>();

function made<Made>(cache: WeakMap<Column, Made>, column: Column, make: () => Made): Made {
  const known = cache.get(column);
  if (known !== undefined) return known;
  const value = make();
  cache.set(column, value);
  return value;
}

/** 64-bit integers as the nearest doubles, without a bigint for each. */
function doublesOfLongs(values: BigInt64Array): Float64Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const out = new Float64Array(values.length);
  for (let at = 0; at < out.length; at++) {
    out[at] = halves[at * 2 + 1] * TWO_32 + (halves[at * 2] >>> 0);
  }
  return out;
}

/** The numbers of a column as doubles; below a null is anything. */
export function doublesOf(column: Column): Float64Array {
  const { values } = column;
  if (values instanceof Float64Array) return values;
  return made(
    doublesMade,
    column,
    () =>
      values instanceof BigInt64Array
        ? doublesOfLongs(values)
        : new Float64Array(values as Int32Array | Float32Array),
  );
}

/** The numbers of a column, all of them exact; below a null is anything. */
export function numbersOf(column: Column): Numbers {
  const { values } = column;
  if (!(values instanceof BigInt64Array)) return doublesOf(column);
  return made(numbersMade, column, () => {
    const doubles = doublesOf(column);
    if (doubles.every(Number.isSafeInteger)) return doubles;
    return Array.from(doubles, (double, at) => Number.isSafeInteger(double) ? double : values[at]);
  });
}

/** The values of a column as they stand in rows; made when the first is asked for. */
export function cellsOf(column: Column): () => readonly unknown[] {
  return () => made(cellsMade, column, () => readColumn(column, { start: 0, end: column.length }));
}

/** Tells the rows that are not null; absent: all of them. */
export function validityOf({ validity, nullCount }: Column): Uint8Array | undefined {
  return nullCount > 0 ? validity : undefined;
}

/** Whether a row is null by the bitmap of its column. */
export function isNull(validity: Uint8Array | undefined, row: number): boolean {
  return validity !== undefined && !getBit(validity, row);
}
