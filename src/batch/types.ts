/**
 * The column types, short: `import { types as t } from "@waggle/stream"`, then `t.f64`,
 * `t.list(t.utf8)`, `t.struct({ x: t.f64 })`.
 *
 * @module
 */
import type { DataType, Field, Typed, TypedSchema, ValueOf } from "./schema.ts";
import { checkSchema, checkType } from "./schema_check.ts";

export { decimal } from "./schema.ts";

/** True or false. */
export const bool: Typed<{ readonly kind: "bool" }, boolean> = { kind: "bool" };

/** 32-bit integer, a `number` in rows. */
export const i32: Typed<{ readonly kind: "i32" }, number> = { kind: "i32" };

/** 64-bit integer, a `bigint` in rows. */
export const i64: Typed<{ readonly kind: "i64" }, bigint> = { kind: "i64" };

/**
 * 64-bit integer, a `number` in rows. A value beyond 2^53 − 1 (which no safe `number` can put in,
 * but a sum can reach) comes out as a `bigint` rather than as another number.
 */
export const i64AsNumber: Typed<{ readonly kind: "i64"; readonly as: "number" }, number> = {
  kind: "i64",
  as: "number",
};

/** 32-bit float; numbers are rounded to the nearest. */
export const f32: Typed<{ readonly kind: "f32" }, number> = { kind: "f32" };

/** 64-bit float. */
export const f64: Typed<{ readonly kind: "f64" }, number> = { kind: "f64" };

/** Milliseconds since 1970 UTC, a `number` in rows; a `Date` may be put in. */
export const timestamp: Typed<{ readonly kind: "timestamp" }, number> = { kind: "timestamp" };

/** Days since 1970, a `number` in rows; a `Date` at midnight UTC may be put in. */
export const date: Typed<{ readonly kind: "date" }, number> = { kind: "date" };

/** Milliseconds since midnight, 0 to 86,399,999, a `number` in rows. */
export const time: Typed<{ readonly kind: "time" }, number> = { kind: "time" };

/** Text. */
export const utf8: Typed<{ readonly kind: "utf8" }, string> = { kind: "utf8" };

/** Text of few distinct values, stored once each. */
export const dict: Typed<{ readonly kind: "dict" }, string> = { kind: "dict" };

/** Binary, a `Uint8Array` in rows. */
export const bytes: Typed<{ readonly kind: "bytes" }, Uint8Array> = { kind: "bytes" };

/** Any JSON-like value, a tag each; also `bigint`, `Date`, `Uint8Array` and `undefined` within. */
export const mixed: Typed<{ readonly kind: "mixed" }, unknown> = { kind: "mixed" };

/** A list of `item`, an array in rows; items may be null. */
export function list<const T extends DataType>(
  item: T,
): Typed<{ readonly kind: "list"; readonly item: DataType }, (ValueOf<T> | null)[]> {
  const type = { kind: "list", item } as const;
  checkType(type);
  return type;
}

/** String keys to values of `value`, a plain object in rows; values may be null. */
export function map<const T extends DataType>(
  value: T,
): Typed<{ readonly kind: "map"; readonly value: DataType }, Record<string, ValueOf<T> | null>> {
  const type = { kind: "map", value } as const;
  checkType(type);
  return type;
}

/** A field that holds no nulls, for {@linkcode struct} and {@linkcode schema}. */
export interface RequiredField<T extends DataType> {
  /** Its type. */
  readonly required: T;
}

/** Says that a field of a struct or schema holds no nulls. */
export function required<const T extends DataType>(type: T): RequiredField<T> {
  return { required: type };
}

/** The fields of a struct or schema by name. */
export type Fields = Readonly<Record<string, DataType | RequiredField<DataType>>>;

/** The rows of {@linkcode Fields}: each value or null, null-free where {@linkcode required}. */
export type RowOf<F extends Fields> = {
  -readonly [K in keyof F]: F[K] extends RequiredField<infer T> ? ValueOf<T> : ValueOf<F[K]> | null;
};

function toField([name, given]: [string, DataType | RequiredField<DataType>]): Field {
  return "required" in given
    ? { name, type: given.required, nullable: false }
    : { name, type: given };
}

/** Named fields within one column, a plain object in rows. */
export function struct<const F extends Fields>(
  fields: F,
): Typed<{ readonly kind: "struct"; readonly fields: readonly Field[] }, RowOf<F>> {
  const type = { kind: "struct", fields: Object.entries(fields).map(toField) } as const;
  checkType(type);
  return type;
}

/**
 * The schema of a batch, from its column types by name; the rows get their type from it.
 *
 * A name that is a whole number comes first, as in any JavaScript object.
 *
 * @example
 * ```ts
 * import { RecordBatch, schema, types as t } from "@waggle/stream";
 *
 * const readings = schema({ sensor: t.dict, temperature: t.required(t.f64) });
 * const batch = RecordBatch.fromRows([{ sensor: "a", temperature: 20.5 }], { schema: readings });
 * const [{ temperature }] = batch.toRows(); // a number
 * console.log(temperature + 1);
 * ```
 *
 * @throws {TypeError} when nothing can have these columns, for example nesting that is too deep.
 */
export function schema<const F extends Fields>(fields: F): TypedSchema<RowOf<F>> {
  const made = { fields: Object.entries(fields).map(toField) };
  checkSchema(made);
  return made;
}
