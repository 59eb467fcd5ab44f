/** A column as it is written. */
export interface JsonInput {
  readonly length: number;
  readonly nullCount: number;
  readonly validity?: Uint8Array;
  readonly values?: ArrayBufferView;
  readonly offsets?: Int32Array;
  readonly children?: readonly JsonInput[];
}

/** The operations by which the kernel writes columns as JSON, as `assembly/json` numbers them. */
export const JsonWrite = {
  bool: 0,
  i32: 1,
  i64: 2,
  f32: 3,
  f64: 4,
  fixedF32: 5,
  fixedF64: 6,
  millis: 7,
  isoTimestamp: 8,
  isoDate: 9,
  isoTime: 10,
  decimal: 11,
  text: 12,
  entry: 13,
  bytes: 14,
  list: 15,
  open: 16,
  constant: 17,
  raw: 32,
  cell: 33,
  slot: 34,
  count: 35,
  zeros: 36,
} as const;

/** What an operation writes; of a dictionary the writer chooses between `cell`, `slot` and
 * `entry`, and of 32 bits between `i32` and `count`. */
export type JsonWriteKind = Exclude<keyof typeof JsonWrite, "cell" | "slot" | "count" | "zeros">;

/** Added to a kind below `raw` where a row may have no value. */
export const NULLABLE = 64;

/** Bytes of an operation. */
export const JSON_OP_BYTES = 128;
/** Where its prefix is, and the most bytes of it. */
export const JSON_PREFIX = { at: 80, most: 32 } as const;

/** The most bytes of a place of a prepared cell, which is copied whole. */
export const MOST_SLOT_BYTES = 128;

/** The most bytes of a value, beside what depends on its length. */
export const MOST_VALUE_BYTES: Readonly<Record<JsonWriteKind, number>> = {
  bool: 5,
  i32: 11,
  i64: 20,
  f32: 26,
  f64: 26,
  fixedF32: 48,
  fixedF64: 48,
  millis: 26,
  isoTimestamp: 29,
  isoDate: 15,
  isoTime: 14,
  decimal: 43,
  text: 4,
  entry: MOST_SLOT_BYTES,
  bytes: 4,
  raw: 4,
  list: 4,
  open: 4,
  constant: 0,
};
