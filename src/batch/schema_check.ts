import { MAX_DEPTH } from "./limits.ts";
import { type DataType, decimal, type Field, type Schema } from "./schema.ts";

const SIMPLE_KINDS: ReadonlySet<string> = new Set([
  "bool",
  "i32",
  "i64",
  "f32",
  "f64",
  "timestamp",
  "date",
  "time",
  "utf8",
  "dict",
  "bytes",
  "mixed",
]);
const checked = new WeakSet<Schema>();

/** A type as error messages and `Deno.inspect` show it: `list<f64>`, `decimal(10, 2)`. */
export function typeName(type: DataType): string {
  switch (type.kind) {
    case "i64":
      return type.as ? "i64 as number" : "i64";
    case "decimal":
      return `decimal(${type.precision}, ${type.scale})`;
    case "list":
      return `list<${typeName(type.item)}>`;
    case "map":
      return `map<${typeName(type.value)}>`;
    case "struct":
      return `struct<${type.fields.map(fieldName).join(", ")}>`;
    default:
      return type.kind;
  }
}

/** A field as error messages show it: `temperature: f64`, with ` not null` where it is so. */
export function fieldName({ name, type, nullable }: Field): string {
  return `${name}: ${typeName(type)}${nullable === false ? " not null" : ""}`;
}

/**
 * Checks that a type is well formed and not nested deeper than {@linkcode MAX_DEPTH}.
 *
 * @throws {TypeError} saying what is wrong.
 */
export function checkType(type: DataType, depth = 1): void {
  if (depth > MAX_DEPTH) {
    throw new TypeError(`Cannot use type: nested deeper than ${MAX_DEPTH} levels; flatten it`);
  }
  switch (type?.kind) {
    case "decimal":
      decimal(type.precision, type.scale);
      return;
    case "list":
      return checkType(type.item, depth + 1);
    case "map":
      return checkType(type.value, depth + 2);
    case "struct":
      return checkFields(type.fields, depth + 1);
  }
  if (!SIMPLE_KINDS.has(type?.kind)) {
    throw new TypeError(`Cannot use type: unknown kind ${JSON.stringify(type?.kind)}`);
  }
}

function checkFields(fields: readonly Field[], depth: number): void {
  if (!Array.isArray(fields)) throw new TypeError("Cannot use schema: fields must be an array");
  const names = new Set<string>();
  for (const field of fields) {
    if (typeof field?.name !== "string" || !field.name.isWellFormed()) {
      throw new TypeError(
        `Cannot use schema: a field's name must be a well-formed string, received ` +
          JSON.stringify(field?.name),
      );
    }
    if (names.has(field.name)) {
      throw new TypeError(`Cannot use schema: two fields are named ${JSON.stringify(field.name)}`);
    }
    names.add(field.name);
    checkType(field.type, depth);
  }
}

/**
 * Checks a schema once: every type well formed, names distinct, nesting bounded.
 *
 * @throws {TypeError} saying what is wrong.
 */
export function checkSchema(schema: Schema): void {
  if (checked.has(schema)) return;
  checkFields(schema.fields, 1);
  checked.add(schema);
}

/** Whether two types are the same in all their parts, the way i64 stands in rows included. */
export function sameType(a: DataType, b: DataType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case "i64":
      return b.kind === a.kind && a.as === b.as;
    case "decimal":
      return b.kind === a.kind && a.precision === b.precision && a.scale === b.scale;
    case "list":
      return b.kind === a.kind && sameType(a.item, b.item);
    case "map":
      return b.kind === a.kind && sameType(a.value, b.value);
    case "struct":
      return b.kind === a.kind && sameFields(a.fields, b.fields);
    default:
      return true;
  }
}

/** Whether two lists of fields have the same names and types in the same order. */
export function sameFields(a: readonly Field[], b: readonly Field[]): boolean {
  return a === b ||
    a.length === b.length &&
      a.every(({ name, type }, at) => name === b[at].name && sameType(type, b[at].type));
}
