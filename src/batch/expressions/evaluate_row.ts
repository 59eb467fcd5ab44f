import { getOwn } from "../misfit.ts";
import type { Schema } from "../schema.ts";
import { check, type Scope, type UnknownColumns } from "./check.ts";
import type { Checked } from "./checked.ts";
import { type Clock, evaluatorOf } from "./evaluator.ts";
import type { Expr } from "./expr.ts";
import { inferType, typeSignature } from "./infer_row.ts";
import { columnNames, type ColumnNode } from "./node.ts";
import { acceptField, rowOfValue } from "./row_values.ts";

const MAX_SIGNATURES = 256;

/** Options of {@linkcode evaluateRow}. */
export interface EvaluateRowOptions extends Clock {
  /** The types of the fields. Default: taken from the values of each row. */
  readonly schema?: Schema;
}

/** Options of {@linkcode rowFunction}. */
export interface RowFunctionOptions {
  /** The types of the fields. Default: taken from the values of each row. */
  readonly schema?: Schema;
  /** What a field is that the schema does not have. Default `"error"`; without a schema null. */
  readonly unknownColumns?: UnknownColumns;
}

/** An expression as a function of plain objects. */
export type RowFunction<T> = (row: object, clock?: Clock) => T;

const known = new WeakMap<Expr, RowFunction<unknown>>();

/**
 * The value of an expression for one plain object; a field that is missing or undefined is null.
 *
 * Without a schema the types are those of the row's own values: whole numbers that fit are i32,
 * other numbers f64, bigints i64, a `Date` a timestamp, an object a struct. Since arithmetic of
 * numbers is that of JavaScript, i32 or f64 makes no difference to the result.
 *
 * @throws {TypeError} when an operator does not fit the types.
 * @throws {RangeError} when there is no value, for instance because a cast fails.
 */
export function evaluateRow<T>(
  expression: Expr<T>,
  row: object,
  options: EvaluateRowOptions = {},
): T {
  if (options.schema !== undefined) return rowFunction(expression, options)(row, options);
  let found = known.get(expression);
  if (found === undefined) {
    found = rowFunction(expression);
    known.set(expression, found);
  }
  return found(row, options) as T;
}

/**
 * The expression as a function of plain objects, for many rows: types are checked once for each
 * set of types that rows turn out to have.
 *
 * @throws {TypeError} when a schema is given and the expression does not fit it.
 */
export function rowFunction<T>(
  expression: Expr<T>,
  options: RowFunctionOptions = {},
): RowFunction<T> {
  const { schema, unknownColumns } = options;
  if (schema !== undefined) return prepare(expression, { fields: schema.fields, unknownColumns });
  return untyped(expression);
}

function untyped<T>(expression: Expr<T>): RowFunction<T> {
  const readers = columnNames(expression.node).map(fieldReader);
  const functions = new Map<string, RowFunction<T>>();
  let last: RowFunction<T> | undefined;
  let lastSignature = "";
  return (row, clock) => {
    let signature = "";
    for (const { read } of readers) signature += typeSignature(read(row));
    if (last === undefined || signature !== lastSignature) {
      last = functions.get(signature) ?? prepareFor(expression, row, readers);
      if (functions.size >= MAX_SIGNATURES) functions.clear();
      functions.set(signature, last);
      lastSignature = signature;
    }
    return last(row, clock);
  };
}

/** How the field of a name is read. */
interface FieldReader {
  readonly name: string;
  read(row: object): unknown;
}

// what every object inherits is no field; only names that occur there need a closer look
function fieldReader(name: string): FieldReader {
  if (name in Object.prototype) return { name, read: (row) => getOwn(row, name) };
  return { name, read: (row) => (row as Record<string, unknown>)[name] };
}

function prepareFor<T>(
  expression: Expr<T>,
  row: object,
  readers: readonly FieldReader[],
): RowFunction<T> {
  const fields = readers.map(({ name, read }) => ({ name, type: inferType(read(row)) }));
  return prepare(expression, { fields, unknownColumns: "null" });
}

function prepare<T>(expression: Expr<T>, scope: Scope): RowFunction<T> {
  const checked = check(expression, scope);
  const evaluate = evaluatorOf<object>(checked, fieldAccess);
  const convert = rowOfValue(checked.type);
  return (row, clock = {}) => {
    const value = evaluate(row, clock);
    return (value === null || convert === undefined ? value : convert(value)) as T;
  };
}

function fieldAccess(column: Checked): (row: object) => unknown {
  const { name, read } = fieldReader((column.node as ColumnNode).name);
  const accept = acceptField(name, column.type);
  return (row) => accept(read(row));
}
