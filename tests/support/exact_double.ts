/** Every finite double is a whole multiple of 2⁻¹⁰⁷⁴. */
export const SCALE = 1n << 1074n;

/** A finite number as a whole multiple of that. */
export function scaled(value: number | bigint): bigint {
  if (typeof value === "bigint") return value * SCALE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const size = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return value < 0 ? -size : size;
}

/** The double next to a fraction. */
export function toDouble(numerator: bigint, denominator: bigint): number {
  const negative = (numerator < 0n) !== (denominator < 0n);
  const top = numerator < 0n ? -numerator : numerator;
  const bottom = denominator < 0n ? -denominator : denominator;
  if (top === 0n) return 0;
  // The exponent of the quotient, or one more.
  const size = top.toString(2).length - bottom.toString(2).length;
  // 53 bits and those that decide how to round; fewer of a number next to 0.
  const shift = BigInt(Math.min(1074, 54 - size));
  const [a, b] = shift >= 0n ? [top << shift, bottom] : [top, bottom << -shift];
  const whole = a / b;
  const sticky = a % b === 0n ? 0n : 1n;
  const size2 = Number((whole << 1n) | sticky);
  const number = timesPower(size2, -Number(shift) - 1);
  return negative ? -number : number;
}

function timesPower(value: number, power: number): number {
  if (power < -1000) return value * 2 ** -1000 * 2 ** (power + 1000);
  return power > 900 ? value * 2 ** 900 * 2 ** (power - 900) : value * 2 ** power;
}
