// The shortest decimal digits that read as a double, of these the nearest to it (Giulietti, "The
// Schubfach way to render doubles", 2021).

import { leadingBits, preparedBits, preparePowers } from "./powers";
import { high } from "./wide";

const MANTISSA: u64 = 0x000f_ffff_ffff_ffff;
const HIDDEN: u64 = <u64>1 << 52;
const LEAST_EXPONENT: i32 = -1074;
const LOW: u64 = 0xffff_ffff;
const EIGHT_DIGITS: u32 = 100000000; // 10^8
const NINE_DIGITS: u32 = 1000000000; // 10^9
const HALF: u32 = 1 << 31;
const FIVE: u32 = 5 << 28;
const SLACK: u32 = 8;

let power: i32 = 0;

/** The power of ten of the digits that {@link exactDigits} gave last. */
// @ts-ignore: decorator
@inline
export function shortestPower(): i32 {
  return power;
}

/** The power of ten of the digits that {@link quickDigits} gives for doubles of an exponent. */
// @ts-ignore: decorator
@inline
export function powerOf(exponent: i32): i32 {
  return ((exponent - 1075) * 1262611) >> 22;
}

/**
 * The digits of a double, from its fraction and its exponent, neither of which is 0: a number of 16
 * or 17 digits, perhaps with zeros at its end, times 10^{@link powerOf}, its last eight digits in the
 * upper half; 0 where {@link exactDigits} has to decide. After `preparePowers`.
 */
// @ts-ignore: decorator
@inline
export function quickDigits(fraction: u64, exponent: i32): u64 {
  const k = powerOf(exponent);
  const h = exponent + ((-k * 1741647) >> 19) - 1074;
  const entry = preparedBits(-k);
  const g0 = <u64>load<u32>(entry, 8);
  const g1 = <u64>load<u32>(entry, 12);
  // c · 2^q · 10^-k: whole and behind the point, the latter too small by less than SLACK
  const scaled = (fraction | HIDDEN) << h;
  const c0 = scaled & LOW;
  const c1 = scaled >> 32;
  const a = c0 * g1;
  const b = c1 * g0;
  const middle = (a & LOW) + (b & LOW) + ((c0 * g0) >> 32) + ((c1 * <u64>load<u32>(entry, 4)) >> 32);
  const whole = c1 * g1 + (a >> 32) + (b >> 32) + (middle >> 32);
  const behind = <u32>middle;
  const upper = whole / EIGHT_DIGITS;
  const lower = <u32>whole - <u32>upper * EIGHT_DIGITS;
  const last = <u32>(whole - whole / 10 * 10);
  // how far the last digit and what is behind it are from 5, in 2^-28; and whether the next number
  // with a zero there is nearer than half the distance to the next double
  const place = <i32>((last << 28) + (behind >> 4) - FIVE);
  const sign = place >> 31;
  const beyond = ((place ^ sign) - sign) - <i32>(FIVE - <u32>((g1 << h) >> 5));
  // either comes as often as the other, so that no branch could be foreseen
  const up = behind >> 31;
  const more = up ^ ((up ^ ((10 & ~sign) - last)) & <u32>(-beyond >> 31));
  const tail = lower + more;
  // of numbers with few digits what is found often is a little less, and so ends in nines
  const carry = u32(tail >= EIGHT_DIGITS);
  const front = <u32>upper + carry;
  // what cannot be told from a tie by so many bits, and what has a digit more
  const isUnsure = u32(<u32>beyond + SLACK < 2 * SLACK) | u32(behind - HALF + SLACK < 2 * SLACK) |
    u32(front >= NINE_DIGITS);
  return isUnsure != 0 ? 0 : (<u64>(tail - (EIGHT_DIGITS & (0 - carry))) << 32) | front;
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
