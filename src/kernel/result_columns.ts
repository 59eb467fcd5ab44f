import type { KeyType, ResultColumn } from "./window_types.ts";

/** The buffers of a result column. */
export type ResultBuffers = Pick<ResultColumn, "values" | "offsets" | "children">;

type ResultValues = NonNullable<ResultColumn["values"]>;

/** A bitmap and count of nulls from a byte a row, 0 for null. */
export function bitmapOf(valid: Uint8Array): Pick<ResultColumn, "nullCount" | "validity"> {
  let some = 0;
  for (let row = 0; row < valid.length; row++) some += valid[row];
  if (some === valid.length) return { nullCount: 0 };
  return { nullCount: valid.length - some, validity: packBits(valid, (byte) => byte) };
}

function packBits<T>(cells: ArrayLike<T>, bit: (cell: T) => number): Uint8Array {
  const bits = new Uint8Array((cells.length + 7) >> 3);
  for (let row = 0; row < cells.length; row++) bits[row >> 3] |= bit(cells[row]) << (row & 7);
  return bits;
}

/** The low halves of 64-bit words. */
function lowHalves(words: ArrayBuffer): Int32Array {
  const halves = new Int32Array(words);
  const low = new Int32Array(halves.length >> 1);
  for (let row = 0; row < low.length; row++) low[row] = halves[2 * row];
  return low;
}

/** Whether values of a type are the low halves of words, as they are. */
export function isHalf({ kind }: KeyType): boolean {
  return kind === "i32" || kind === "date" || kind === "time";
}

function valuesOfWords(kind: KeyType["kind"], words: ArrayBuffer): ResultValues {
  switch (kind) {
    case "i64":
    case "timestamp":
      return new BigInt64Array(words);
    case "f64":
      return new Float64Array(words);
    case "f32":
      return Float32Array.from(new Float64Array(words));
    case "bool":
      return packBits(lowHalves(words), (half) => half);
    default:
      return lowHalves(words);
  }
}

/** A column of values, a byte a row of `valid` is 0 for null; absent when there are none. */
export function columnOf(
  type: KeyType,
  values: ResultValues,
  valid?: Uint8Array,
): ResultColumn {
  const nulls = valid === undefined ? { nullCount: 0 } : bitmapOf(valid);
  return { type, length: values.length, ...nulls, values };
}

/**
 * A column of what lies in 64-bit words: doubles for `f32` and `f64`, integers for all else.
 *
 * @param valid A byte a row, 0 for null; absent when there are none.
 */
export function columnOfWords(
  type: KeyType,
  words: ArrayBuffer,
  valid?: Uint8Array,
): ResultColumn {
  return {
    ...columnOf(type, valuesOfWords(type.kind, words), valid),
    length: words.byteLength / 8,
  };
}
