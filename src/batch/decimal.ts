import { Misfit } from "./misfit.ts";

/** Bytes of one decimal value in its column. */
export const DECIMAL_BYTES = 16;

/** Precision and scale of a decimal column. */
export interface DecimalShape {
  /** Decimal digits in all, 1 to 38. */
  readonly precision: number;
  /** Digits after the point, 0 to `precision`. */
  readonly scale: number;
}

const DECIMAL_TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
const LIMITS: bigint[] = Array.from({ length: 39 }, (_, digits) => 10n ** BigInt(digits));

function describe({ precision, scale }: DecimalShape): string {
  return `decimal(${precision}, ${scale})`;
}

function unscaledOf(text: string, shape: DecimalShape): bigint | undefined {
  const parts = DECIMAL_TEXT.exec(text);
  if (!parts) return undefined;
  const [, sign, whole, fraction = "", exponent = "0"] = parts;
  if (whole.length + fraction.length === 0) return undefined;
  const digits = whole + fraction;
  const shift = shape.scale - fraction.length + Number(exponent);
  const significant = digits.replace(/^0+/, "");
  if (significant === "") return 0n;
  if (significant.length + shift > shape.precision) return undefined;
  let kept = significant;
  if (shift < 0) {
    if (!/^0*$/.test(significant.slice(shift))) return undefined;
    kept = significant.slice(0, shift);
  }
  if (kept === "") return undefined;
  const magnitude = BigInt(kept) * LIMITS[Math.max(0, shift)];
  return sign === "-" ? -magnitude : magnitude;
}

/**
 * The scaled integer of an exact decimal text (`"-12.50"`, `"1e3"`), a `bigint`, or a `number`
 * (by its shortest text: 0.1 is one tenth).
 *
 * @throws {Misfit} when digits would be lost.
 */
export function parseDecimal(value: unknown, shape: DecimalShape): bigint {
  let unscaled: bigint | undefined;
  if (typeof value === "string") unscaled = unscaledOf(value, shape);
  else if (typeof value === "number" || typeof value === "bigint") {
    unscaled = unscaledOf(String(value), shape);
  }
  if (unscaled === undefined) throw new Misfit(`an exact ${describe(shape)}`, value);
  return unscaled;
}

/** The text of a scaled integer, with exactly `scale` digits after the point. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n;
  const digits = String(negative ? -unscaled : unscaled).padStart(scale + 1, "0");
  const cut = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`;
  return negative ? `-${text}` : text;
}

/** Reads the scaled integer of row `at` of a decimal column's values. */
export function readDecimal(values: Uint8Array, at: number): bigint {
  const view = new DataView(values.buffer, values.byteOffset + at * DECIMAL_BYTES, DECIMAL_BYTES);
  return (view.getBigInt64(8, true) << 64n) | view.getBigUint64(0, true);
}

/** Writes a scaled integer as row `at` of a decimal column's values. */
export function writeDecimal(values: Uint8Array, at: number, unscaled: bigint): void {
  const view = new DataView(values.buffer, values.byteOffset + at * DECIMAL_BYTES, DECIMAL_BYTES);
  view.setBigInt64(0, BigInt.asIntN(64, unscaled), true);
  view.setBigInt64(8, unscaled >> 64n, true);
}

/** Whether a scaled integer has at most `precision` digits. */
export function fitsPrecision(unscaled: bigint, precision: number): boolean {
  return unscaled < LIMITS[precision] && unscaled > -LIMITS[precision];
}
