import { makeWritable } from "../../batch/batch_json.ts";
import type { Column } from "../../batch/column.ts";
import { readColumn, type RowRange } from "../../batch/column_reader.ts";

/**
 * The values of a column as JSON texts, as `RecordBatch.toJson()` has them: 64-bit integers in full,
 * bytes as base64. Null is null, and not a text.
 */
export function jsonTexts(column: Column, range: RowRange): (string | null)[] {
  const values = readColumn(column, range);
  makeWritable(column.type, values);
  return values.map((value) =>
    value === null || value === undefined ? null : JSON.stringify(value)
  );
}
