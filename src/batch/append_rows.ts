import type { ColumnBuilder } from "./column_builder.ts";
import { Misfit, rowError, show } from "./misfit.ts";
import { checkNull, type FieldsBuilder } from "./nested_builders.ts";
import type { Field, Schema } from "./schema.ts";

/** Where rows stand, and what they have to be. */
export interface RowsPlace {
  /** The number of the first row, for messages. */
  readonly start: number;
  readonly schema: Schema;
  readonly checksKeys: boolean;
}

/**
 * Appends rows that are objects to the builders of their columns.
 *
 * @throws {TypeError | RangeError} that names the row, where one is none, or does not fit.
 */
export function appendRows(fields: FieldsBuilder, rows: readonly object[], place: RowsPlace): void {
  for (let at = 0; at < rows.length; at++) checkRow(rows[at], place.start + at);
  try {
    if (place.checksKeys) checkKeys(fields, rows);
    place.schema.fields.forEach((field, at) => appendField(fields.builders[at], field, rows));
  } catch (error) {
    throw rowError(error, place.start + (error as Misfit).position);
  }
}

function checkRow(row: unknown, at: number): void {
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return;
  throw new TypeError(`Cannot build batch: row ${at} must be an object, received ${show(row)}`);
}

function checkKeys(fields: FieldsBuilder, rows: readonly object[]): void {
  let at = 0;
  try {
    for (; at < rows.length; at++) fields.checkKeys(rows[at]);
  } catch (error) {
    if (error instanceof Misfit) error.position = at;
    throw error;
  }
}

function appendField(builder: ColumnBuilder, field: Field, rows: readonly object[]): void {
  const values = pluck(rows, field.name);
  try {
    if (field.nullable === false) checkNoNulls(field, values);
    builder.appendAll(values);
  } catch (error) {
    if (error instanceof Misfit) error.path = `.${field.name}${error.path}`;
    throw error;
  }
}

function checkNoNulls(field: Field, values: readonly unknown[]): void {
  for (let at = 0; at < values.length; at++) checkNull(field, values[at], at);
}

/** One property of every row, as the data has it: never one of `Object.prototype`. */
function pluck(rows: readonly object[], name: string): unknown[] {
  const out: unknown[] = [];
  const inherited = name in Object.prototype;
  for (const row of rows) {
    const missing = inherited && !Object.hasOwn(row, name);
    out.push(missing ? undefined : (row as Record<string, unknown>)[name]);
  }
  return out;
}

/**
 * Rows that can be gone over.
 *
 * @throws {TypeError} when they cannot.
 */
export function checkedIterable<T>(rows: Iterable<T>): Iterable<T> {
  if (typeof Object(rows)[Symbol.iterator] === "function") return rows;
  throw new TypeError(
    `Cannot build batch: rows must be an array or another iterable of objects, received ${
      show(rows)
    }`,
  );
}
