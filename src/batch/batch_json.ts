import { setOwn } from "./misfit.ts";

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

/** Rows (fresh ones: they are changed) as one JSON array, or as JSON lines. */
export function rowsToJson(rows: object[], lines: boolean): string {
  for (const row of rows) writableObject(row);
  if (!lines) return JSON.stringify(rows);
  let text = "";
  for (const row of rows) text += JSON.stringify(row) + "\n";
  return text;
}
