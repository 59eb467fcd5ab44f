import type { DataType } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { isNull, validityOf } from "./values.ts";

/** How many rows there are, or values that are not null. */
export class CountFunction implements AggregateFunction<number> {
  readonly type: DataType = { kind: "i64", as: "number" };
  readonly nullable = false;
  readonly #column: number | undefined;

  /** A count of the values of a column, or of rows. */
  constructor(column?: number) {
    this.#column = column;
  }

  init(): number {
    return 0;
  }

  open(batch: ColumnBatch): AddRow<number> {
    const column = this.#column;
    const validity = column === undefined ? undefined : validityOf(batch.columns[column]);
    if (validity === undefined) return (count) => count + 1;
    return (count, row) => isNull(validity, row) ? count : count + 1;
  }

  merge(into: number, from: number): number {
    return into + from;
  }

  retract(into: number, from: number): number {
    return into - from;
  }

  result(count: number): number {
    return count;
  }

  save(count: number): number {
    return count;
  }

  load(saved: unknown): number {
    return saved as number;
  }
}
