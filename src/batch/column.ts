import type { DataType } from "./schema.ts";

/** What the fixed-width values of a column are stored in. */
export type ColumnValues =
  | Uint8Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/**
 * The buffers of one column, in the Arrow layout; no offset of its own, row 0 is slot 0.
 *
 * | kind | values | offsets | children |
 * | --- | --- | --- | --- |
 * | bool | bitmap (`Uint8Array`) | – | – |
 * | i32, date, time | `Int32Array` | – | – |
 * | i64, timestamp | `BigInt64Array` | – | – |
 * | f32, f64 | `Float32Array`, `Float64Array` | – | – |
 * | decimal | `Uint8Array`, 16 little-endian bytes a value | – | – |
 * | utf8, bytes | `Uint8Array`, all bytes | length + 1 | – |
 * | dict | `Int32Array` of indices | – | the dictionary, a utf8 column |
 * | list | – | length + 1 | the items |
 * | struct | – | – | one a field |
 * | map | – | length + 1 | one struct of `key`, `value` |
 * | mixed | `Uint8Array`, one tagged value after the other | length + 1 | – |
 *
 * Values below a null are unspecified (zero as the builders write them).
 */
export interface Column {
  /** What it holds. */
  readonly type: DataType;
  /** Number of rows. */
  readonly length: number;
  /** Number of nulls; 0 when there is no `validity`. */
  readonly nullCount: number;
  /** Bitmap, least significant bit first, 1 = valid; absent when there are no nulls. */
  readonly validity?: Uint8Array;
  /** The values, as the table above has them. */
  readonly values?: ColumnValues;
  /** `length + 1` byte or item positions, the first 0. */
  readonly offsets?: Int32Array;
  /** The columns within. */
  readonly children?: readonly Column[];
}
