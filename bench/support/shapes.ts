/**
 * The records that codecs are measured on, from a random seed: `sensor` (6 fields of numbers and
 * short strings), `mixed` (11 leaves with nesting, nulls, escapes and 17-digit doubles) and `bid`
 * (long strings). Their widths vary from record to record, as they do in real files.
 *
 * @module
 */
import type { Schema } from "../../src/batch/schema.ts";
import { schema, types as t } from "../../src/batch/mod.ts";

/** A record shape. */
export interface Shape {
  readonly name: "sensor" | "mixed" | "bid";
  /** Of all its columns. */
  readonly schema: Schema;
  /** Four columns of it. */
  readonly four: readonly string[];
  /** Record number `row`, drawing from `random`. */
  record(row: number, random: () => number): Record<string, unknown>;
}

const START_MS = 1_700_000_000_000;
const WORDS = [
  "amber",
  "bee",
  "clover",
  "drone",
  "ether",
  "forage",
  "grove",
  "hive",
  "iris",
  "jam",
];

/** A generator of numbers from 0 to 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function below(random: () => number, end: number): number {
  return Math.floor(random() * end);
}

function words(random: () => number, count: number): string {
  return Array.from({ length: count }, () => WORDS[below(random, WORDS.length)]).join(" ");
}

/** A word and a half, with something to escape in one of ten. */
function note(random: () => number): string {
  const text = words(random, 1 + below(random, 3));
  return below(random, 10) === 0 ? `${text} "\\${text}"\n` : text;
}

const sensor: Shape = {
  name: "sensor",
  schema: schema({
    sensor: t.dict,
    temperature: t.f64,
    humidity: t.i32,
    at: t.timestamp,
    site: t.dict,
    ok: t.bool,
  }),
  four: ["sensor", "temperature", "humidity", "at"],
  record: (row, random) => ({
    sensor: `sensor_${below(random, 1_000)}`,
    temperature: (below(random, 6_000) - 1_000) / 100,
    humidity: below(random, 101),
    at: START_MS + row * 25,
    site: `hall ${below(random, 17)}`,
    ok: below(random, 50) !== 0,
  }),
};

const mixed: Shape = {
  name: "mixed",
  schema: schema({
    id: t.i64,
    at: t.timestamp,
    user: t.struct({ name: t.utf8, city: t.dict, age: t.i32, score: t.f64 }),
    place: t.struct({ lat: t.f64, lon: t.f64 }),
    note: t.utf8,
    amount: t.f64,
    ok: t.bool,
  }),
  four: ["id", "at", "note", "amount"],
  record: (row, random) => ({
    id: row,
    at: START_MS + row * 25,
    user: {
      name: words(random, 1 + below(random, 2)),
      city: WORDS[below(random, WORDS.length)],
      age: below(random, 5) === 0 ? null : below(random, 100),
      score: random(),
    },
    place: { lat: random() * 180 - 90, lon: random() * 360 - 180 },
    note: below(random, 8) === 0 ? null : note(random),
    amount: below(random, 100_000) / 100,
    ok: random() < 0.5,
  }),
};

const bid: Shape = {
  name: "bid",
  schema: schema({
    auction: t.i64,
    bidder: t.i64,
    price: t.i64,
    channel: t.utf8,
    url: t.utf8,
    at: t.timestamp,
    extra: t.utf8,
  }),
  four: ["auction", "price", "channel", "at"],
  record: (row, random) => ({
    auction: 1_000 + below(random, 10_000),
    bidder: 1_000 + below(random, 1_000_000),
    price: below(random, 100_000_000),
    channel: `channel-${below(random, 10_000)}`,
    url: `https://www.auction.example/${words(random, 2).replace(" ", "/")}/item.htm?query=1`,
    at: START_MS + row * 25,
    extra: words(random, 8 + below(random, 8)),
  }),
};

/** All shapes by name. */
export const SHAPES: Readonly<Record<Shape["name"], Shape>> = { sensor, mixed, bid };

/** Ten mixed columns, for writers. */
export const TEN_COLUMNS: Schema = schema({
  id: t.i64,
  at: t.timestamp,
  sensor: t.dict,
  temperature: t.f64,
  humidity: t.i32,
  ratio: t.f64,
  note: t.utf8,
  price: t.decimal(12, 2),
  ok: t.bool,
  ref: t.utf8,
});

/** Record number `row` of {@linkcode TEN_COLUMNS}. */
export function tenColumns(row: number, random: () => number): Record<string, unknown> {
  return {
    id: row,
    at: START_MS + row * 25,
    sensor: `sensor_${below(random, 1_000)}`,
    temperature: (below(random, 6_000) - 1_000) / 100,
    humidity: below(random, 20) === 0 ? null : below(random, 101),
    ratio: random(),
    note: below(random, 8) === 0 ? null : note(random),
    price: (below(random, 100_000_000) / 100).toFixed(2),
    ok: random() < 0.5,
    ref: `${below(random, 1_000_000).toString(36)}-${row.toString(36)}`,
  };
}

/** `rows` records of a shape; the same seed gives the same. */
export function recordsOf(shape: Shape, rows: number, seed = 1): Record<string, unknown>[] {
  const random = randomOf(seed);
  return Array.from({ length: rows }, (_, row) => shape.record(row, random));
}

/** Records as lines of JSON. */
export function ndjsonOf(records: readonly object[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

/** Fields of nested objects, each under its path. */
function leaves(record: object, path = ""): [string, unknown][] {
  return Object.entries(record).flatMap(([name, value]): [string, unknown][] =>
    typeof value === "object" && value !== null
      ? leaves(value, `${path}${name}.`)
      : [[path + name, value]]
  );
}

function csvField(value: unknown): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Records as CSV with a header, nested fields by their path. */
export function csvOf(records: readonly object[]): Uint8Array<ArrayBuffer> {
  const header = leaves(records[0]).map(([name]) => csvField(name)).join(",");
  const lines = records.map((record) =>
    leaves(record).map(([, value]) => csvField(value)).join(",")
  );
  return new TextEncoder().encode(`${header}\n${lines.join("\n")}\n`);
}

/** A schema with the fields of structs as columns, each under its path, as in {@linkcode csvOf}. */
export function flatSchema({ fields }: Schema, path = ""): Schema {
  return {
    fields: fields.flatMap(({ name, type, ...rest }) =>
      type.kind === "struct"
        ? flatSchema(type, `${path}${name}.`).fields
        : [{ name: path + name, type, ...rest }]
    ),
  };
}
