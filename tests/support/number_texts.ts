/** Doubles and texts of numbers that are hard to read or to write. */

import type { TextColumn } from "../../src/kernel/number_columns.ts";
import type { Random } from "./random.ts";

const bits = new BigUint64Array(1);
const double = new Float64Array(bits.buffer);
const HIDDEN = 1n << 52n;

/** Texts as a column. */
export function textColumn(texts: readonly string[]): TextColumn {
  const offsets = new Int32Array(texts.length + 1);
  for (let i = 0; i < texts.length; i++) offsets[i + 1] = offsets[i] + texts[i].length;
  return { bytes: new TextEncoder().encode(texts.join("")), offsets };
}

/** The double of a bit pattern. */
export function doubleOf(pattern: bigint): number {
  bits[0] = pattern;
  return double[0];
}

/** A finite double from 0 up of random bits, one in three from among the least. */
export function anyDouble(random: Random): number {
  const sizes = random.chance(1 / 3) ? 1n << 54n : 1n << 63n;
  const pattern = (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
  const value = doubleOf(pattern & (sizes - 1n));
  return Number.isFinite(value) ? value : anyDouble(random);
}

/**
 * The texts around the middle of a double and the next one: below, exactly, above, and above it by
 * a digit far behind.
 */
export function aroundMiddle(value: number): string[] {
  double[0] = value;
  const exponent = Number(bits[0] >> 52n);
  const mantissa = (bits[0] & (HIDDEN - 1n)) | (exponent === 0 ? 0n : HIDDEN);
  const middle = 2n * mantissa + 1n;
  const power = Math.max(exponent, 1) - 1076;
  const digits = power < 0 ? middle * 5n ** BigInt(-power) : middle << BigInt(power);
  const ten = Math.min(power, 0);
  return [
    `${digits * 10n - 1n}e${ten - 1}`,
    `${digits}e${ten}`,
    `${digits * 10n + 1n}e${ten - 1}`,
    `${digits}${"0".repeat(100)}1e${ten - 101}`,
  ];
}

function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.below(10)).join("");
}

/** A number as JSON writes it, of up to 25 digits before and behind the point. */
export function anyNumberText(random: Random): string {
  const sign = random.chance(0.5) ? "-" : "";
  const whole = digits(random, random.below(25)).replace(/^0+/, "") || "0";
  const fraction = random.chance(0.7) ? `.${digits(random, 1 + random.below(25))}` : "";
  if (random.chance(0.6)) return sign + whole + fraction;
  const power = random.below(random.chance(0.5) ? 30 : 340);
  return `${sign}${whole}${fraction}${random.pick(["e", "E"])}${
    random.pick(["", "+", "-"])
  }${power}`;
}

/** Texts that programs which read numbers have stumbled over. */
export const HARD_TEXTS: readonly string[] = [
  "0",
  "-0",
  "0e0",
  "-0.0e-0",
  "0e999999999999",
  "1e400",
  "-1e400",
  "1e-400",
  "-1e-400",
  "1e99999999999999999999",
  "1e-99999999999999999999",
  "5e-324",
  "2.4703282292062327208e-324",
  "2.4703282292062327209e-324",
  "2.2250738585072011e-308",
  "2.2250738585072012e-308",
  "2.2250738585072014e-308",
  "1.7976931348623157e308",
  "1.7976931348623158e308",
  "1.7976931348623159e308",
  "9007199254740992",
  "9007199254740993",
  "-9007199254740993",
  "9007199254740993.00000000000000000000000000001",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551615",
  "18446744073709551616",
  "6929495644600919.5",
  "3.7455744005952583e15",
  "8.5e15",
  "7.3177701707893310e15",
  "1e22",
  "1e23",
  "8.41e21",
  "9.5367431640625e-7",
  "0.000000000000000000000000000000000000000000000000000001",
  `1.${"0".repeat(800)}1`,
  `0.${"0".repeat(1000)}1e1000`,
  `1${"0".repeat(20_000)}e-20000`,
  `0.${"0".repeat(20_000)}1e20001`,
  "1".repeat(308),
  "1".repeat(310),
  `${"9".repeat(800)}e-800`,
  `0.${"3".repeat(16)}`,
  `0.${"3".repeat(17)}`,
  ...Array.from({ length: 40 }, (_, length) => "7".repeat(length + 1)),
  ...Array.from({ length: 40 }, (_, length) => `${"7".repeat(length + 1)}.5`),
  ...Array.from({ length: 40 }, (_, length) => `3.${"7".repeat(length + 1)}`),
  ...Array.from({ length: 40 }, (_, length) => `1234567.${"0".repeat(length)}1e-5`),
  ...Array.from({ length: 700 }, (_, power) => `1e${power - 350}`),
  ...Array.from({ length: 700 }, (_, power) => `17976931348623157e${power - 350}`),
];
