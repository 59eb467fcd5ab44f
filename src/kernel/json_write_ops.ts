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
  bool: 1,
  i32: 2,
  i64: 3,
  f32: 4,
  f64: 5,
  fixedF32: 6,
  fixedF64: 7,
  millis: 8,
  isoTimestamp: 9,
  isoDate: 10,
  isoTime: 11,
  decimal: 12,
  text: 13,
  cell: 14,
  entry: 15,
  bytes: 16,
  raw: 17,
  list: 18,
  open: 19,
  constant: 20,
} as const;

/** What an operation writes; of a dictionary the writer chooses between `cell` and `entry`. */
export type JsonWriteKind = Exclude<keyof typeof JsonWrite, "cell">;

/** Bytes of an operation. */
export const JSON_OP_BYTES = 48;

/** The most bytes of a value, beside what depends on its length. */
export const MOST_VALUE_BYTES: Readonly<Record<keyof typeof JsonWrite, number>> = {
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
  cell: 4,
  entry: 4,
  bytes: 4,
  raw: 4,
  list: 4,
  open: 4,
  constant: 0,
};
