import type { Column } from "../column.ts";
import { readColumn, valueAt } from "../column_reader.ts";
import type { Checked } from "./checked.ts";
import type { Columns } from "./plan.ts";
import { valueOfRow } from "./row_values.ts";
import type { Value } from "./values.ts";

/** The values of a column in the form in which expressions are evaluated. */
export function columnValues(column: Column): Value[] {
  const values = readColumn(column, { start: 0, end: column.length });
  const convert = valueOfRow(column.type);
  if (convert === undefined) return values;
  return values.map((value) => value === null ? null : convert(value));
}

/** The rows of one batch after the other, for an evaluator whose rows are their numbers. */
export class BatchRows {
  #columns: readonly Column[] = [];
  #values: (Value[] | undefined)[] = [];

  /** Turns to another batch; without one, lets go of the last. */
  turnTo(batch?: Columns): void {
    this.#columns = batch?.columns ?? [];
    this.#values = [];
  }

  /** Reads columns as a whole when their first value is asked for. */
  all(column: Checked): (row: number) => Value {
    const index = column.index!;
    return (row) => {
      this.#values[index] ??= columnValues(this.#columns[index]);
      return this.#values[index]![row];
    };
  }

  /** Reads single values, for the few rows that need it. */
  few(column: Checked): (row: number) => Value {
    const index = column.index!;
    const convert = valueOfRow(column.type);
    return (row) => {
      const value = valueAt(this.#columns[index], row);
      return value === null || convert === undefined ? value : convert(value);
    };
  }
}
