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

/** From here on whole numbers are not doubles each. */
const SPARSE = 2 ** 53;
/** Parts a double into halves of its digits. */
const SPLITTER = 2 ** 27 + 1;

/** The double of ten to the power of `digits`, 0 to 15. */
export function powerOfTen(digits: number): number {
  return POWERS[digits];
}

/**
 * The number rounded to `digits` digits after the point, halves away from zero. What counts is the
 * double: 1.005 lies below the half and becomes 1, 0.35 becomes 0.3. Numbers of 2⁵³ or more in
 * units of the last digit are left as they are: no other double is nearer.
 */
export function roundAway(x: number, digits: number): number {
  if (digits === 0) return roundWhole(x);
  const [size, unit] = [Math.abs(x), POWERS[digits]];
  const scaled = size * unit;
  if (!(scaled < SPARSE)) return x;
  const whole = Math.trunc(scaled);
  // What the product lost decides where it seems to be a half, and beyond 2⁵², where it is whole.
  const up = scaled - whole - 0.5 + lostOf(size, unit, scaled) >= 0;
  const rounded = (up ? whole + 1 : whole) / unit;
  return x < 0 || Object.is(x, -0) ? -rounded : rounded;
}

/** What is lost when `x` times `y` is rounded to `product` (Dekker 1971), where neither overflows. */
function lostOf(x: number, y: number, product: number): number {
  const [xHigh, yHigh] = [highOf(x), highOf(y)];
  const [xLow, yLow] = [x - xHigh, y - yHigh];
  return xHigh * yHigh - product + xHigh * yLow + xLow * yHigh + xLow * yLow;
}

function highOf(x: number): number {
  const wide = x * SPLITTER;
  return wide - (wide - x);
}

function roundWhole(x: number): number {
  const whole = Math.trunc(x);
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
}
