import { bitmapBytes, getBit, setBit } from "../../batch/bitmap.ts";
import type { Column } from "../../batch/column.ts";
import { columnOf } from "../../batch/column_of.ts";
import { takeColumn } from "../../batch/column_ops.ts";
import type { DataType } from "../../batch/schema.ts";
import type { Vocabulary } from "../encoding/plans.ts";
import { readDecimal } from "../../batch/decimal.ts";

const TWO_32 = 4294967296;

/** Whole numbers as 64-bit ones. */
function wholeNumbers(values: Float64Array): BigInt64Array {
  const words = new Int32Array(values.length * 2);
  for (let i = 0; i < values.length; i++) {
    words[2 * i] = values[i];
    words[2 * i + 1] = Math.floor(values[i] / TWO_32);
  }
  return new BigInt64Array(words.buffer);
}

/** Event times as a column. */
export function timeColumn(type: DataType, times: Float64Array): Column {
  const values = type.kind === "f64" ? times : wholeNumbers(times);
  return { type, length: times.length, nullCount: 0, values };
}

function validityOf(positions: Int32Array): Uint8Array {
  const bits = new Uint8Array(bitmapBytes(positions.length));
  for (let i = 0; i < positions.length; i++) if (positions[i] >= 0) setBit(bits, i);
  return bits;
}

/**
 * A column of the values of a vocabulary, of which it takes those at positions, −1 for null. Texts are
 * in a dictionary, whether they are to be or not: so they are faster to put in order.
 */
export class ValueColumn {
  readonly #all: Column;
  /** The same, as if the last were no null. */
  readonly #valid: Column;
  readonly #isText: boolean;

  /** Of values as they are stored in columns of a type. */
  constructor(type: DataType, values: Vocabulary) {
    const list: readonly unknown[] = values.kind === "texts"
      ? values.texts
      : Array.from(values.numbers, (number) => asValue(type, number));
    this.#isText = type.kind === "utf8" || type.kind === "dict";
    this.#all = columnOf(this.#isText ? { kind: "utf8" } : type, [...list, null]);
    const { validity: _, ...valid } = this.#all;
    this.#valid = { ...valid, nullCount: 0 };
  }

  /** The column of the values at positions. */
  at(positions: Int32Array): Column {
    const last = this.#all.length - 1;
    const places = positions.slice();
    let nulls = 0;
    for (let i = 0; i < places.length; i++) {
      if (places[i] < 0) [places[i], nulls] = [last, nulls + 1];
    }
    // the last is the only null
    const all = this.#valid;
    const type = { kind: "dict" } as const;
    const dict = { type, length: places.length, nullCount: 0, values: places, children: [all] };
    if (nulls === 0) return this.#isText ? dict : takeColumn(all, places);
    if (!this.#isText) return takeColumn(this.#all, places);
    return { ...dict, nullCount: nulls, validity: validityOf(positions) };
  }
}

function asValue(type: DataType, number: number): unknown {
  if (type.kind === "bool") return number === 1;
  return type.kind === "i64" ? BigInt(number) : number;
}

/** A column as one of texts, where it is to be that and has them in a dictionary. */
export function spelledOut(type: DataType, column: Column): Column {
  if (type.kind !== "utf8" || column.type.kind !== "dict") return column;
  const { length, nullCount, validity, children } = column;
  const codes = column.values as Int32Array;
  const { offsets: from, values } = children![0];
  const bytes = values as Uint8Array;
  const offsets = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) {
    const isNull = validity && !getBit(validity, i);
    const size = isNull ? 0 : from![codes[i] + 1] - from![codes[i]];
    offsets[i + 1] = offsets[i] + size;
  }
  const out = new Uint8Array(offsets[length]);
  for (let i = 0; i < length; i++) {
    let to = offsets[i];
    const end = offsets[i + 1];
    for (let at = from![codes[i]]; to < end; at++, to++) out[to] = bytes[at];
  }
  return {
    type,
    length,
    nullCount,
    ...(validity && { validity }),
    values: out,
    offsets,
  };
}

/** The values of a column as numbers that sort as they do; nulls are noted. */
export function sortableNumbers(column: Column): { values: Float64Array; nulls: Uint8Array } {
  const { type, length, validity } = column;
  const out = new Float64Array(length);
  const nulls = new Uint8Array(length);
  if (type.kind === "decimal") {
    const bytes = column.values as Uint8Array;
    for (let i = 0; i < length; i++) out[i] = Number(readDecimal(bytes, i));
  } else if (type.kind === "bool") {
    const bits = column.values as Uint8Array;
    for (let i = 0; i < length; i++) out[i] = getBit(bits, i) ? 1 : 0;
  } else {
    const values = column.values as Float64Array;
    for (let i = 0; i < length; i++) out[i] = Number(values[i]);
  }
  if (validity) { for (let i = 0; i < length; i++) nulls[i] = getBit(validity, i) ? 0 : 1; }
  return { values: out, nulls };
}
