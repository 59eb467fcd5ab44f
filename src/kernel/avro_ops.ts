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
