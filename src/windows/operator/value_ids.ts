import type { Column } from "../../batch/column.ts";
import { readColumn } from "../../batch/column_reader.ts";
import type { DataType } from "../../batch/schema.ts";
import { IdPool } from "./id_pool.ts";

/** Ids for the values of one column: equal values have equal ones, and null is a value. */
export interface ValueIds {
  /** The ids in use. */
  readonly pool: IdPool;
  /** Bytes that the values take. */
  readonly bytes: number;
  /** The ids of the first rows of a column. */
  read(column: Column, length: number, out: Int32Array): void;
  /** The value of an id, as it stands in rows. */
  valueOf(id: number): unknown;
  /** Numbers by value, text by its UTF-8 bytes, NaN and null last. */
  compare(a: number, b: number): number;
  /** Forgets the values whose id is not marked. */
  keep(marked: Uint8Array): void;
}

type Plain = number | bigint | boolean | null;

const NUMBER_BYTES = 16;
const SMALL = 16_384;
const UNKNOWN = -1;

/** Ids for numbers, times and booleans: −0 is 0, and there is one NaN. */
export class PlainIds implements ValueIds {
  readonly #ids = new Map<Plain, number>();
  readonly #values: Plain[] = [];
  readonly pool: IdPool = new IdPool();
  readonly #isBigint: boolean;
  /** Id + 1 of each small integer that was read; 0: it was not. */
  readonly #small: Int32Array;

  constructor(type: DataType) {
    this.#isBigint = type.kind === "i64" && type.as === undefined;
    this.#small = new Int32Array(type.kind === "i32" ? SMALL : 0);
  }

  get bytes(): number {
    return this.#ids.size * NUMBER_BYTES;
  }

  read(column: Column, length: number, out: Int32Array): void {
    const { type, values, nullCount } = column;
    if (type.kind === "i32" && nullCount === 0) {
      this.#readIntegers(values as Int32Array, length, out);
      return;
    }
    // Numbers where they are safe: a bigint a row would cost more than all the rest.
    const read: Column = type.kind === "i64"
      ? { ...column, type: { ...type, as: "number" } }
      : column;
    const cells = readColumn(read, { start: 0, end: length }) as Plain[];
    const ids = this.#ids;
    for (let row = 0; row < length; row++) {
      out[row] = ids.get(cells[row]) ?? this.#learn(cells[row]);
    }
  }

  #readIntegers(values: Int32Array, length: number, out: Int32Array): void {
    const small = this.#small;
    for (let row = 0; row < length; row++) {
      const value = values[row];
      const isSmall = value >= 0 && value < SMALL;
      let id = isSmall ? small[value] - 1 : UNKNOWN;
      if (id === UNKNOWN) {
        id = this.#ids.get(value) ?? this.#learn(value);
        if (isSmall) small[value] = id + 1;
      }
      out[row] = id;
    }
  }

  #learn(value: Plain): number {
    const id = this.pool.take();
    this.#values[id] = value === 0 ? 0 : value;
    this.#ids.set(value, id);
    return id;
  }

  valueOf(id: number): unknown {
    const value = this.#values[id];
    return this.#isBigint && typeof value === "number" ? BigInt(value) : value;
  }

  compare(a: number, b: number): number {
    const [left, right] = [this.#values[a], this.#values[b]];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (left < right) return -1;
    return left > right ? 1 : Number(Number.isNaN(left)) - Number(Number.isNaN(right));
  }

  keep(marked: Uint8Array): void {
    for (const [value, id] of this.#ids) {
      if (marked[id] === 1) continue;
      this.#ids.delete(value);
      if (typeof value === "number" && value >= 0 && value < SMALL) this.#small[value] = 0;
      this.#values[id] = null;
      this.pool.release(id);
    }
  }
}
