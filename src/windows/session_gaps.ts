import { MAX_TIMESTAMP_MS } from "../batch/time_range.ts";
import type { KernelColumn } from "../kernel/window_types.ts";

const GAP_KINDS: ReadonlySet<string> = new Set(["i32", "i64", "f32", "f64"]);

/** Whether columns of a kind can give gaps. */
export function isGapKind(kind: string): boolean {
  return GAP_KINDS.has(kind);
}

function isNull({ validity }: KernelColumn, row: number): boolean {
  return validity !== undefined && ((validity[row >> 3] >> (row & 7)) & 1) === 0;
}

/** The gap of each row, in whole milliseconds; 0 where there is none of at least one. */
export function gapsOf(column: KernelColumn, length: number): Float64Array {
  const values = column.values!;
  return Float64Array.from({ length }, (_, row) => {
    const gap = isNull(column, row) ? 0 : Math.floor(Number(values[row]));
    return gap >= 1 && gap < Infinity ? Math.min(gap, MAX_TIMESTAMP_MS) : 0;
  });
}
