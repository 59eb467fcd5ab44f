import type { DataType } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { type DistinctValue, distinctValues } from "./distinct_values.ts";
import { isNull, validityOf } from "./values.ts";

/** What a {@linkcode CountDistinctFunction} may keep. */
export interface DistinctLimit {
  /** Most different values of a window and key. */
  readonly limit: number;
  /** The error of one more. */
  readonly beyond: () => Error;
}

/** How many different values there are, by keeping them. */
export class CountDistinctFunction implements AggregateFunction<Set<DistinctValue>> {
  readonly type: DataType = { kind: "i64", as: "number" };
  readonly nullable = false;
  readonly grows = true;
  readonly #column: number;
  readonly #limit: DistinctLimit;

  /** Of the column at a position. */
  constructor(column: number, limit: DistinctLimit) {
    this.#column = column;
    this.#limit = limit;
  }

  init(): Set<DistinctValue> {
    return new Set();
  }

  open({ columns }: ColumnBatch): AddRow<Set<DistinctValue>> {
    const column = columns[this.#column];
    const [valueAt, validity] = [distinctValues(column), validityOf(column)];
    return (state, row) => isNull(validity, row) ? state : this.#add(state, valueAt(row));
  }

  #add(state: Set<DistinctValue>, value: DistinctValue): Set<DistinctValue> {
    state.add(value);
    if (state.size > this.#limit.limit) throw this.#limit.beyond();
    return state;
  }

  merge(into: Set<DistinctValue>, from: Set<DistinctValue>): Set<DistinctValue> {
    for (const value of from) this.#add(into, value);
    return into;
  }

  result(state: Set<DistinctValue>): number {
    return state.size;
  }

  save(state: Set<DistinctValue>): unknown {
    return [...state];
  }

  load(saved: unknown): Set<DistinctValue> {
    return new Set(saved as DistinctValue[]);
  }
}
