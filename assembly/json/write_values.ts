// Single values as JSON. All functions write at `to`, give the address behind, and may change what
// lies up to 96 bytes from there.

import {
  eightDigits,
  four,
  writeF64,
  writeI32,
  writeI64,
  writeSixteen,
  writeU64,
} from "../number/write";
import { writeFixed } from "../number/write_decimal";
import { writeTimestamp } from "../number/write_time";
import { AT_A, AT_B, AT_OFFSETS, AT_UPPER, AT_UPPER_BYTES, AT_UPPER_TEXT } from "./write_ops";
import { copyText } from "./write_text";

const NULL: u32 = 0x6c6c_756e;
const TRUE: u64 = 0x6575_7274;
const FALSE: u64 = 0x65_736c_6166;
const SAFE: u64 = 9007199254740992; // 2^53
const EIGHT_DIGITS: u32 = 100000000; // 10^8
const LAST_DIGIT: u64 = 1 << 56;
const ZEROS: u64 = 0x3030_3030_3030_3030;

// @ts-ignore: decorator
@inline
export function bit(bits: u32, row: u32): bool {
  return ((<u32>load<u8>(bits + (row >> 3)) >> (row & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function writeNull(to: u32): u32 {
  store<u32>(to, NULL);
  return to + 4;
}

// @ts-ignore: decorator
@inline
export function writeBool(to: u32, value: bool): u32 {
  store<u64>(to, value ? TRUE : FALSE);
  return to + 5 - u32(value);
}

/**
 * A whole number of a column. Those that follow each other mostly differ in their last digits: what
 * is before the last four is written once for all that have it, from the second on.
 */
// @ts-ignore: decorator
@inline
export function writeLong(to: u32, op: u32, value: i64): u32 {
  if (<u64>value - 10000 >= SAFE - 10000) return writeI64(to, value);
  const since = <u64>value - load<u64>(op, AT_UPPER);
  if (since >= 10000) return writeOtherLong(to, op, <u64>value);
  const bytes = load<u32>(op, AT_UPPER_BYTES);
  if (bytes == 0) return noteUpper(to, op, <u32>since);
  v128.store(to, v128.load(op, AT_UPPER_TEXT));
  store<u32>(to + bytes, four(<u32>since));
  return to + bytes + 4;
}

function noteUpper(to: u32, op: u32, since: u32): u32 {
  const text = op + AT_UPPER_TEXT;
  const end = writeU64(text, load<u64>(op, AT_UPPER) / 10000);
  store<u32>(op, end - text, AT_UPPER_BYTES);
  const at = copyText(to, text, end - text);
  store<u32>(at, four(since));
  return at + 4;
}

// One that has other digits before the last four than that before it.
// @ts-ignore: decorator
@inline
function writeOtherLong(to: u32, op: u32, value: u64): u32 {
  store<u64>(op, value - value % 10000, AT_UPPER);
  store<u32>(op, 0, AT_UPPER_BYTES);
  return writeSixteen(to, value);
}

/** A whole number of 32 bits, or null, in the time that either takes. */
// @ts-ignore: decorator
@inline
export function writeCount(to: u32, value: i32, isValid: bool): u32 {
  const size = <u32>abs(value);
  if (isValid && size >= EIGHT_DIGITS) return writeI32(to, value);
  store<u8>(to, 0x2d);
  const at = to + (u32(value < 0) & u32(isValid));
  const digits = eightDigits(size);
  // of zero the last digit counts
  const zeros = <u32>ctz(digits | LAST_DIGIT) >> 3;
  store<u64>(at, select<u64>((digits | ZEROS) >> (zeros << 3), NULL, isValid));
  return at + select<u32>(8 - zeros, 4, isValid);
}

/** Milliseconds; like the number that they are in a row, they are exact up to 2^53. */
// @ts-ignore: decorator
@inline
export function writeMillis(to: u32, op: u32, ms: i64): u32 {
  if (<u64>ms - 10000 < SAFE - 10000) return writeLong(to, op, ms);
  return writeWhole(to, ms);
}

function writeWhole(to: u32, ms: i64): u32 {
  return <u64>(ms + <i64>SAFE) <= 2 * SAFE ? writeI64(to, ms) : writeF64(to, <f64>ms);
}

/** A time as text; one that `Date` does not have is milliseconds. */
export function writeStamp(to: u32, ms: i64): u32 {
  const end = writeTimestamp(to + 1, ms);
  return end != 0 ? quoted(to, end) : writeWhole(to, ms);
}

/** What was written from behind `to` on, with quotes; `null` when it was nothing. */
// @ts-ignore: decorator
@inline
export function quoted(to: u32, end: u32): u32 {
  if (end == 0) return writeNull(to);
  store<u8>(to, 0x22);
  store<u8>(end, 0x22);
  return end + 1;
}

export function writeFixedOrNull(to: u32, value: f64, decimals: u32): u32 {
  return abs(value) < Infinity ? writeFixed(to, value, decimals) : writeNull(to);
}

/** A list: the texts of its items, the last comma turned into a bracket. */
export function writeList(to: u32, op: u32, row: u32): u32 {
  const offset = load<u32>(op, AT_OFFSETS) + (row << 2);
  const starts = load<u32>(op, AT_B);
  const from = load<u32>(starts + (load<u32>(offset) << 2));
  const bytes = load<u32>(starts + (load<u32>(offset, 4) << 2)) - from;
  store<u8>(to, 0x5b);
  const end = copyText(to + 1, load<u32>(op, AT_A) + from, bytes);
  const last = end - u32(bytes != 0);
  store<u8>(last, 0x5d);
  return last + 1;
}
