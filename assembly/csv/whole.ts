// Numbers of one column after the other. Most are short: up to 15 characters behind a minus, digits
// with a point or none. Those are read here, without a branch for the sign, which is random in many
// columns; what else there is goes the long way.

import { digitsOf, pointedOf, stopsIn, stopsOf, wholeOf } from "../number/digits";
import { longDouble } from "../number/long";
import { exactPower } from "../number/powers";

const MOST_SHORT: u32 = 15;
const MOST_BEHIND: u32 = 4; // characters behind the first 16

/** What no short number is. */
export const NOT_SHORT: i64 = i64.MIN_VALUE;

// Which of the first `length` bytes, at most 16, are no digits, a minus before them aside.
// @ts-ignore: decorator
@inline
function oddBytes(bytes: v128, negative: u32, length: u32): u32 {
  return (stopsIn(bytes) ^ negative) & ((1 << length) - 1);
}

/** A whole number of up to 15 digits; {@link NOT_SHORT} for all others. */
// @ts-ignore: decorator
@inline
export function shortWhole(at: u32, length: u32): i64 {
  const negative = u32(load<u8>(at) == 0x2d);
  if (length - negative - 1 >= MOST_SHORT) return NOT_SHORT;
  const bytes = v128.load(at);
  if (oddBytes(bytes, negative, length) != 0) return NOT_SHORT;
  const minus = -<i64>negative;
  return (<i64>wholeOf(digitsOf(bytes), length) ^ minus) - minus;
}

// @ts-ignore: decorator
@inline
function putSigned(to: u32, value: f64, negative: u32): void {
  store<u64>(to, reinterpret<u64>(value) | (<u64>negative << 63));
}

/** Puts a number of up to 15 digits and a point: below 2^53 and a power of ten, both exact. */
// @ts-ignore: decorator
@inline
export function putShort(to: u32, at: u32, length: u32): bool {
  const negative = u32(load<u8>(at) == 0x2d);
  if (length - negative - 1 >= MOST_SHORT) return false;
  const bytes = v128.load(at);
  const digits = digitsOf(bytes);
  const odd = oddBytes(bytes, negative, length);
  if (odd == 0) {
    putSigned(to, <f64>(<i64>wholeOf(digits, length)), negative);
    return true;
  }
  const point = <u32>ctz(odd);
  const isPointed = (odd & (odd - 1)) == 0 && load<u8>(at + point) == 0x2e;
  if (!isPointed || length - negative == 1) return false;
  const size = <f64>(<i64>pointedOf(digits, length, point)) / exactPower(length - point - 1);
  putSigned(to, size, negative);
  return true;
}

/** Puts a number of 16 to 19 digits, a point among the first of them. */
// @ts-ignore: decorator
@inline
export function putMiddle(to: u32, at: u32, length: u32): bool {
  const negative = u32(load<u8>(at) == 0x2d);
  const more = length - 16;
  if (more - 1 >= MOST_BEHIND + negative) return false;
  const bytes = v128.load(at);
  const stops = stopsIn(bytes) ^ negative;
  const point = <u32>ctz(stops);
  const isPointed = popcnt<u32>(stops) == 1 && load<u8>(at + point) == 0x2e;
  const tail = v128.load(at, 16);
  if (!isPointed || (stopsIn(tail) & ((1 << more) - 1)) != 0) return false;
  const bits = longDouble(digitsOf(bytes), point, i64x2.extract_lane(tail, 0), more);
  store<u64>(to, bits | (<u64>negative << 63));
  return bits != 0;
}

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
  const bytes = v128.load(from);
  if (<u32>ctz(stopsOf(bytes, count)) != count) return false;
  const size = <i64>wholeOf(digitsOf(bytes), count);
  value = negative ? -size : size;
  return true;
}
