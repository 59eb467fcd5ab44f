import { MAX_DEPTH } from "../limits.ts";
import { getOwn, isPlainObject } from "../misfit.ts";
import type { DataType, Field } from "../schema.ts";
import type { ValueType } from "./checked.ts";
import { isI32 } from "./literal.ts";

/**
 * The type of a value of which no schema tells: as constants have it, a `Date` a timestamp, and a
 * plain object a struct. Everything else can only be handed on.
 */
export function inferType(value: unknown, depth = 0): ValueType {
  switch (typeof value) {
    case "boolean":
      return { kind: "bool" };
    case "number":
      return { kind: isI32(value) ? "i32" : "f64" };
    case "bigint":
      return { kind: "i64" };
    case "string":
      return { kind: "utf8" };
  }
  if (value === null || value === undefined) return { kind: "null" };
  if (value instanceof Date) return { kind: "timestamp" };
  if (isPlainObject(value) && depth < MAX_DEPTH) return inferStruct(value, depth);
  return { kind: "mixed" };
}

function inferStruct(value: Record<string, unknown>, depth: number): DataType {
  // within expressions a part may be of the type null, which no column is
  const typeOf = (name: string) => inferType(getOwn(value, name), depth + 1) as DataType;
  const fields = Object.keys(value).map((name): Field => ({ name, type: typeOf(name) }));
  return { kind: "struct", fields };
}

/** What tells rows of one set of types from others, as short as possible for plain values. */
export function typeSignature(value: unknown, depth = 0): string {
  switch (typeof value) {
    case "boolean":
      return "b";
    case "number":
      return isI32(value) ? "i" : "f";
    case "bigint":
      return "l";
    case "string":
      return "s";
  }
  if (value === null || value === undefined) return "n";
  if (value instanceof Date) return "t";
  if (!isPlainObject(value) || depth >= MAX_DEPTH) return "m";
  const parts = Object.keys(value).map((name) =>
    JSON.stringify(name) + typeSignature(getOwn(value, name), depth + 1)
  );
  return `{${parts.join()}}`;
}
