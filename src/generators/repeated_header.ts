import type { Column } from "../batch/column.ts";
import { isValid, valueAt } from "../batch/column_reader.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import { isText } from "./encoding/column_values.ts";

/** Fewer columns may have their names as a value. */
const FEWEST_COLUMNS = 2;

/** Whether a row has this text, by its length first where that tells. */
function has({ offsets }: Column, row: number, bytes: number): boolean {
  return offsets === undefined || offsets[row + 1] - offsets[row] === bytes;
}

/**
 * The first row that has the name of every column as its value, as a header has that stands within a
 * file; −1 when there is none.
 */
export function repeatedHeader({ names, columns, length }: RecordBatch): number {
  if (names.length < FEWEST_COLUMNS || !columns.every(({ type }) => isText(type))) return -1;
  const [first] = columns;
  const bytes = new TextEncoder().encode(names[0]).length;
  for (let row = 0; row < length; row++) {
    if (!has(first, row, bytes)) continue;
    const isHeader = columns.every((column, at) =>
      isValid(column, row) && valueAt(column, row) === names[at]
    );
    if (isHeader) return row;
  }
  return -1;
}
