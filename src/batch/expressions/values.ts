/**
 * A value while an expression is evaluated: as in rows, except that i64 is always a bigint and a
 * decimal is its unscaled integer.
 */
export type Value = unknown;

const POWERS: readonly number[] = [
  1,
  1e1,
  1e2,
  1e3,
  1e4,
  1e5,
  1e6,
  1e7,
  1e8,
  1e9,
  1e10,
  1e11,
  1e12,
  1e13,
  1e14,
  1e15,
];

/** From here on every double is a whole number. */
const WHOLE = 2 ** 52;

/** The double of ten to the power of `digits`, 0 to 15. */
export function powerOfTen(digits: number): number {
  return POWERS[digits];
}

/**
 * The number rounded to `digits` digits after the point, halves away from zero. What counts is the
 * double: 1.005 lies below the half and becomes 1. Numbers of 2⁵² or more in units of the last
 * digit are left as they are.
 */
export function roundAway(x: number, digits: number): number {
  if (digits === 0) return roundWhole(x);
  const scaled = x * POWERS[digits];
  return Math.abs(scaled) < WHOLE ? roundWhole(scaled) / POWERS[digits] : x;
}

function roundWhole(x: number): number {
  const whole = Math.trunc(x);
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
}
