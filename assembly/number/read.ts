// Numbers from text. What was read is kept until the next number is: asking for a double, or an
// integer, costs only who asks. 64 bytes behind the text can be read; they change nothing.

import { digitsOf, pointedOf, stopsOf, wholeOf } from "./digits";
import { nearerDouble } from "./exact";
import { exactPower, wholePower } from "./powers";
import { nearestDouble } from "./round";

// What `mantissa` and `exponent` are of the number.
const EXACT: u32 = 0; // all of it
const CUT: u32 = 1; // its first 19 digits; others follow, not all zero
const INFINITE: u32 = 2; // nothing: it is infinite
const NOT_A_NUMBER: u32 = 3; // nothing: it is none

const MOST_DIGITS: u32 = 19;
const WHOLE: u64 = 9007199254740992; // 2^53
const LARGE: i64 = 100000; // exponents beyond are as good as this one
const HUGE: i64 = 10000000000; // beyond what so many digits as there can be make up for

let mantissa: u64 = 0;
let exponent: i32 = 0;
let shape: u32 = EXACT;
let negative: bool = false;
let plain: bool = false; // written without point and exponent
let begin: u32 = 0; // where the digits of a cut number start
let after: u32 = 0; // and end
let tens: i64 = 0; // its exponent as it is written
let places: i64 = 0; // what the digits beyond its first 19, and its point, add to that

/**
 * Reads a number as JSON writes it: no `+`, no `.5`, no `5.`, no `05`. The address behind it, or 0
 * when there is none.
 */
export function readNumber(at: u32, end: u32): u32 {
  negative = load<u8>(at) == 0x2d;
  return scan(at + u32(negative), end, false);
}

/**
 * Reads a number as people write it: also `+5`, `.5`, `5.`, `05`, `NaN`, `Infinity`. The address
 * behind it, or 0 when there is none.
 */
export function readNumberText(at: u32, end: u32): u32 {
  const sign: u32 = load<u8>(at);
  negative = sign == 0x2d;
  const signed = u32(sign == 0x2d || sign == 0x2b);
  const next = scan(at + signed, end, true);
  return next != 0 ? next : scanWord(at + signed, end, signed != 0);
}

/** The double nearest to the number read last, halves to even; beyond all it is infinite. */
// @ts-ignore: decorator
@inline
export function numberF64(): f64 {
  if (shape == EXACT && mantissa <= WHOLE && <u32>(exponent + 22) <= 44) {
    const digits = <f64>(<i64>mantissa);
    const value = exponent < 0
      ? digits / exactPower(-exponent)
      : digits * exactPower(exponent);
    // no branch, since signs are random in many columns
    return reinterpret<f64>(reinterpret<u64>(value) ^ (<u64>negative << 63));
  }
  return roundedF64();
}

/** Whether the number read last was written without point and exponent. */
// @ts-ignore: decorator
@inline
export function numberIsWhole(): bool {
  return plain;
}

/**
 * Whether the number read last is an i64: one written without point and exponent that is in range,
 * or any other whose double is whole and below 2^53, for doubles are exact up to there.
 */
// @ts-ignore: decorator
@inline
export function numberFitsI64(): bool {
  if (!plain) return fitsAsDouble();
  return shape == EXACT && exponent == 0 && mantissa <= <u64>i64.MAX_VALUE + u64(negative);
}

/** The number read last as an i64, where it fits. */
// @ts-ignore: decorator
@inline
export function numberI64(): i64 {
  if (!plain) return <i64>numberF64();
  return negative ? -<i64>mantissa : <i64>mantissa;
}

function fitsAsDouble(): bool {
  const value = numberF64();
  return abs(value) < <f64>WHOLE && floor(value) == value;
}

/** The double of a number that is not in Clinger's exact case. */
function roundedF64(): f64 {
  if (shape == NOT_A_NUMBER) return NaN;
  let bits: u64 = 0x7ff0_0000_0000_0000;
  if (shape != INFINITE) {
    bits = nearestDouble(mantissa, exponent);
    if (shape == CUT && nearestDouble(mantissa + 1, exponent) != bits) {
      bits = nearerDouble(begin, after, tens, bits);
    }
  }
  return reinterpret<f64>(bits | (<u64>negative << 63));
}

/** Reads what follows the sign. */
// @ts-ignore: decorator
@inline
function scan(from: u32, end: u32, loose: bool): u32 {
  if (from >= end) return 0;
  const room = end - from;
  const bytes = v128.load(from);
  const digits = digitsOf(bytes);
  const stops = stopsOf(bytes, room);
  const whole = <u32>ctz(stops);
  if (!loose && (whole == 0 || (whole > 1 && load<u8>(from) == 0x30))) return 0;
  if (whole == 16) return scanSecond(from, end, 16, loose);
  if (whole < room && load<u8>(from + whole) == 0x2e) {
    const count = <u32>ctz(stops & (stops - 1));
    if (count == 16) return scanSecond(from, end, whole, loose);
    if (count == whole + 1 && (!loose || whole == 0)) return 0;
    mantissa = pointedOf(digits, count, whole);
    plain = false;
    return finish(from + count, end, whole + 1 - count);
  }
  if (loose && whole == 0) return 0;
  mantissa = wholeOf(digits, whole);
  plain = true;
  return finish(from + whole, end, 0);
}

// @ts-ignore: decorator
@inline
function limited(power: i64): i32 {
  return <i32>max(-LARGE, min(LARGE, power));
}

/** Notes the exponent, of which the point's place makes `moved` out. */
// @ts-ignore: decorator
@inline
function finish(at: u32, end: u32, moved: i32): u32 {
  shape = EXACT;
  if (at < end && (load<u8>(at) | 0x20) == 0x65) return scanExponent(at, end, moved);
  exponent = moved;
  return at;
}

/** Reads a number whose first 16 bytes are digits, but for a point if `point` is below 16. */
function scanSecond(from: u32, end: u32, point: u32, loose: bool): u32 {
  const at = from + 16;
  const room = end - at;
  const bytes = v128.load(at);
  const digits = digitsOf(bytes);
  const stops = stopsOf(bytes, room);
  const whole = <u32>ctz(stops);
  if (whole == 16) return scanLong(from, end, loose);
  let count = whole;
  let taken = whole;
  let moved: i32 = 0;
  let first: u64;
  let second: u64;
  plain = false;
  if (point < 16) {
    moved = point - 15 - whole;
    if (moved == 0 && !loose) return 0;
    first = pointedOf(digitsOf(v128.load(from)), 16, point);
    second = wholeOf(digits, whole);
  } else if (whole < room && load<u8>(at + whole) == 0x2e) {
    count = <u32>ctz(stops & (stops - 1));
    if (count == 16) return scanLong(from, end, loose);
    if (count == whole + 1 && !loose) return 0;
    taken = count - 1;
    moved = whole - taken;
    first = wholeOf(digitsOf(v128.load(from)), 16);
    second = pointedOf(digits, count, whole);
  } else {
    plain = true;
    first = wholeOf(digitsOf(v128.load(from)), 16);
    second = wholeOf(digits, whole);
  }
  if (first >= wholePower(19 - taken)) return scanLong(from, end, loose);
  mantissa = first * wholePower(taken) + second;
  return finish(at + count, end, moved);
}

/** Takes digits from `at` on; the address behind them. */
function takeDigits(at: u32, end: u32, fraction: bool): u32 {
  let p = at;
  for (; p < end; p++) {
    const digit = <u32>load<u8>(p) - 0x30;
    if (digit > 9) break;
    if (mantissa < 1000000000000000000) {
      mantissa = mantissa * 10 + digit;
      if (fraction) places--;
    } else {
      if (digit != 0) shape = CUT;
      if (!fraction) places++;
    }
  }
  return p;
}

/** Reads a number of any length. */
function scanLong(from: u32, end: u32, loose: bool): u32 {
  mantissa = 0;
  shape = EXACT;
  places = 0;
  let at = takeDigits(from, end, false);
  plain = true;
  if (at < end && load<u8>(at) == 0x2e) {
    const point = at;
    at = takeDigits(point + 1, end, true);
    plain = false;
    if (!loose && at == point + 1) return 0;
  }
  begin = from;
  after = at;
  if (at < end && (load<u8>(at) | 0x20) == 0x65) return scanExponent(at, end, places);
  exponent = limited(places);
  tens = 0;
  return at;
}

/** Reads an exponent and adds what the point's place makes out; 0 when it has no digits. */
function scanExponent(at: u32, end: u32, moved: i64): u32 {
  plain = false;
  let p = at + 1;
  const sign: u32 = p < end ? load<u8>(p) : 0;
  if (sign == 0x2b || sign == 0x2d) p++;
  const start = p;
  let value: i64 = 0;
  for (; p < end; p++) {
    const digit = <u32>load<u8>(p) - 0x30;
    if (digit > 9) break;
    if (value < HUGE) value = value * 10 + digit;
  }
  if (p == start) return 0;
  tens = sign == 0x2d ? -value : value;
  exponent = limited(tens + moved);
  return p;
}

/** `NaN` and, with a sign if wanted, `Infinity`. */
function scanWord(at: u32, end: u32, signed: bool): u32 {
  plain = false;
  if (end - at >= 8 && at < end && load<u64>(at) == 0x7974_696e_6966_6e49) {
    shape = INFINITE;
    return at + 8;
  }
  if (signed || at >= end || end - at < 3 || (load<u32>(at) & 0xff_ffff) != 0x4e_614e) return 0;
  shape = NOT_A_NUMBER;
  return at + 3;
}
