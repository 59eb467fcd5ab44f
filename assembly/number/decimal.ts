// Decimals from text: all digits, as a scaled integer of 16 bytes.

import { wholePower } from "./powers";
import { high } from "./wide";

const MOST_DIGITS: u32 = 38;
const HALF: u32 = 19;
const LARGE: i64 = 100000;

let fits: bool = false;

/** Whether the decimal read last has its place in the precision and scale, without loss. */
// @ts-ignore: decorator
@inline
export function decimalFits(): bool {
  return fits;
}

// The significant digits: the first 19, those after them, and how many there are. Zeros are waited
// with until a digit comes after them.
let upper: u64 = 0;
let lower: u64 = 0;
let count: u32 = 0;
let zeros: u32 = 0;

function takeDigit(digit: u32): void {
  if (count < HALF) upper = upper * 10 + digit;
  else if (count < MOST_DIGITS) lower = lower * 10 + digit;
  count++;
}

/** Takes digits from `at` on; the address behind them. */
function takeDigits(at: u32, end: u32): u32 {
  let p = at;
  for (; p < end; p++) {
    const digit = <u32>load<u8>(p) - 0x30;
    if (digit > 9) break;
    if (digit == 0) {
      if (count != 0) zeros++;
      continue;
    }
    for (; zeros != 0 && count <= MOST_DIGITS; zeros--) takeDigit(0);
    takeDigit(digit);
  }
  return p;
}

/** upper:lower = upper · 10^more + lower */
function join(more: u32): void {
  const power = wholePower(more);
  const low = upper * power + lower;
  upper = high(upper, power) + u64(low < lower);
  lower = low;
}

/** upper:lower = upper:lower · 10^more, which fits */
function scaleBy(more: u32): void {
  for (let left = more; left != 0;) {
    const step = min(left, HALF);
    const power = wholePower(step);
    upper = upper * power + high(lower, power);
    lower *= power;
    left -= step;
  }
}

function put(to: u32, negative: bool): void {
  if (negative) {
    lower = 0 - lower;
    upper = ~upper + u64(lower == 0);
  }
  store<u64>(to, lower);
  store<u64>(to, upper, 8);
}

// The exponent of the text, at most four digits of it.
let power: i64 = 0;

function takeExponent(at: u32, end: u32): u32 {
  let p = at + 1;
  const sign: u32 = p < end ? load<u8>(p) : 0;
  if (sign == 0x2b || sign == 0x2d) p++;
  const start = p;
  for (; p < end; p++) {
    const digit = <u32>load<u8>(p) - 0x30;
    if (digit > 9) break;
    if (power < LARGE) power = power * 10 + digit;
  }
  if (sign == 0x2d) power = -power;
  if (p - start > 4) fits = false;
  return p == start ? 0 : p;
}

/**
 * Reads `-12.50`, `+.5`, `1e3` as an integer of 16 bytes that is 10^scale times as large; the
 * address behind it, or 0 when there is none. {@link decimalFits} tells whether it was stored: not
 * if it has more digits than the precision, or some behind the scale that are not zero.
 */
export function readDecimal(at: u32, end: u32, scale: u32, precision: u32, to: u32): u32 {
  if (at >= end) return 0;
  const sign: u32 = load<u8>(at);
  const from = at + u32(sign == 0x2d || sign == 0x2b);
  upper = lower = 0;
  count = zeros = 0;
  power = 0;
  fits = true;
  let p = takeDigits(from, end);
  const point = p;
  let behind: i64 = 0;
  if (p < end && load<u8>(p) == 0x2e) {
    p = takeDigits(p + 1, end);
    behind = p - point - 1;
  }
  if (point - from + <u32>behind == 0) return 0;
  if (p < end && (load<u8>(p) | 0x20) == 0x65) p = takeExponent(p, end);
  if (p == 0) return 0;
  // the digits taken, times 10^shift, are the integer
  const shift = <i64>scale - behind + power + <i64>zeros;
  if (count == 0) put(to, false);
  else if (shift < 0 || <i64>count + shift > <i64>precision) fits = false;
  else {
    if (count > HALF) join(count - HALF);
    else {
      lower = upper;
      upper = 0;
    }
    scaleBy(<u32>shift);
    put(to, sign == 0x2d);
  }
  return p;
}
