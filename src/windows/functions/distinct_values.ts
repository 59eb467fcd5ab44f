import type { Column } from "../../batch/column.ts";
import type { DataType } from "../../batch/schema.ts";
import { asRowValue } from "./integer_sum_function.ts";
import { cellsOf, numbersOf } from "./values.ts";

/** A value by which a `Map` or `Set` tells it from others as we do. */
export type DistinctValue = number | bigint | string | boolean;

const COMPARABLE: ReadonlySet<string> = new Set([
  ...["bool", "i32", "i64", "f32", "f64", "timestamp", "date", "time", "decimal"],
  ...["utf8", "dict", "bytes"],
]);

/** Whether values of a type can be told from each other: all but lists, structs and the like. */
export function isComparable({ kind }: DataType): boolean {
  return COMPARABLE.has(kind);
}

/** The values of a column, each equal to those that are the same; read when one is asked for. */
export function distinctValues(column: Column): (row: number) => DistinctValue {
  const { type } = column;
  if (type.kind === "bytes") {
    const cells = cellsOf(column);
    return (row) => (cells()[row] as Uint8Array).toHex();
  }
  const read = type.kind === "i64" ? () => numbersOf(column) : cellsOf(column);
  let values: ArrayLike<unknown> | undefined;
  return (row) => (values ??= read())[row] as DistinctValue;
}

/** A value as it stands in rows of a type. */
export function rowValueOf(value: DistinctValue, type: DataType): unknown {
  if (type.kind === "bytes") return Uint8Array.fromHex(value as string);
  // −0 is 0, whichever came first.
  if (typeof value === "number" || typeof value === "bigint") {
    return type.kind === "i64" ? asRowValue(value, type) : Number(value) + 0;
  }
  return value;
}
