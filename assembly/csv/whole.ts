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

/** A whole number of up to 15 digits; {@link NOT_SHORT} for all others. */
// @ts-ignore: decorator
@inline
export function shortWhole(at: u32, length: u32): i64 {
  const negative = u32(load<u8>(at) == 0x2d);
  const count = length - negative;
  if (count - 1 >= MOST_SHORT) return NOT_SHORT;
  const bytes = v128.load(at + negative);
  if (<u32>ctz(stopsOf(bytes, count)) != count) return NOT_SHORT;
  const sign = <i64>negative;
  return (<i64>wholeOf(digitsOf(bytes), count) ^ -sign) + sign;
}

let short: f64 = 0;

/** The number that {@link readShort} or {@link readMiddle} has read. */
// @ts-ignore: decorator
@inline
export function shortValue(): f64 {
  return short;
}

/** Reads a number of up to 15 digits and a point: below 2^53 and a power of ten, both exact. */
// @ts-ignore: decorator
@inline
export function readShort(at: u32, length: u32): bool {
  const negative = u32(load<u8>(at) == 0x2d);
  const count = length - negative;
  if (count - 1 >= MOST_SHORT) return false;
  const from = at + negative;
  const bytes = v128.load(from);
  const digits = digitsOf(bytes);
  const stops = stopsOf(bytes, count);
  const whole = <u32>ctz(stops);
  let size: f64;
  if (whole == count) size = <f64>(<i64>wholeOf(digits, count));
  else {
    const isPointed = load<u8>(from + whole) == 0x2e && <u32>ctz(stops & (stops - 1)) == count;
    if (!isPointed || count == 1) return false;
    size = <f64>(<i64>pointedOf(digits, count, whole)) / exactPower(count - whole - 1);
  }
  short = reinterpret<f64>(reinterpret<u64>(size) | (<u64>negative << 63));
  return true;
}

/** Reads a number of 16 to 19 digits, a point among the first of them. */
// @ts-ignore: decorator
@inline
export function readMiddle(at: u32, length: u32): bool {
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
  short = reinterpret<f64>(bits | (<u64>negative << 63));
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
