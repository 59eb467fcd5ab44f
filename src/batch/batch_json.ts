import { setOwn } from "./misfit.ts";
import type { DataType } from "./schema.ts";

interface RawJson {
  rawJSON(text: string): object;
}

const { rawJSON } = JSON as unknown as RawJson;
const MINUS_ZERO = rawJSON("-0");

/**
 * A value as `JSON.stringify` can write it without loss: 64-bit integers as numbers in full, −0
 * as `-0`, bytes as base64. Arrays and objects, which must be fresh, are changed in place.
 */
function writable(value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
      return rawJSON(String(value));
    case "number":
      return Object.is(value, -0) ? MINUS_ZERO : value;
    case "object":
      return value === null ? null : writableObject(value);
    default:
      return value;
  }
}

function writableObject(value: object): unknown {
  if (value instanceof Uint8Array) return value.toBase64();
  if (value instanceof Date) return value;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = writable(value[at]);
    return value;
  }
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    const made = writable(inner);
    if (made !== inner) setOwn(value, key, made);
  }
  return value;
}

/** Whether values of a type may be such that `JSON.stringify` would lose something of them. */
function needsCare(type: DataType): boolean {
  switch (type.kind) {
    case "bool":
    case "i32":
    case "date":
    case "time":
    case "decimal":
    case "utf8":
    case "dict":
      return false;
    case "list":
      return needsCare(type.item);
    case "map":
      return needsCare(type.value);
    case "struct":
      return type.fields.some((field) => needsCare(field.type));
    default:
      return true;
  }
}

/** Changes the values of a column, which must be fresh, to what `JSON.stringify` writes in full. */
export function makeWritable(type: DataType, values: unknown[]): void {
  if (!needsCare(type)) return;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    const plain = typeof value === "number" && value !== 0 || value === null;
    if (!plain) values[at] = writable(value);
  }
}

/** Rows as one JSON array, or as JSON lines. */
export function rowsToJson(rows: readonly unknown[], lines: boolean): string {
  if (!lines) return JSON.stringify(rows);
  let text = "";
  for (const row of rows) text += JSON.stringify(row) + "\n";
  return text;
}
