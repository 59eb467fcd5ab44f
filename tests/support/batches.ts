/**
 * Random column types, and rows that fit them as they come out again.
 *
 * @module
 */
import fc from "fast-check";
import nodeAssert from "node:assert/strict";
import type { DataType, Field, Schema } from "@waggle/stream";
import { formatDecimal } from "../../src/batch/decimal.ts";

const MAX_NESTING = 3;
const NAMES = ["a", "b", "c", "d", "__proto__", "constructor", "toString", "0", "ü", ""];
const DAY_MS = 86_400_000;

const simpleType: fc.Arbitrary<DataType> = fc.oneof(
  fc.constantFrom<DataType>(
    { kind: "bool" },
    { kind: "i32" },
    { kind: "i64" },
    { kind: "i64", as: "number" },
    { kind: "f32" },
    { kind: "f64" },
    { kind: "timestamp" },
    { kind: "date" },
    { kind: "time" },
    { kind: "utf8" },
    { kind: "dict" },
    { kind: "bytes" },
    { kind: "mixed" },
  ),
  fc.tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38)).map(([precision, scale]) => ({
    kind: "decimal" as const,
    precision,
    scale: Math.min(scale, precision),
  })),
);

function fieldsOf(depth: number): fc.Arbitrary<Field[]> {
  const field: fc.Arbitrary<Field> = fc.record({
    name: fc.constantFrom(...NAMES),
    type: typeOf(depth),
    nullable: fc.boolean(),
  }).map(({ name, type, nullable }) => nullable ? { name, type } : { name, type, nullable });
  return fc.uniqueArray(field, { maxLength: 4, selector: ({ name }) => name });
}

function typeOf(depth: number): fc.Arbitrary<DataType> {
  if (depth === MAX_NESTING) return simpleType;
  return fc.oneof(
    { weight: 4, arbitrary: simpleType },
    { weight: 1, arbitrary: typeOf(depth + 1).map((item) => ({ kind: "list" as const, item })) },
    { weight: 1, arbitrary: typeOf(depth + 1).map((value) => ({ kind: "map" as const, value })) },
    {
      weight: 1,
      arbitrary: fieldsOf(depth + 1).map((fields) => ({ kind: "struct" as const, fields })),
    },
  );
}

/** Any column type, nested up to three deep. */
export const anyType: fc.Arbitrary<DataType> = typeOf(0);

/** Any schema of up to four columns. */
export const anySchema: fc.Arbitrary<Schema> = fieldsOf(0).map((fields) => ({ fields }));

const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("", "__proto__", "\u{feff}bom", "😀"),
);

const anyMixed: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(undefined, true, false),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    text,
    fc.constant("\ud800"),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 6 }),
    fc.array(fc.oneof(tie("value"), fc.constant(null)), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie("value")), { maxLength: 4 }).map(ownEntries),
  ),
})).value.filter((value) => value !== undefined);

/** An object of entries, where `__proto__` is one like any other. */
export function ownEntries(entries: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(entries);
}

function decimalOf(type: DataType & { kind: "decimal" }): fc.Arbitrary<string> {
  const limit = 10n ** BigInt(type.precision) - 1n;
  return fc.bigInt({ min: -limit, max: limit }).map((n) => formatDecimal(n, type.scale));
}

/** A value of a type, or null. */
export function valueOf(type: DataType): fc.Arbitrary<unknown> {
  return fc.option(presentValueOf(type), { freq: 5 });
}

function presentValueOf(type: DataType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "bool":
      return fc.boolean();
    case "i32":
    case "date":
      return fc.integer();
    case "i64":
      return type.as ? fc.maxSafeInteger() : fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "f32":
      return fc.float();
    case "f64":
      return fc.double();
    case "timestamp":
      return fc.maxSafeInteger();
    case "time":
      return fc.nat(DAY_MS - 1);
    case "decimal":
      return decimalOf(type);
    case "utf8":
      return text;
    case "dict":
      return fc.oneof(fc.constantFrom("x", "y", ""), text);
    case "bytes":
      return fc.uint8Array({ maxLength: 10 });
    case "mixed":
      return anyMixed;
    case "list":
      return fc.array(valueOf(type.item), { maxLength: 5 });
    case "struct":
      return rowOf(type.fields);
    case "map":
      return fc.uniqueArray(fc.tuple(text, valueOf(type.value)), {
        maxLength: 4,
        selector: ([key]) => key,
      }).map(ownEntries);
  }
}

/** A row of these fields, in their order. */
export function rowOf(fields: readonly Field[]): fc.Arbitrary<object> {
  const values = fields.map(({ type, nullable }) =>
    nullable === false ? presentValueOf(type) : valueOf(type)
  );
  return fc.tuple(...values).map((row) =>
    ownEntries(row.map((value, at) => [fields[at].name, value]))
  );
}

/** A schema and rows that fit it. */
export const schemaAndRows: fc.Arbitrary<{ schema: Schema; rows: object[] }> = anySchema.chain(
  (schema) => fc.array(rowOf(schema.fields), { maxLength: 20 }).map((rows) => ({ schema, rows })),
);

/** How often each property runs. */
export const RUNS = 2_000;

/**
 * Checks a property on {@linkcode RUNS} random cases; a failure prints its seed, and the shortest
 * case found.
 */
export function holds<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { numRuns: RUNS });
}

/** Fails unless both are equal to the last bit: −0 is not 0, and undefined is not missing. */
export function assertSame(actual: unknown, expected: unknown): void {
  nodeAssert.deepStrictEqual(actual, expected);
}
