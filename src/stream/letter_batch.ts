import { RecordBatch } from "../batch/record_batch.ts";

/**
 * A batch of one dead letter. What fits no column comes as text, for a record that could not be
 * processed is often odd in other ways too.
 */
export function letterBatch(letter: object): RecordBatch {
  try {
    return RecordBatch.fromRows([{ ...letter }]);
  } catch {
    return RecordBatch.fromRows([asText(letter)]);
  }
}

function asText(letter: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(letter).map(([name, value]) => [name, isPlain(value) ? value : textOf(value)]),
  );
}

function isPlain(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean" || value === undefined;
}

/** As JSON, which has words for less than a record may hold; never fails. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value.toWellFormed();
  try {
    return (JSON.stringify(value, plainer) ?? String(value)).toWellFormed();
  } catch {
    return Object.prototype.toString.call(value); // a circle, or nested too deep for JSON
  }
}

function plainer(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) {
    return Array.from(value as unknown as Iterable<unknown>);
  }
  if (value instanceof Error) return { name: value.name, message: value.message };
  return value instanceof RegExp ? String(value) : value;
}
