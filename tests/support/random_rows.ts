/**
 * Random schemas and rows by the thousand, far faster than arbitraries make them.
 *
 * @module
 */
import type { DataType, Field } from "../../src/batch/schema.ts";
import { formatDecimal } from "../../src/batch/decimal.ts";
import { anyDouble } from "./number_texts.ts";
import type { Random } from "./random.ts";

const DEPTH = 3;
const DAY_MS = 86_400_000;
const SIMPLE: readonly ((random: Random) => DataType)[] = [
  () => ({ kind: "bool" }),
  () => ({ kind: "i32" }),
  () => ({ kind: "i64" }),
  () => ({ kind: "i64", as: "number" }),
  () => ({ kind: "f32" }),
  () => ({ kind: "f64" }),
  () => ({ kind: "timestamp" }),
  () => ({ kind: "date" }),
  () => ({ kind: "time" }),
  () => ({ kind: "utf8" }),
  () => ({ kind: "dict" }),
  () => ({ kind: "bytes" }),
  () => ({ kind: "mixed" }),
  (random) => {
    const precision = 1 + random.below(38);
    return { kind: "decimal", precision, scale: random.below(precision + 1) };
  },
];
const NAMES = ["id", "at", "user", 'a"b', "ü", "0", "10", "2", "__proto__", "toJSON", "x.y", ""];
const CHARACTERS = [
  "a",
  "b",
  " ",
  '"',
  "\\",
  "\n",
  "\t",
  "\u0000",
  "\u001f",
  "\u007f",
  "é",
  "漢",
  "😀",
  "\u2028",
];

/** Fields of random types, nested up to three deep. */
export function randomFields(random: Random, count: number, depth = 0): Field[] {
  return random.shuffle(NAMES).slice(0, count).map((name) => ({
    name,
    type: randomType(random, depth),
  }));
}

function randomType(random: Random, depth: number): DataType {
  if (depth === DEPTH || random.chance(0.6)) return random.pick(SIMPLE)(random);
  if (random.chance(0.4)) return { kind: "list", item: randomType(random, depth + 1) };
  if (random.chance(0.2)) return { kind: "map", value: randomType(random, depth + 1) };
  return { kind: "struct", fields: randomFields(random, random.below(4), depth + 1) };
}

/** A text, most often short and plain. */
export function randomText(random: Random): string {
  const plain = random.chance(0.7);
  const length = random.below(random.chance(0.9) ? 20 : 100);
  return Array.from({ length }, () => plain ? "x" : random.pick(CHARACTERS)).join("");
}

function wholeBelow(random: Random, digits: number): bigint {
  let value = 0n;
  for (let at = random.below(digits); at >= 0; at--) value = value * 10n + BigInt(random.below(10));
  return random.chance(0.5) ? -value : value;
}

function randomMixed(random: Random): unknown {
  return random.pick<() => unknown>([
    () => random.chance(0.5),
    () => -0,
    () => random.next() * 100,
    () => wholeBelow(random, 18),
    () => randomText(random),
    () => "\ud800",
    () => new Date(random.below(2 ** 40)),
    () => Uint8Array.of(1, 2, 3),
    () => [1, null, "a"],
    () => ({ a: 1, b: [random.below(9)] }),
  ])();
}

function randomFloat(random: Random): number {
  const value = random.pick([
    anyDouble(random),
    random.below(10_000) / 100,
    random.next(),
    -0,
    NaN,
  ]);
  return random.chance(0.5) ? value : -value;
}

/** A value of a type, one in eight null. */
export function randomValue(type: DataType, random: Random): unknown {
  if (random.chance(0.125)) return null;
  switch (type.kind) {
    case "bool":
      return random.chance(0.5);
    case "i32":
    case "date":
      return Number(wholeBelow(random, 9));
    case "i64":
      return type.as ? Number(wholeBelow(random, 15)) : wholeBelow(random, 18);
    case "timestamp":
      return Number(wholeBelow(random, 15));
    case "time":
      return random.below(DAY_MS);
    case "f32":
      return Math.fround((random.next() - 0.5) * 10 ** random.below(30));
    case "f64":
      return randomFloat(random);
    case "decimal":
      return formatDecimal(wholeBelow(random, type.precision), type.scale);
    case "utf8":
      return randomText(random);
    case "dict":
      return random.chance(0.9)
        ? random.pick(["", "x", 'y"', "a longer entry than sixteen"])
        : randomText(random);
    case "bytes":
      return Uint8Array.from({ length: random.below(20) }, () => random.below(256));
    case "mixed":
      return randomMixed(random);
    case "list":
      return Array.from({ length: random.below(4) }, () => randomValue(type.item, random));
    case "struct":
      return randomRow(type.fields, random);
    case "map":
      return Object.fromEntries(
        Array.from(
          { length: random.below(4) },
          () => [randomText(random), randomValue(type.value, random)],
        ),
      );
  }
}

/** A row of some fields. */
export function randomRow(fields: readonly Field[], random: Random): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name, type }) => [name, randomValue(type, random)]));
}
