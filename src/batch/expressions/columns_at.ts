import { bitmapBytes, countZeros } from "../bitmap.ts";
import type { Column } from "../column.ts";
import type { Columns } from "./plan.ts";
import type { ColumnPath } from "./traits.ts";

/** The column at a path; a part of a struct is null where the struct is. */
export function columnAt(batch: Columns, path: ColumnPath): Column {
  let column = batch.columns[path[0]];
  for (const index of path.slice(1)) column = partOf(column, index);
  return column;
}

function partOf(struct: Column, index: number): Column {
  const part = struct.children![index];
  const { validity } = struct;
  if (validity === undefined || struct.nullCount === 0) return part;
  const both = validity.slice(0, bitmapBytes(part.length));
  if (part.validity !== undefined) {
    for (let at = 0; at < both.length; at++) both[at] &= part.validity[at];
  }
  return { ...part, validity: both, nullCount: countZeros(both, part.length) };
}
