/** Bytes of an operation of a writing plan in kernel memory. */
export const WRITE_OP_BYTES = 32;

/** The operations of a writing plan, as `assembly/avro/write.ts` numbers them. */
export const AvroWrite = {
  record: 0,
  bool: 1,
  i32: 2,
  i64: 3,
  i64ToInt: 4,
  i32Scaled: 5,
  i64Scaled: 6,
  i32ToFloat: 7,
  i32ToDouble: 8,
  i64ToFloat: 9,
  i64ToDouble: 10,
  f32: 11,
  f32ToDouble: 12,
  f32ToInt: 13,
  f32ToLong: 14,
  f64: 15,
  f64ToFloat: 16,
  f64ToInt: 17,
  f64ToLong: 18,
  text: 19,
  cell: 20,
  enum: 21,
  fixed: 22,
  uuid: 23,
  decimal: 24,
  decimalFixed: 25,
  constant: 26,
  array: 27,
  map: 28,
} as const;

/** The name of an operation of a writing plan. */
export type AvroWriteKind = keyof typeof AvroWrite;

/** The most bytes that a cell takes, but for its text; of `a` bytes where it is not named. */
const CELL_BYTES: Readonly<Partial<Record<AvroWriteKind, number>>> = {
  record: 0,
  bool: 1,
  i32ToFloat: 4,
  i64ToFloat: 4,
  f32: 4,
  f64ToFloat: 4,
  i32ToDouble: 8,
  i64ToDouble: 8,
  f32ToDouble: 8,
  f64: 8,
  uuid: 16,
  decimal: 17,
};
const OWN_BYTES: ReadonlySet<AvroWriteKind> = new Set(["fixed", "decimalFixed", "constant"]);
const VARINT_BYTES = 10;

/** The most bytes that a cell takes by an operation, its branch in front included. */
export function mostCellBytes(kind: AvroWriteKind, a: number): number {
  return 1 + (OWN_BYTES.has(kind) ? a : CELL_BYTES[kind] ?? VARINT_BYTES);
}

/** Bytes of an operation of a reading plan in kernel memory. */
export const READ_OP_BYTES = 32;

/** The operations of a reading plan, as `assembly/avro/read_ops.ts` numbers them. */
export const AvroRead = {
  record: 0,
  bool: 1,
  i32: 2,
  i64: 3,
  wholeToF32: 4,
  wholeToF64: 5,
  wholeToF32ToF64: 6,
  timestamp: 7,
  time: 8,
  f32: 9,
  f32ToF64: 10,
  f64: 11,
  bytes: 12,
  text: 13,
  dict: 14,
  fixed: 15,
  enum: 16,
  decimal: 17,
  decimalFixed: 18,
  uuid: 19,
  array: 20,
  map: 21,
  default: 22,
  skipWhole: 23,
  skipText: 24,
  skipBytes: 25,
  skipRecord: 26,
  skipItems: 27,
  skipUnion: 28,
  skipBranch: 29,
  skipAgain: 30,
} as const;

/** The name of an operation of a reading plan. */
export type AvroReadKind = keyof typeof AvroRead;

/** What can be wrong with a record, as `assembly/avro/read_ops.ts` numbers it. */
export const AvroReadFaults = {
  1: "cut",
  2: "longNumber",
  3: "length",
  4: "branch",
  5: "block",
  6: "depth",
  10: "null",
  11: "intRange",
  12: "noSymbol",
  13: "otherSymbol",
  14: "notUtf8",
  15: "notBool",
  16: "timeRange",
  17: "decimalRange",
  18: "recordSize",
  19: "rest",
} as const;

/** What can be wrong with a record. */
export type AvroReadFaultKind = (typeof AvroReadFaults)[keyof typeof AvroReadFaults];

/** The least number of a fault after which the record's end is known all the same. */
export const FIRST_UNFIT = 10;
