// Whole numbers of 64 bits: `-12`, `+5`, `007`.

import { digitsAt, stopsOf, wholeOf } from "../number/digits";

let value: i64 = 0;

/** The number that was read last. */
// @ts-ignore: decorator
@inline
export function wholeValue(): i64 {
  return value;
}

// More digits than 16, zeros in front of them included.
function readLong(at: u32, end: u32, negative: bool): bool {
  let size: u64 = 0;
  const most = (<u64>i64.MAX_VALUE) + u64(negative);
  for (; at < end; at++) {
    const digit = <u64>load<u8>(at) - 0x30;
    if (digit > 9 || size > (most - digit) / 10) return false;
    size = size * 10 + digit;
  }
  value = negative ? -<i64>size : <i64>size;
  return true;
}

/** Reads a whole number that takes all of the text and fits into 64 bits. */
// @ts-ignore: decorator
@inline
export function readWhole(at: u32, end: u32): bool {
  const sign: u32 = load<u8>(at);
  const negative = sign == 0x2d;
  const from = at + u32(negative || sign == 0x2b);
  const count = end - from;
  if (count - 1 >= 16) return count != 0 && readLong(from, end, negative);
  const digits = digitsAt(from);
  if (<u32>ctz(stopsOf(digits, count)) != count) return false;
  const size = <i64>wholeOf(digits, count);
  value = negative ? -size : size;
  return true;
}
