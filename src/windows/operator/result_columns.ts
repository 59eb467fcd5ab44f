import type { Column } from "../../batch/column.ts";
import { columnBuilder } from "../../batch/nested_builders.ts";
import type { Field } from "../../batch/schema.ts";

/** A bound as it is gathered; the longest windows reach further than numbers are exact. */
export function boundOf(time: number): number | bigint | null {
  if (Number.isSafeInteger(time)) return time;
  return Number.isFinite(time) ? BigInt(time) : null;
}

/** Timestamps of events are not that far away, but bounds of windows may be. */
export function boundsOf({ name, type }: Field, values: readonly unknown[]): Column {
  return { ...columnOf({ name, type: { kind: "i64" }, nullable: true }, values), type };
}

/**
 * A column of results.
 *
 * @throws {TypeError} when the type cannot hold what an aggregate gave.
 */
export function columnOf({ name, type }: Field, values: readonly unknown[]): Column {
  // A result may have more keys than a dictionary would have entries by default.
  const builder = columnBuilder(type, { maxDictionary: values.length + 1 });
  try {
    builder.appendAll(values);
  } catch (cause) {
    throw new TypeError(
      `Cannot give results: column ${JSON.stringify(name)} cannot hold one: ${
        (cause as Error).message
      }`,
      { cause },
    );
  }
  return builder.finish();
}
