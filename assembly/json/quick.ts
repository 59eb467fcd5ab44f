// The usual numbers, and bools, in the loop of layouts itself: up to 16 bytes without an exponent, or
// doubles of up to 19 digits. Each function gives the address behind the number, or 0 for all others,
// which the general functions read. What stands behind the number is not looked at, which may be more
// of it: the caller has to see that, by `goesOn` or by comparing it with what is expected there.
//
// Where the next value starts is what all that follows waits for: so that place depends on no sign,
// and on no more than the bytes.
import { putBool, putF64, putI32, putI64, putWord } from "../column/sink";
import { digitsOf, pointedOf, stopsIn, wholeOf } from "../number/digits";
import { longDouble } from "../number/long";
import { exactPower } from "../number/powers";
import { K_F64, K_I32, K_I64, K_TIMESTAMP } from "./reader";
import { isFalse, TRUE } from "./skip";

const LETTER: u32 = 0x65;
const MINUS: u32 = 0x2d;
const POINT: u32 = 0x2e;
const ZERO: u32 = 0x30;
const WINDOW: u32 = 16;
const BEHIND: u32 = 1 << 16; // ends the window
const NUMBERS: u32 = (1 << K_I32) | (1 << K_I64) | (1 << K_F64) | (1 << K_TIMESTAMP);
const SECOND_MOST: u32 = 4; // digits of the second window: with 15 before them at most 19

/** Whether a byte behind the digits of a number belongs to it. */
// @ts-ignore: decorator
@inline
export function goesOn(at: u32): bool {
  const byte: u32 = load<u8>(at);
  return byte == POINT || (byte | 0x20) == LETTER;
}

// Whether digits end at `whole` that do not make a number of this window: none, all of it, or a zero
// before others.
// @ts-ignore: decorator
@inline
function areOdd(head: u32, sign: u32, whole: u32): bool {
  const isZero = u32(((head >> (sign << 3)) & 0xff) == ZERO) & u32(whole > sign + 1);
  return (u32(whole == sign) | u32(whole == WINDOW) | isZero) != 0;
}

// The sign without a branch, since nothing foretells it.
// @ts-ignore: decorator
@inline
function signed(value: f64, sign: u32): f64 {
  return reinterpret<f64>(reinterpret<u64>(value) | (<u64>sign << 63));
}

// A double whose first 16 bytes are digits, but for a sign and the point at `point`.
// @ts-ignore: decorator
@inline
function longF64(column: u32, row: u32, at: u32, digits: v128, sign: u32, point: u32): u32 {
  const bytes = v128.load(at, 16);
  const more = <u32>ctz(stopsIn(bytes) | BEHIND);
  if (more > SECOND_MOST + sign) return 0;
  const bits = longDouble(digits, point, i64x2.extract_lane(bytes, 0), more);
  if (bits == 0) return 0;
  putF64(column, row, signed(reinterpret<f64>(bits), sign));
  return at + 16 + more;
}

// A double with a point behind its first `whole` bytes.
// @ts-ignore: decorator
@inline
function pointedF64(
  column: u32, row: u32, at: u32, bytes: v128, sign: u32, stops: u32, whole: u32,
): u32 {
  const digits = digitsOf(bytes);
  const count = <u32>ctz(stops & (stops - 1));
  if (count == WINDOW) return longF64(column, row, at, digits, sign, whole);
  if (count == whole + 1) return 0;
  // below 2^53, and the power is exact: so is the quotient rounded (Clinger's fast path)
  const value = <f64>(<i64>pointedOf(digits, count, whole)) / exactPower(count - whole - 1);
  putF64(column, row, signed(value, sign));
  return at + count;
}

// @ts-ignore: decorator
@inline
export function quickF64(column: u32, row: u32, at: u32): u32 {
  const bytes = v128.load(at);
  const head = load<u32>(at);
  const sign = u32((head & 0xff) == MINUS);
  const stops = (stopsIn(bytes) ^ sign) | BEHIND;
  const whole = <u32>ctz(stops);
  if (areOdd(head, sign, whole)) return 0;
  if (<u32>load<u8>(at + whole) == POINT) {
    return pointedF64(column, row, at, bytes, sign, stops, whole);
  }
  putF64(column, row, signed(<f64>(<i64>wholeOf(digitsOf(bytes), whole)), sign));
  return at + whole;
}

// A whole number of up to 15 digits at `at`, of which the digits end at `whole`.
// @ts-ignore: decorator
@inline
function quickWhole(bytes: v128, sign: u32, whole: u32): i64 {
  const minus = -<i64>sign;
  return (<i64>wholeOf(digitsOf(bytes), whole) ^ minus) - minus;
}

/** For an i64 or a timestamp. */
// @ts-ignore: decorator
@inline
export function quickI64(column: u32, row: u32, at: u32): u32 {
  const bytes = v128.load(at);
  const head = load<u32>(at);
  const sign = u32((head & 0xff) == MINUS);
  const whole = <u32>ctz((stopsIn(bytes) ^ sign) | BEHIND);
  if (areOdd(head, sign, whole)) return 0;
  putI64(column, row, quickWhole(bytes, sign, whole));
  return at + whole;
}

// @ts-ignore: decorator
@inline
export function quickI32(column: u32, row: u32, at: u32): u32 {
  const bytes = v128.load(at);
  const head = load<u32>(at);
  const sign = u32((head & 0xff) == MINUS);
  const whole = <u32>ctz((stopsIn(bytes) ^ sign) | BEHIND);
  if (areOdd(head, sign, whole)) return 0;
  const value = quickWhole(bytes, sign, whole);
  if (value != <i64><i32>value) return 0;
  putI32(column, row, <i32>value);
  return at + whole;
}

/**
 * For any of these kinds, without a branch for which it is: where that is known late, what is done
 * before would have to be done again.
 */
// @ts-ignore: decorator
@inline
export function quickNumber(kind: u32, column: u32, row: u32, at: u32): u32 {
  const bytes = v128.load(at);
  const head = load<u32>(at);
  const sign = u32((head & 0xff) == MINUS);
  const stops = (stopsIn(bytes) ^ sign) | BEHIND;
  const whole = <u32>ctz(stops);
  if (areOdd(head, sign, whole) || ((1 << kind) & NUMBERS) == 0) return 0;
  if (<u32>load<u8>(at + whole) == POINT) {
    return kind == K_F64 ? pointedF64(column, row, at, bytes, sign, stops, whole) : 0;
  }
  const value = quickWhole(bytes, sign, whole);
  const isShort = kind == K_I32;
  if ((u32(isShort) & u32(value != <i64><i32>value)) != 0) return 0;
  const double = signed(abs<f64>(<f64>value), sign);
  putWord(column, row, isShort, select<u64>(reinterpret<u64>(double), value, kind == K_F64));
  return at + whole;
}

/** Past a number of up to 31 bytes that is not wanted. */
// @ts-ignore: decorator
@inline
export function passNumber(at: u32): u32 {
  const head = load<u32>(at);
  const sign = u32((head & 0xff) == MINUS);
  const stops = (stopsIn(v128.load(at)) ^ sign) | BEHIND;
  const whole = <u32>ctz(stops);
  if (areOdd(head, sign, whole)) return 0;
  if (<u32>load<u8>(at + whole) != POINT) return at + whole;
  const count = <u32>ctz(stops & (stops - 1));
  if (count == whole + 1) return 0;
  if (count != WINDOW) return at + count;
  const more = <u32>ctz(stopsIn(v128.load(at, 16)) | BEHIND);
  return more == WINDOW || whole == WINDOW - 1 ? 0 : at + WINDOW + more;
}

/** Of a bool; no branch for which of the two it is, since nothing foretells it. */
// @ts-ignore: decorator
@inline
export function quickBool(column: u32, row: u32, at: u32): u32 {
  const isTrue = load<u32>(at) == TRUE;
  if ((u32(isTrue) | u32(isFalse(at))) == 0) return 0;
  putBool(column, row, isTrue);
  return at + 5 - u32(isTrue);
}
