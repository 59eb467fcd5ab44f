// The shortest decimal digits that read as a double, of these the nearest to it (Giulietti, "The
// Schubfach way to render doubles", 2021).

import { leadingBits } from "./powers";
import { high } from "./wide";

const MANTISSA: u64 = 0x000f_ffff_ffff_ffff;
const HIDDEN: u64 = <u64>1 << 52;
const LEAST_EXPONENT: i32 = -1074;
const HALF: u64 = <u64>1 << 63;
const FIVE: u64 = <u64>5 << 60;
const SLACK: u64 = <u64>1 << 35;

let power: i32 = 0;

/** The power of ten of the digits that {@link exactDigits} gave last. */
// @ts-ignore: decorator
@inline
export function shortestPower(): i32 {
  return power;
}

/** The power of ten of the digits that {@link quickDigits} gives for these bits. */
// @ts-ignore: decorator
@inline
export function quickPower(bits: u64): i32 {
  return ((<i32>(bits >> 52) - 1075) * 1262611) >> 22;
}

/**
 * The digits of a finite double, from its bits without the sign: a number of 16 or 17 digits,
 * perhaps with zeros at its end, times 10^{@link quickPower}; 0 where {@link exactDigits} has to
 * decide.
 */
// @ts-ignore: decorator
@inline
export function quickDigits(bits: u64): u64 {
  const fraction = bits & MANTISSA;
  const exponent = <i32>(bits >> 52);
  if (fraction == 0 || exponent == 0) return 0;
  const q = exponent - 1075;
  const k = quickPower(bits);
  const h = <u32>(q + ((-k * 1741647) >> 19) + 1);
  const entry = leadingBits(-k);
  const g = load<u64>(entry, 8);
  // c · 2^q · 10^-k: whole and behind the point, the latter too small by less than SLACK
  const scaled = (fraction | HIDDEN) << h;
  const least = scaled * g;
  const behind = least + (scaled >> 32) * <u64>load<u32>(entry, 4);
  const whole = high(scaled, g) + u64(behind < least);
  const tens = whole / 10 * 10;
  // how far the last digit and what is behind it are from 5, in 2^-60; and whether the next number
  // with a zero there is nearer than half the distance to the next double
  const place = <i64>(((whole - tens) << 60) + (behind >> 4) - FIVE);
  const sign = place >> 63;
  const beyond = ((place ^ sign) - sign) - <i64>(FIVE - (g >> (5 - h)));
  // what cannot be told from a tie by so many bits
  if (u32(<u64>beyond + SLACK < 2 * SLACK) | u32(behind - HALF + SLACK < 2 * SLACK)) return 0;
  return beyond > 0 ? tens + (10 & ~sign) : whole + (behind >> 63);
}

/**
 * The digits of any finite double that is not zero, at most 17, times 10^{@link shortestPower},
 * with all bits of the powers.
 */
export function exactDigits(bits: u64): u64 {
  const fraction = bits & MANTISSA;
  const exponent = <i32>(bits >> 52);
  const c = exponent != 0 ? fraction | HIDDEN : fraction;
  const q = exponent != 0 ? exponent - 1075 : LEAST_EXPONENT;
  const odd = c & 1;
  // below a power of two the neighbour is half as far away
  const closer = u32(fraction == 0 && exponent > 1);
  const k = (q * 1262611 - (closer != 0 ? 524031 : 0)) >> 22;
  const h = <u32>(q + ((-k * 1741647) >> 19) + 1);
  const entry = leadingBits(-k);
  // the table is rounded down where it is not exact, and up from 10^-27 to 10^-1
  const up = u64(k < -55 || k > 27);
  const g0 = load<u64>(entry) + up;
  const g1 = load<u64>(entry, 8) + u64(g0 < up);
  const four = c << 2;
  const value = oddProduct(g0, g1, four << h);
  const lower = oddProduct(g0, g1, (four - 2 + closer) << h) + odd;
  const upper = oddProduct(g0, g1, (four + 2) << h) - odd;
  const s = value >> 2;
  const tens = s / 10;
  const forty = tens * 40;
  const down = lower <= forty;
  const over = forty + 40 <= upper;
  power = k;
  if (down != over) {
    power = k + 1;
    return tens + u64(over);
  }
  const within = lower <= s << 2;
  const beyond = (s << 2) + 4 <= upper;
  return s + u64(within != beyond ? beyond : value + (s & 1) > (s << 2) + 2);
}

/** The upper 64 bits of a product of 192, odd where they are not all. */
function oddProduct(g0: u64, g1: u64, factor: u64): u64 {
  const carried = high(factor, g0);
  const middle = factor * g1 + carried;
  return (high(factor, g1) + u64(middle < carried)) | u64(middle > 1);
}
