// The usual numbers, in the loop of layouts itself: up to 16 bytes without an exponent, or doubles
// of up to 19 digits. Each function gives the address behind the number, or 0 for all others, which
// the general functions read.
import { putF64, putI32, putI64 } from "../column/sink";
import { digitsAt, pointedOf, wholeOf } from "../number/digits";
import { exactPower, wholePower } from "../number/powers";
import { nearestDouble } from "../number/round";

const EXACT: u64 = 9007199254740992; // 2^53: doubles hold all whole numbers up to here
const LETTER: u32 = 0x65;
const POINT: u32 = 0x2e;
const ZERO: u32 = 0x30;
const SECOND_MOST: u32 = 4; // digits of the second window: with 15 before them at most 19

// @ts-ignore: decorator
@inline
function stopsIn(digits: v128): u32 {
  return ~(<u32>i8x16.bitmask(i8x16.le_u(digits, i8x16.splat(9))));
}

// @ts-ignore: decorator
@inline
function doubleOf(digits: u64, places: u32, sign: u32): f64 {
  // the sign without a branch, since nothing foretells it
  const bits = digits <= EXACT
    ? reinterpret<u64>(<f64>(<i64>digits) / exactPower(places))
    : nearestDouble(digits, -<i32>places);
  return reinterpret<f64>(bits | (<u64>sign << 63));
}

// A double whose first 16 bytes are digits, but for the point behind the first `whole`.
// @ts-ignore: decorator
@inline
function longF64(column: u32, row: u32, from: u32, whole: u32, sign: u32): u32 {
  const digits = digitsAt(from + 16);
  const more = <u32>ctz(stopsIn(digits));
  const end = from + 16 + more;
  if (more > SECOND_MOST || (load<u8>(end) | 0x20) == LETTER) return 0;
  const first = pointedOf(digitsAt(from), 16, whole);
  const all = first * wholePower(more) + wholeOf(digits, more);
  putF64(column, row, doubleOf(all, 15 - whole + more, sign));
  return end;
}

// @ts-ignore: decorator
@inline
export function quickF64(column: u32, row: u32, at: u32): u32 {
  const sign = u32(load<u8>(at) == 0x2d);
  const from = at + sign;
  const digits = digitsAt(from);
  const stops = stopsIn(digits);
  const whole = <u32>ctz(stops);
  if (whole == 0 || whole > 15 || (whole > 1 && load<u8>(from) == ZERO)) return 0;
  const stop: u32 = load<u8>(from + whole);
  if (stop != POINT) {
    if ((stop | 0x20) == LETTER) return 0;
    putF64(column, row, doubleOf(wholeOf(digits, whole), 0, sign));
    return from + whole;
  }
  const count = <u32>ctz(stops & (stops - 1));
  if (count == 16) return whole < 15 ? longF64(column, row, from, whole, sign) : 0;
  const end = from + count;
  if (count == whole + 1 || (load<u8>(end) | 0x20) == LETTER) return 0;
  putF64(column, row, doubleOf(pointedOf(digits, count, whole), count - whole - 1, sign));
  return end;
}

// The whole number of up to 15 digits at `from`; ~0 for all others.
let quickEnd: u32 = 0;

// @ts-ignore: decorator
@inline
function quickWhole(from: u32): u64 {
  const digits = digitsAt(from);
  const whole = <u32>ctz(stopsIn(digits));
  const stop: u32 = load<u8>(from + whole);
  quickEnd = from + whole;
  const isZero = whole > 1 && load<u8>(from) == ZERO;
  if (whole == 0 || whole > 15 || isZero || stop == POINT || (stop | 0x20) == LETTER) return ~0;
  return wholeOf(digits, whole);
}

/** For an i64 or a timestamp. */
// @ts-ignore: decorator
@inline
export function quickI64(column: u32, row: u32, at: u32): u32 {
  const sign = u64(load<u8>(at) == 0x2d);
  const value = quickWhole(at + <u32>sign);
  if (value == ~0) return 0;
  putI64(column, row, <i64>((value ^ (0 - sign)) + sign));
  return quickEnd;
}

// @ts-ignore: decorator
@inline
export function quickI32(column: u32, row: u32, at: u32): u32 {
  const sign = u64(load<u8>(at) == 0x2d);
  const value = quickWhole(at + <u32>sign);
  if (value > <u64>i32.MAX_VALUE) return 0;
  putI32(column, row, <i32>((value ^ (0 - sign)) + sign));
  return quickEnd;
}
