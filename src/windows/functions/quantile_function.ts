import type { DataType } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { DdSketch, type SavedSketch } from "./dd_sketch.ts";
import { doublesOf, isNull, validityOf } from "./values.ts";

const DOUBLE: DataType = { kind: "f64" };

/** One quantile, or several of one sketch. */
export class QuantileFunction implements AggregateFunction<DdSketch> {
  readonly type: DataType;
  readonly nullable = true;
  readonly #column: number;
  readonly #quantiles: readonly number[];
  readonly #isOne: boolean;

  /** Of the column at a position. */
  constructor(column: number, quantiles: readonly number[], isOne: boolean) {
    this.#column = column;
    this.#quantiles = quantiles;
    this.#isOne = isOne;
    this.type = isOne ? DOUBLE : { kind: "list", item: DOUBLE };
  }

  init(): DdSketch {
    return new DdSketch();
  }

  open({ columns }: ColumnBatch): AddRow<DdSketch> {
    const column = columns[this.#column];
    const [values, validity] = [doublesOf(column), validityOf(column)];
    return (state, row) => {
      if (!isNull(validity, row)) state.add(values[row]);
      return state;
    };
  }

  merge(into: DdSketch, from: DdSketch): DdSketch {
    into.merge(from);
    return into;
  }

  result(state: DdSketch): unknown {
    if (state.count === 0 && !state.hasNan) return null;
    const found = this.#quantiles.map((q) => state.hasNan ? NaN : state.quantile(q));
    return this.#isOne ? found[0] : found;
  }

  save(state: DdSketch): unknown {
    return state.save();
  }

  load(saved: unknown): DdSketch {
    return DdSketch.load(saved as SavedSketch);
  }
}
