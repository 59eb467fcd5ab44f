// Columns as the host describes them: 32 bytes each, in one array.
//
//   u32 kind, u32 values, u32 validity (0: no nulls), u32 offsets (utf8) or length of the
//   dictionary (dict), u32 bytes of the dictionary, u32 offsets of the dictionary, 8 unused
//
// `values` of utf8 is where offset 0 lies; a dictionary's state (dict) follows in the same fields.

export const COLUMN_BYTES: u32 = 32;
export const AT_VALUES: u32 = 4;
export const AT_VALIDITY: u32 = 8;

export const KIND_BOOL: u32 = 0;
export const KIND_I32: u32 = 1;
export const KIND_I64: u32 = 2;
export const KIND_F32: u32 = 3;
export const KIND_F64: u32 = 4;
export const KIND_BYTES: u32 = 5;
export const KIND_DICT: u32 = 6;

/** Rows that are worked on at a time: their scratch stays in the first-level cache. */
export const BLOCK: u32 = 512;

const NAN_KEY: u64 = 0x7ff8_0000_0000_0000;

// @ts-ignore: decorator
@inline
export function kindOf(column: u32): u32 {
  return load<u32>(column);
}

// @ts-ignore: decorator
@inline
export function valuesOf(column: u32): u32 {
  return load<u32>(column, AT_VALUES);
}

// @ts-ignore: decorator
@inline
export function validityOf(column: u32): u32 {
  return load<u32>(column, AT_VALIDITY);
}

// @ts-ignore: decorator
@inline
export function offsetsOf(column: u32): u32 {
  return load<u32>(column, 12);
}

// @ts-ignore: decorator
@inline
export function dictionaryLength(column: u32): u32 {
  return load<u32>(column, 12);
}

// @ts-ignore: decorator
@inline
export function dictionaryBytes(column: u32): u32 {
  return load<u32>(column, 16);
}

// @ts-ignore: decorator
@inline
export function dictionaryOffsets(column: u32): u32 {
  return load<u32>(column, 20);
}

// @ts-ignore: decorator
@inline
export function isValid(validity: u32, row: u32): bool {
  return validity == 0 || ((load<u8>(validity + (row >> 3)) >> <u8>(row & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
function doubleKey(value: f64): u64 {
  if (value != value) return NAN_KEY;
  return value == 0 ? 0 : reinterpret<u64>(value);
}

/** A fixed-width value as the 64 bits of a key: −0 is 0, and there is one NaN. */
export function fixedKey(kind: u32, values: u32, row: u32): u64 {
  if (kind == KIND_I64) return load<u64>(values + (row << 3));
  if (kind == KIND_I32) return <u64>(<i64>load<i32>(values + (row << 2)));
  if (kind == KIND_F64) return doubleKey(load<f64>(values + (row << 3)));
  if (kind == KIND_F32) return doubleKey(<f64>load<f32>(values + (row << 2)));
  return (load<u8>(values + (row >> 3)) >> <u8>(row & 7)) & 1;
}

function widenIntegers(at: u32, count: u32, out: u32): void {
  const end = out + ((count & ~3) << 3);
  for (; out < end; out += 32, at += 16) {
    const four = v128.load(at);
    v128.store(out, i64x2.extend_low_i32x4_s(four));
    v128.store(out, i64x2.extend_high_i32x4_s(four), 16);
  }
  for (let row: u32 = 0; row < (count & 3); row++) {
    store<u64>(out + (row << 3), <u64>(<i64>load<i32>(at + (row << 2))));
  }
}

/** The keys of `count` rows from `from`, as an array of 64 bits: a column's own, or `scratch`. */
export function fixedKeys(column: u32, from: u32, count: u32, scratch: u32): u32 {
  const kind = kindOf(column);
  const values = valuesOf(column);
  if (kind == KIND_I64) return values + (from << 3);
  if (kind == KIND_I32) {
    widenIntegers(values + (from << 2), count, scratch);
    return scratch;
  }
  for (let row: u32 = 0; row < count; row++) {
    store<u64>(scratch + (row << 3), fixedKey(kind, values, from + row));
  }
  return scratch;
}
