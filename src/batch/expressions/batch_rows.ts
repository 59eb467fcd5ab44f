import type { Column } from "../column.ts";
import { readColumn, valueAt } from "../column_reader.ts";
import type { Checked } from "./checked.ts";
import type { Columns } from "./plan.ts";
import { type Conversion, valueOfRow } from "./row_values.ts";
import type { Value } from "./values.ts";

/** Where this share of a column's values was asked for singly, the rest is read at once. */
const SHARE_TO_READ_ALL = 1 / 16;

/** The values of a column in the form in which expressions are evaluated. */
export function columnValues(column: Column): Value[] {
  const values = readColumn(column, { start: 0, end: column.length });
  const convert = valueOfRow(column.type);
  if (convert === undefined) return values;
  return values.map((value) => value === null ? null : convert(value));
}

/** The rows of one batch after the other, for an evaluator whose rows are their numbers. */
export class BatchRows {
  #batch: Columns | undefined;
  #values: (Value[] | undefined)[] = [];
  #asked: number[] = [];

  /** Turns to another batch; without one, lets go of the last. */
  turnTo(batch?: Columns): void {
    if (batch === this.#batch) return;
    this.#batch = batch;
    this.#values = [];
    this.#asked = [];
  }

  /** Reads columns as a whole when their first value is asked for. */
  all(column: Checked): (row: number) => Value {
    const index = column.index!;
    return (row) => (this.#values[index] ??= columnValues(this.#batch!.columns[index]))[row];
  }

  /** Reads single values, and columns as a whole when many are asked for. */
  few(column: Checked): (row: number) => Value {
    const index = column.index!;
    const convert = valueOfRow(column.type);
    return (row) => this.#values[index]?.[row] ?? this.#one(index, { row, convert });
  }

  #one(index: number, { row, convert }: { row: number; convert: Conversion }): Value {
    const column = this.#batch!.columns[index];
    const asked = this.#asked[index] = (this.#asked[index] ?? 0) + 1;
    if (asked > column.length * SHARE_TO_READ_ALL) this.#values[index] ??= columnValues(column);
    const value = valueAt(column, row);
    return value === null || convert === undefined ? value : convert(value);
  }
}
