/**
 * Lines of JSON for readers to be tried on: good ones in all the ways that they can be written, and
 * such as are a little wrong.
 *
 * @module
 */
import { type DataType, type Field, types as t } from "../../src/batch/mod.ts";
import type { Random } from "./random.ts";

const encoder = new TextEncoder();

/** Columns of every type, those that the kernel leaves to the host apart. */
export const CELL_FIELDS: readonly Field[] = [
  { name: "bool", type: t.bool },
  { name: "i32", type: t.i32 },
  { name: "i64", type: t.i64 },
  { name: "f32", type: t.f32 },
  { name: "f64", type: t.f64 },
  { name: "timestamp", type: t.timestamp },
  { name: "date", type: t.date },
  { name: "time", type: t.time },
  { name: "decimal", type: t.decimal(20, 4) },
  { name: "utf8", type: t.utf8 },
  { name: "dict", type: t.dict },
  { name: "", type: t.f64 },
  { name: 'é\n"\\', type: t.utf8 },
  { name: "a name of more than sixteen bytes", type: t.i32 },
  { name: "__proto__", type: t.utf8 },
  { name: "must", type: t.f64, nullable: false },
  { name: "numbers", type: t.list(t.f64) },
  { name: "texts", type: t.list(t.utf8) },
  { name: "flags", type: t.list(t.bool) },
  { name: "times", type: t.list(t.timestamp) },
  {
    name: "user",
    type: t.struct({
      name: t.utf8,
      city: t.dict,
      must: t.required(t.i32),
      place: t.struct({ x: t.f64, ids: t.list(t.i64) }),
    }),
  },
  { name: "empty", type: t.struct({}) },
];

/** Columns that the host converts. */
export const HOST_FIELDS: readonly Field[] = [
  { name: "mixed", type: t.mixed },
  { name: "map", type: t.map(t.i64) },
  { name: "bytes", type: t.bytes },
  { name: "lists", type: t.list(t.list(t.i32)) },
  { name: "structs", type: t.list(t.struct({ x: t.f64, at: t.date })) },
  { name: "dicts", type: t.list(t.dict) },
  { name: "within", type: t.struct({ any: t.mixed, n: t.i32 }) },
];

const TEXTS = [
  ...["", "a", "bee", "sixteen letters!", "a text of more than sixteen letters", "ü", "日本", "🐝"],
  ...['"', "\\", "\n\t\b", "/", "\u0000", "\u2028", "\ud800", "x\udc00y", "é".repeat(40)],
];
const NUMBERS = [
  ...["0", "-0", "1", "-1", "100", "1.5", "-0.25", "1e3", "1E+2", "1.0", "100e-2", "2147483647"],
  ...["2147483648", "-2147483648", "-2147483649", "86399999", "86400000", "9007199254740991"],
  ...["9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808"],
  ...["-9223372036854775808", "100000000000000000", "123456789012345678901234567890", "1e999"],
  ...["-1e999", "1e-400", "0.1", "3.4028236e38", "3.5e38", "1e39", "0.12345678901234567"],
  ...["12345678901234567890.1234", "1.23456", "1e-5", "1e15", "1e16", "0e99999999999", "-0.0e-7"],
];
const TIMES = [
  ...["2020-01-01T00:00:00Z", "2020-02-30", "1970-01-03", "2024-02-29 12:30", "+012345-01-01"],
  ...["00:00:01", "25:00", "12:34:56.789", "1700000000000", "2020-01-01T00:00:00.123456+05:30"],
];
const BROKEN_NUMBERS = [
  "01",
  "+1",
  ".5",
  "5.",
  "1e",
  "1e+",
  "0x10",
  "NaN",
  "Infinity",
  "--1",
  "1.e1",
];
const BLANKS = ["", "", "", "", " ", "\t", "\r", "  \r\t"];

function blank(random: Random): string {
  return random.chance(0.1) ? random.pick(BLANKS) : "";
}

function numberText(random: Random): string {
  if (random.chance(0.02)) return random.pick(BROKEN_NUMBERS);
  if (random.chance(0.5)) return random.pick(NUMBERS);
  if (random.chance(0.5)) return String(random.below(100_000) - 50_000);
  return String((random.next() - 0.5) * 10 ** (random.below(40) - 20));
}

/** A string in one of the ways to write it. */
export function stringText(text: string, random: Random): string {
  const plain = JSON.stringify(text);
  if (!random.chance(0.1)) return plain;
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  const escaped = units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`);
  if (random.chance(0.02)) escaped.push(random.pick(["\\x", "\\u12", "\\u12g4", "\\", "\u0001"]));
  return `"${
    escaped.map((unit) => random.chance(0.5) ? unit : unit.toUpperCase().replace("\\U", "\\u"))
      .join("")
  }"`;
}

/** Any value at all. */
export function anyText(random: Random, depth = 3): string {
  const kind = random.below(depth > 0 ? 8 : 5);
  if (kind === 0) return "null";
  if (kind === 1) return random.pick(["true", "false"]);
  if (kind === 2) return numberText(random);
  if (kind < 5) return stringText(random.pick(TEXTS), random);
  const count = random.below(4);
  if (kind === 5) {
    return listText(Array.from({ length: count }, () => anyText(random, depth - 1)), random);
  }
  const keys = Array.from({ length: count }, () => random.pick(["x", "n", "any", "at", "", "é"]));
  return objectText(keys.map((key) => [key, anyText(random, depth - 1)]), random);
}

function listText(items: readonly string[], random: Random): string {
  return `[${blank(random)}${items.join(`${blank(random)},${blank(random)}`)}${blank(random)}]`;
}

function objectText(entries: readonly (readonly [string, string])[], random: Random): string {
  const inner = entries.map(([key, value]) =>
    `${stringText(key, random)}${blank(random)}:${blank(random)}${value}`
  );
  return `{${blank(random)}${inner.join(`${blank(random)},${blank(random)}`)}${blank(random)}}`;
}

/** A value of a type, now and then one that is not. */
export function valueText(type: DataType, random: Random): string {
  if (random.chance(0.01)) return anyText(random);
  if (random.chance(0.05)) return "null";
  switch (type.kind) {
    case "bool":
      return random.pick(["true", "false"]);
    case "timestamp":
    case "date":
    case "time":
      if (random.chance(0.1)) return stringText(random.pick(TIMES), random);
      return String(random.below(80_000_000));
    case "decimal": {
      const text = (random.below(10_000_000) / 10_000).toFixed(random.below(5));
      return random.chance(0.3)
        ? stringText(text, random)
        : random.chance(0.2)
        ? numberText(random)
        : text;
    }
    case "i32":
    case "i64":
      return random.chance(0.1) ? numberText(random) : String(random.below(2 ** 31) - 2 ** 30);
    case "f32":
    case "f64":
      return numberText(random);
    case "utf8":
    case "dict":
      return stringText(random.pick(TEXTS.slice(0, random.chance(0.02) ? 99 : 14)), random);
    case "bytes":
      return stringText(random.pick(["", "AQI=", "AQI", "/+8=", "?"]), random);
    case "list":
      return listText(
        Array.from({ length: random.below(4) }, () => valueText(type.item, random)),
        random,
      );
    case "map":
      return objectText(
        Array.from(
          { length: random.below(3) },
          (_, at) => [`k${at}`, valueText(type.value, random)],
        ),
        random,
      );
    case "struct":
      return recordText(type.fields, random);
    default:
      return anyText(random);
  }
}

/** An object of these fields: some missing, in any order, twice, or with others. */
export function recordText(fields: readonly Field[], random: Random): string {
  const kept = fields.filter(({ nullable }) => nullable === false || !random.chance(0.05));
  const ordered = random.chance(0.9) ? kept : random.shuffle(kept);
  const entries = ordered.map(({ name, type }) => [name, valueText(type, random)] as const);
  const all = [...entries];
  if (random.chance(0.05)) all.push(["other", anyText(random)]);
  if (random.chance(0.03) && fields.length > 0) {
    const { name, type } = random.pick(fields);
    all.splice(random.below(all.length + 1), 0, [name, valueText(type, random)]);
  }
  return objectText(all, random);
}

/** Bytes with one of them changed, left out, or put in twice. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length);
  const wild = random.pick([
    ...encoder.encode('{}[]",:\\eE+-.0u \t\r'),
    0,
    1,
    0x7f,
    0x80,
    0xc3,
    0xff,
  ]);
  const middle = random.pick([[], [wild], [bytes[at], wild], [bytes[at], bytes[at]]]);
  return new Uint8Array([...bytes.subarray(0, at), ...middle, ...bytes.subarray(at + 1)]);
}
