import { isValid } from "../../batch/column_reader.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { encodeRows, NO_SYMBOL } from "../encoding/encode_rows.ts";
import type { ColumnPlan, Encoding } from "../encoding/plans.ts";
import { TrainingDataError } from "../generator_errors.ts";

/** Rows and their symbols. */
export interface KnownRows {
  readonly batch: RecordBatch;
  readonly columns: readonly Uint8Array[];
}

/** Marks the rows of which a column has a value that has no symbol. */
function markUnknown(
  plan: ColumnPlan,
  { batch, columns }: KnownRows,
  unknown: Uint8Array,
): number | undefined {
  let first: number | undefined;
  const column = plan.kind === "null" ? batch.column(plan.field.name) : undefined;
  const variable = plan.kind === "category"
    ? plan.variable
    : plan.kind === "number"
    ? plan.parts[0].variable
    : undefined;
  for (let row = 0; row < batch.length; row++) {
    const isUnknown = variable !== undefined
      ? columns[variable][row] === NO_SYMBOL
      : column !== undefined && isValid(column, row);
    if (!isUnknown) continue;
    first ??= row;
    unknown[row] = 1;
  }
  return first;
}

function unknownError(plan: ColumnPlan, value: unknown, share: string): TrainingDataError {
  const shown = value === null ? "null" : JSON.stringify(String(value));
  return new TrainingDataError(
    `Cannot update generator: ${share} rows have a value that cannot be told, such as ${shown} in ` +
      `column ${JSON.stringify(plan.field.name)}, where no row had one like it; fit a generator ` +
      `anew, or leave such rows out with unknown: "skip"`,
  );
}

/**
 * The rows of which all values have symbols.
 *
 * @throws {TrainingDataError} when there are others and they are not to be skipped, or nothing else.
 */
export function knownRows(
  encoding: Encoding,
  batch: RecordBatch,
  unknown: "fail" | "skip",
): KnownRows {
  const all = { batch, columns: encodeRows(encoding, batch) };
  const marks = new Uint8Array(batch.length);
  let worst: { plan: ColumnPlan; row: number } | undefined;
  for (const plan of encoding.columns) {
    const row = markUnknown(plan, all, marks);
    if (row !== undefined) worst ??= { plan, row };
  }
  if (!worst) return all;
  const kept = Array.from(marks.keys()).filter((row) => marks[row] === 0);
  if (unknown === "fail" || kept.length === 0) {
    const { plan, row } = worst;
    const value = batch.slice(row, row + 1).toRows()[0][plan.field.name];
    throw unknownError(plan, value, `${batch.length - kept.length} of ${batch.length}`);
  }
  const columns = all.columns.map((column) => Uint8Array.from(kept, (row) => column[row]));
  return { batch: batch.take(kept), columns };
}
