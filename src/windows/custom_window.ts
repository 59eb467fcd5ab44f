import type { WindowBounds } from "./window_offset.ts";
/** Says which windows hold a row; none: `[]`. */
export type AssignWindows<Row = Record<string, unknown>> = (
  time: number,
  row: Row,
) => readonly WindowBounds[];
