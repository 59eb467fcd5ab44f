import type { Schema, TypedSchema } from "../schema.ts";
import { Expr, toExpr } from "./expr.ts";
import type { ExprValue, Operand, StrictOf } from "./expr_types.ts";
import type { Literal } from "./literal.ts";

/**
 * The column, or the object's field, of that name; null where an object has no such field.
 *
 * @example
 * ```ts
 * import { col } from "@waggle/stream";
 *
 * const hot = col("temperature").gt(30);
 * ```
 */
export function col<T = unknown>(name: string): Expr<T> {
  if (typeof name !== "string") {
    throw new TypeError(`Cannot make expression: col() takes a name, received ${String(name)}`);
  }
  return new Expr<T>({ op: "col", name });
}

/** The columns of a schema as expressions, typed where the schema's rows are. */
export function columns<Row = Record<string, unknown>>(
  schema: TypedSchema<Row> | Schema,
): { readonly [K in keyof Row]: Expr<Row[K]> } {
  const all = schema.fields.map(({ name }) => [name, col(name)] as const);
  return Object.fromEntries(all) as { readonly [K in keyof Row]: Expr<Row[K]> };
}

/**
 * A constant. A whole number that fits is i32, any other number f64; a bigint is i64, a `Date` a
 * timestamp. Operators take constants as they are, so this is for where a constant comes first.
 *
 * @throws {TypeError} when `value` is none of these.
 * @throws {RangeError} when a bigint does not fit 64 bits, or a `Date` is invalid.
 */
export function lit<const T extends Literal>(value: T): Expr<ExprValue<T>> {
  return toExpr(value) as Expr<ExprValue<T>>;
}

/** The clock value that whoever evaluates the expression gives, as a timestamp. */
export function now(): Expr<number> {
  return new Expr<number>({ op: "now" });
}

/** What `coalesce` yields: null only when each of its values may be null. */
export type CoalesceOf<A extends readonly Operand[]> = true extends
  { [K in keyof A]: null extends ExprValue<A[K]> ? false : true }[number]
  ? NonNullable<ExprValue<A[number]>>
  : ExprValue<A[number]>;

/** The first of the values that is not null; those behind it are not looked at. */
export function coalesce<const A extends readonly Operand[]>(...values: A): Expr<CoalesceOf<A>> {
  const all = atLeastOne("coalesce", values);
  return new Expr<CoalesceOf<A>>({ op: "coalesce", args: all.map((e) => e.node) }, all);
}

/** The strings one after the other; null when one of them is. */
export function concat<const A extends readonly Operand[]>(
  ...parts: A
): Expr<StrictOf<string, ExprValue<A[number]>>> {
  const all = atLeastOne("concat", parts);
  return new Expr<StrictOf<string, ExprValue<A[number]>>>(
    { op: "concat", args: all.map((e) => e.node) },
    all,
  );
}

/**
 * An object of named values. Its field `__proto__` is an own property like any other.
 *
 * @example
 * ```ts
 * import { col, evaluateRow, struct } from "@waggle/stream";
 *
 * const value = col<number>("value");
 * const row = struct({ original: value, doubled: value.mul(2), squared: value.mul(value) });
 * console.log(evaluateRow(row, { value: 3 })); // { original: 3, doubled: 6, squared: 9 }
 * ```
 */
export function struct<const F extends Readonly<Record<string, Operand>>>(
  fields: F,
): Expr<{ -readonly [K in keyof F]: ExprValue<F[K]> }> {
  const names = Object.keys(fields);
  const all = names.map((name) => toExpr(fields[name]));
  return new Expr<{ -readonly [K in keyof F]: ExprValue<F[K]> }>(
    { op: "struct", names: names.map((name) => name.toWellFormed()), args: all.map((e) => e.node) },
    all,
  );
}

function atLeastOne(name: string, values: readonly Operand[]): Expr[] {
  if (values.length === 0) {
    throw new TypeError(`Cannot make expression: ${name}() takes at least one value`);
  }
  return values.map(toExpr);
}
