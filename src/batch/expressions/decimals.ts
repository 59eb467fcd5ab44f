import { type DecimalShape, fitsPrecision } from "../decimal.ts";

const NUMBER = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,4}))?$/;
const MAX_EXPONENT = 400;

/**
 * The unscaled integer of a number's text, rounded half away from zero to the scale; `undefined`
 * when it is no number or has too many digits.
 */
export function roundDecimal(text: string, shape: DecimalShape): bigint | undefined {
  const found = NUMBER.exec(text);
  if (found === null) return undefined;
  const [, sign, whole = "", fraction = found[4] ?? "", , power = "0"] = found;
  const exponent = Number(power) - fraction.length;
  const digits = (whole + fraction).replace(/^0+(?=\d)/, "");
  if (Math.abs(exponent) > MAX_EXPONENT || digits.length > MAX_EXPONENT) return undefined;
  const magnitude = rescale(BigInt(digits), { from: -exponent, to: shape.scale });
  return fitDecimal(sign === "-" ? -magnitude : magnitude, shape);
}

/** The integer with another number of digits after the point, halves away from zero. */
export function rescale(integer: bigint, { from, to }: { from: number; to: number }): bigint {
  if (to >= from) return integer * 10n ** BigInt(to - from);
  const unit = 10n ** BigInt(from - to);
  const half = integer < 0n ? -unit / 2n : unit / 2n;
  return (integer + half) / unit;
}

/** The integer when it has no more digits than the decimal holds, else `undefined`. */
export function fitDecimal(integer: bigint, { precision }: DecimalShape): bigint | undefined {
  return fitsPrecision(integer, precision) ? integer : undefined;
}
