import { showName } from "./shown_names.ts";
import { INFERENCE_ROWS, MAX_DEPTH } from "./limits.ts";
import { isPlainObject, show } from "./misfit.ts";
import type { DataType, Field, Schema } from "./schema.ts";

/** What kinds of value were seen in one place. */
type Seen = "bool" | "number" | "bigint" | "string" | "date" | "bytes" | "list" | "object";

/** What was seen of one column, struct field or list item so far. */
class Shape {
  readonly kinds: Set<Seen> = new Set();
  whole = true;
  safe = true;
  small = true;
  items: Shape | undefined;
  readonly fields: Map<string, Shape> = new Map();

  field(name: string): Shape {
    let shape = this.fields.get(name);
    if (!shape) this.fields.set(name, shape = new Shape());
    return shape;
  }
}

function kindOf(value: object): Seen | undefined {
  if (Array.isArray(value)) return "list";
  if (value instanceof Date) return "date";
  if (value instanceof Uint8Array) return "bytes";
  return isPlainObject(value) ? "object" : undefined;
}

function observeNumber(shape: Shape, value: number): void {
  shape.kinds.add("number");
  if ((value | 0) === value && !Object.is(value, -0)) return;
  shape.small = false;
  if (!Number.isSafeInteger(value)) shape.safe = false;
  if (!Number.isInteger(value) || Object.is(value, -0)) shape.whole = false;
}

function observe(shape: Shape, value: unknown, path: string, depth: number): void {
  if (value === null || value === undefined) return;
  switch (typeof value) {
    case "number":
      return observeNumber(shape, value);
    case "boolean":
      shape.kinds.add("bool");
      return;
    case "string":
    case "bigint":
      shape.kinds.add(typeof value as "string" | "bigint");
      return;
    case "object":
      return observeObject(shape, value, path, depth);
    default:
      throw cannotInfer(path, value);
  }
}

function observeObject(shape: Shape, value: object, path: string, depth: number): void {
  const kind = kindOf(value);
  if (!kind) throw cannotInfer(path, value);
  if (depth > MAX_DEPTH) {
    throw new TypeError(
      `Cannot infer schema: ${path.slice(0, 80)} … is nested deeper than ${MAX_DEPTH} levels`,
    );
  }
  shape.kinds.add(kind);
  if (kind === "list") {
    shape.items ??= new Shape();
    for (const item of value as unknown[]) observe(shape.items, item, `${path}[]`, depth + 1);
  } else if (kind === "object") {
    for (const key of Object.keys(value)) {
      const inner = (value as Record<string, unknown>)[key];
      observe(shape.field(key), inner, `${path}.${key}`, depth + 1);
    }
  }
}

function cannotInfer(path: string, value: unknown): TypeError {
  return new TypeError(
    `Cannot infer schema: ${path}: no column type holds ${show(value)}; leave it out, or turn it ` +
      `into a plain object, array, string, number, boolean, bigint, Date or Uint8Array`,
  );
}

function numberType(shape: Shape): DataType {
  if (!shape.whole || !shape.safe) return { kind: "f64" };
  return shape.small ? { kind: "i32" } : { kind: "i64", as: "number" };
}

function typeOf(shape: Shape): DataType {
  const [kind] = shape.kinds;
  if (shape.kinds.size !== 1) return { kind: "mixed" };
  switch (kind) {
    case "number":
      return numberType(shape);
    case "bigint":
      return { kind: "i64" };
    case "string":
      return { kind: "utf8" };
    case "date":
      return { kind: "timestamp" };
    case "list":
      return { kind: "list", item: typeOf(shape.items!) };
    case "object":
      return { kind: "struct", fields: fieldsOf(shape) };
    default:
      return { kind };
  }
}

function fieldsOf(shape: Shape): Field[] {
  return Array.from(shape.fields, ([name, field]) => ({ name, type: typeOf(field) }));
}

/**
 * The schema of rows, from the first 1,024 of them.
 *
 * Whole numbers become `i32` if all fit, else `i64` (as `number`) if all are safe, else `f64`, as
 * do numbers with a fraction, NaN, infinities and −0; `bigint` `i64`; strings `utf8`; `Date`
 * `timestamp`; `Uint8Array` `bytes`; arrays `list` and plain objects `struct`, of what all their
 * items and properties are together. Different kinds in one place, or only nulls, become `mixed`.
 * A column is in the schema when any of these rows has it; a row that lacks it has a null there.
 *
 * @throws {TypeError} for a value no column type holds, such as a function or a class instance.
 */
export function inferSchema(rows: readonly object[]): Schema {
  const shape = new Shape();
  const count = Math.min(rows.length, INFERENCE_ROWS);
  for (let at = 0; at < count; at++) {
    const row = rows[at];
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw new TypeError(
        `Cannot infer schema: row ${at} must be an object, received ${show(row)}`,
      );
    }
    for (const key of Object.keys(row)) {
      const value = (row as Record<string, unknown>)[key];
      observe(shape.field(key), value, `row ${at}, column ${showName(key)}`, 2);
    }
  }
  return { fields: fieldsOf(shape) };
}
