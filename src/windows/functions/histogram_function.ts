import { upperBound } from "../../batch/sorted_numbers.ts";
import type { DataType, Field } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { doublesOf, isNull, validityOf } from "./values.ts";

const COUNT: DataType = { kind: "i64", as: "number" };
const DOUBLE: DataType = { kind: "f64" };

function field(name: string, type: DataType): Field {
  return { name, type, nullable: false };
}

const BIN: DataType = {
  kind: "struct",
  fields: [field("from", DOUBLE), field("to", DOUBLE), field("count", COUNT)],
};

/** How many values there are from one bound up to, and without, the next. */
export class HistogramFunction implements AggregateFunction<Float64Array> {
  readonly type: DataType = {
    kind: "struct",
    fields: [
      field("bins", { kind: "list", item: BIN }),
      ...["below", "above", "nan"].map((name) => field(name, COUNT)),
    ],
  };
  readonly nullable = false;
  readonly #column: number;
  readonly #bounds: Float64Array;

  /** Of the column at a position, with bounds that ascend. */
  constructor(column: number, bounds: readonly number[]) {
    this.#column = column;
    this.#bounds = Float64Array.from(bounds);
  }

  /** Counts below the first bound, from each bound on, and of NaN. */
  init(): Float64Array {
    return new Float64Array(this.#bounds.length + 2);
  }

  open({ columns }: ColumnBatch): AddRow<Float64Array> {
    const column = columns[this.#column];
    const [values, validity] = [doublesOf(column), validityOf(column)];
    return (state, row) => {
      if (!isNull(validity, row)) state[this.#placeOf(values[row])]++;
      return state;
    };
  }

  /** How many bounds are at or below a value; behind all of them NaN. */
  #placeOf(value: number): number {
    const bounds = this.#bounds;
    return Number.isNaN(value) ? bounds.length + 1 : upperBound(bounds, value);
  }

  merge(into: Float64Array, from: Float64Array): Float64Array {
    for (let at = 0; at < into.length; at++) into[at] += from[at];
    return into;
  }

  retract(into: Float64Array, from: Float64Array): Float64Array {
    for (let at = 0; at < into.length; at++) into[at] -= from[at];
    return into;
  }

  result(state: Float64Array): unknown {
    const bounds = this.#bounds;
    const bins = Array.from({ length: bounds.length - 1 }, (_, at) => {
      return { from: bounds[at], to: bounds[at + 1], count: state[at + 1] };
    });
    const { length } = bounds;
    return { bins, below: state[0], above: state[length], nan: state[length + 1] };
  }

  save(state: Float64Array): unknown {
    return [...state];
  }

  load(saved: unknown): Float64Array {
    return Float64Array.from(saved as number[]);
  }
}
