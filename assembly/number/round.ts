// From decimal digits to the nearest double (Eisel-Lemire: Lemire, "Number Parsing at a Gigabyte
// per Second", Software: Practice and Experience, 2021). With 128 bits of the power it never needs
// a way out (Mushtak, Lemire, "Fast Number Parsing Without Fallback", 2023).

import { leadingBits, LEAST_POWER, preparedBits } from "./powers";
import { high, nearlyHigh } from "./wide";

const MOST_EXPONENT: i32 = 308;
const INFINITE: u64 = 0x7ff0_0000_0000_0000;
const HIDDEN: u64 = <u64>1 << 52;
const UNSURE: u64 = 0x1ff; // below the 55 bits that decide
const NEARLY_UNSURE: u64 = 0x1fd; // they are those where up to two were left out

/** The bits of a number below the least normal one, from 54 leading bits and its exponent. */
function roundSubnormal(leading: u64, exponent: i32): u64 {
  const shift = 1 - exponent;
  if (shift >= 64) return 0;
  const kept = leading >> shift;
  // reaches the bit of the least normal number by itself
  return (kept + (kept & 1)) >> 1;
}

/** The bits of the double nearest to `digits` · 10^power, halves to even; without a sign. */
export function nearestDouble(digits: u64, power: i32): u64 {
  if (digits == 0 || power < LEAST_POWER) return 0;
  if (power > MOST_EXPONENT) return INFINITE;
  const shift = <i32>clz<u64>(digits);
  const scaled = digits << shift;
  const entry = leadingBits(power);
  const factor = load<u64>(entry, 8);
  let upper = high(scaled, factor);
  let lower = scaled * factor;
  if ((upper & UNSURE) == UNSURE) {
    const more = high(scaled, load<u64>(entry));
    lower += more;
    if (more > lower) upper++;
  }
  const top = <i32>(upper >> 63);
  const drop = top + 9;
  let leading = upper >> drop;
  let exponent = ((217706 * power) >> 16) + 63 + top - shift + 1023;
  if (exponent <= 0) return roundSubnormal(leading, exponent);
  // exactly half, which only powers that divide it can give
  if (lower <= 1 && power >= -4 && power <= 23 && (leading & 3) == 1) {
    if (leading << drop == upper) leading &= ~1;
  }
  leading = (leading + (leading & 1)) >> 1;
  if (leading >= HIDDEN << 1) {
    leading = HIDDEN;
    exponent++;
  }
  return exponent >= 0x7ff ? INFINITE : (leading & ~HIDDEN) | (<u64>exponent << 52);
}

/** Places from here on leave no number half between two doubles, as long as it has 64 bits. */
export const NO_HALVES: u32 = 5;

/**
 * The same of digits that are not 0, with `places` of them behind the point, from {@link NO_HALVES}
 * to 22; after `preparePowers`.
 */
// @ts-ignore: decorator
@inline
export function nearestOfPlaces(digits: u64, places: u32): u64 {
  const shift = <i64>clz<u64>(digits);
  const upper = nearlyHigh(digits << shift, load<u64>(preparedBits(-<i32>places), 8));
  if ((upper & UNSURE) >= NEARLY_UNSURE) return nearestDouble(digits, -<i32>places);
  const top = <i64>(upper >> 63);
  const leading = upper >> (top + 9);
  // one less, since the leading bit adds it; what is rounded up to the next power of two adds one more
  const exponent = ((-217706 * <i64>places) >> 16) + 1085 + top - shift;
  return (<u64>exponent << 52) + ((leading + (leading & 1)) >> 1);
}
