import { Buffer } from "node:buffer";
import avsc from "avsc";
import { type DataType, type Schema, types as t } from "../../mod.ts";
import type { Random } from "./random.ts";

/** Values of one kind: in Avro, in a column, and for avsc. */
export interface AvroKind {
  readonly avro: unknown;
  readonly column: DataType;
  readonly nullable: boolean;
  /** A value as rows have it. */
  make(random: Random): unknown;
  /** The same for avsc. */
  wire(value: unknown): unknown;
}

const TEXTS = ["", "a", "bee", "é", "日本", "clover field", "x".repeat(17), "y".repeat(40), "𝄞"];

/** A customer as a record of Avro. */
export const CUSTOMER = {
  type: "record",
  name: "Customer",
  fields: [
    { name: "id", type: "string" },
    { name: "age", type: "int" },
    { name: "income", type: "float" },
  ],
};

/** A record of some fields. */
export function record(...fields: object[]): object {
  return { type: "record", name: "R", fields };
}

/** Bytes as avsc takes them. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** avsc with 64-bit integers as `bigint`. */
export const bigLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => a < b ? -1 : a > b ? 1 : 0,
});

/** A type of avsc for a schema. */
export function avscType(schema: unknown): avsc.Type {
  const typeHook = (each: unknown) => {
    const name = typeof each === "object" && each !== null
      ? (each as { type: unknown }).type
      : each;
    return name === "long" ? bigLong : undefined;
  };
  return avsc.Type.forSchema(schema as avsc.Schema, { typeHook });
}

function anyBits(random: Random, most: number): bigint {
  const bits = BigInt(1 + random.below(most));
  const high = BigInt(random.below(2 ** 32)) << 32n;
  return BigInt.asIntN(Number(bits), high | BigInt(random.below(2 ** 32)));
}

function anyInt(random: Random): number {
  return Number(anyBits(random, 32));
}

function anyDouble(random: Random): number {
  if (random.chance(0.1)) return random.pick([0, -0, NaN, Infinity, -Infinity, 5e-324]);
  return (random.next() - 0.5) * 10 ** (random.below(40) - 20);
}

function anyText(random: Random): string {
  return random.chance(0.5) ? random.pick(TEXTS) : `t${random.below(1000)}`;
}

function anyBytes(random: Random, length = random.below(40)): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

/** Two's complement, the highest byte first. */
function decimalBytes(text: unknown, size?: number): Buffer {
  const value = BigInt(String(text).replace(".", ""));
  let bytes = size ?? 1;
  while (size === undefined && BigInt.asIntN(8 * bytes, value) !== value) bytes++;
  const hex = BigInt.asUintN(8 * bytes, value).toString(16).padStart(2 * bytes, "0");
  return Buffer.from(hex, "hex");
}

function anyDecimal(random: Random): string {
  const unscaled = anyBits(random, 40);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(3, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function anyUuid(random: Random): string {
  const hex = anyBytes(random, 16).toHex();
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const same = (value: unknown) => value;
const big = (value: unknown) => BigInt(value as number);
const buffer = (value: unknown) => Buffer.from(value as Uint8Array);

type Made = Omit<AvroKind, "nullable">;
let names = 0;

function simple(random: Random): Made {
  const logical = (type: string, logicalType: string, rest = {}) => ({
    type,
    logicalType,
    ...rest,
  });
  const fixed = (size: number, rest = {}) => ({
    type: "fixed",
    name: `N${names++}`,
    size,
    ...rest,
  });
  const symbols = ["A", "B", "C_1"];
  const time = (r: Random) => r.below(86_400_000);
  const past = (r: Random) => Number(anyBits(r, 44));
  const money = { precision: 14, scale: 2 };
  const all: (() => Made)[] = [
    () => ({ avro: "boolean", column: t.bool, make: (r) => r.chance(0.5), wire: same }),
    () => ({ avro: "int", column: t.i32, make: anyInt, wire: same }),
    () => ({ avro: "long", column: t.i64, make: (r) => anyBits(r, 64), wire: same }),
    () => ({ avro: "long", column: t.f64, make: anyInt, wire: big }),
    () => ({ avro: "float", column: t.f32, make: (r) => Math.fround(anyDouble(r)), wire: same }),
    () => ({ avro: "double", column: t.f64, make: anyDouble, wire: same }),
    () => ({ avro: "string", column: t.utf8, make: anyText, wire: same }),
    () => ({ avro: "string", column: t.dict, make: anyText, wire: same }),
    () => ({ avro: "bytes", column: t.bytes, make: anyBytes, wire: buffer }),
    () => ({ avro: fixed(5), column: t.bytes, make: (r) => anyBytes(r, 5), wire: buffer }),
    () => ({
      avro: { type: "enum", name: `N${names++}`, symbols },
      ...{ column: t.dict, make: (r) => r.pick(symbols), wire: same },
    }),
    () => ({ avro: logical("int", "date"), column: t.date, make: anyInt, wire: same }),
    () => ({ avro: logical("int", "time-millis"), column: t.time, make: time, wire: same }),
    () => ({
      avro: logical("long", "time-micros"),
      ...{ column: t.time, make: time, wire: (v) => big(v) * 1000n },
    }),
    () => ({
      avro: logical("long", "timestamp-millis"),
      column: t.timestamp,
      make: past,
      wire: big,
    }),
    () => ({
      avro: logical("long", "timestamp-micros"),
      ...{ column: t.timestamp, make: past, wire: (v) => big(v) * 1000n },
    }),
    () => ({
      avro: logical("bytes", "decimal", money),
      ...{ column: t.decimal(14, 2), make: anyDecimal, wire: (v) => decimalBytes(v) },
    }),
    () => ({
      avro: fixed(8, { logicalType: "decimal", ...money }),
      ...{ column: t.decimal(14, 2), make: anyDecimal, wire: (v) => decimalBytes(v, 8) },
    }),
    () => ({ avro: logical("string", "uuid"), column: t.utf8, make: anyUuid, wire: same }),
    () => ({
      avro: fixed(16, { logicalType: "uuid" }),
      ...{ column: t.utf8, make: anyUuid },
      wire: (v) => Buffer.from((v as string).replaceAll("-", ""), "hex"),
    }),
  ];
  return random.pick(all)();
}

function optional(random: Random, kind: Made): AvroKind {
  const { avro, column, make, wire } = kind;
  const how = random.below(4);
  if (how < 2) return { ...kind, nullable: false };
  return {
    ...{ avro: how === 2 ? ["null", avro] : [avro, "null"], column, nullable: true },
    make: (r) => r.chance(0.2) ? null : make(r),
    wire: (value) => value === null ? null : wire(value),
  };
}

function nested(random: Random, depth: number): Made {
  const how = random.below(10);
  if (how === 0) {
    const item = optional(random, listable(random));
    return {
      ...{ avro: { type: "array", items: item.avro }, column: t.list(item.column) },
      make: (r) => Array.from({ length: r.below(4) }, () => item.make(r)),
      wire: (items) => (items as unknown[]).map(item.wire),
    };
  }
  if (how === 1) {
    const value = optional(random, listable(random));
    const of = (row: unknown, change: (value: unknown) => unknown) =>
      Object.fromEntries(Object.entries(row as object).map(([key, each]) => [key, change(each)]));
    return {
      ...{ avro: { type: "map", values: value.avro }, column: t.map(value.column) },
      make: (r) =>
        Object.fromEntries(
          ["k", "key2", "日"].filter(() => r.chance(0.4)).map((key) => [key, value.make(r)]),
        ),
      wire: (row) => of(row, value.wire),
    };
  }
  if (how === 2 && depth < 3) {
    const record = anyRecord(random, depth + 1);
    return {
      ...{ avro: record.avro, column: { kind: "struct", fields: record.schema.fields } },
      ...{ make: record.make, wire: (row) => record.wire(row as Record<string, unknown>) },
    };
  }
  return simple(random);
}

/** What lists hold is never a dictionary of its own making. */
function listable(random: Random): Made {
  while (true) {
    const kind = simple(random);
    if (kind.column.kind !== "dict") return kind;
  }
}

/** A record of random fields. */
export interface AvroCase {
  readonly avro: {
    readonly type: "record";
    readonly name: string;
    readonly fields: AvroCaseField[];
  };
  readonly schema: Schema;
  make(random: Random): Record<string, unknown>;
  wire(row: Record<string, unknown>): Record<string, unknown>;
}

/** A field of it. */
export interface AvroCaseField {
  readonly name: string;
  readonly type: unknown;
}

/** A random record. */
export function anyRecord(random: Random, depth = 0): AvroCase {
  const fields = Array.from({ length: 1 + random.below(7) }, (_, at) => ({
    ...{ name: `f${at}`, kind: optional(random, nested(random, depth)) },
  }));
  const each = (change: (kind: AvroKind, name: string) => unknown) =>
    Object.fromEntries(fields.map(({ name, kind }) => [name, change(kind, name)]));
  return {
    avro: {
      ...{ type: "record", name: `N${names++}` },
      fields: fields.map(({ name, kind }) => ({ name, type: kind.avro })),
    },
    schema: {
      fields: fields.map(({ name, kind }) => ({
        ...{ name, type: kind.column },
        ...(kind.nullable ? {} : { nullable: false }),
      })),
    },
    make: (r) => each((kind) => kind.make(r)),
    wire: (row) => each((kind, name) => kind.wire(row[name])),
  };
}
