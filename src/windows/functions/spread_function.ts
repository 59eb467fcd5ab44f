import type { DataType } from "../../batch/schema.ts";
import type { Spread } from "../../kernel/window_layout.ts";
import type { AddRow } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { PlainStateFunction } from "./plain_state.ts";
import { doublesOf, isNull, validityOf } from "./values.ts";

/** Number of values, their mean, and the sum of their squared differences from it. */
export interface Moments {
  count: number;
  mean: number;
  squares: number;
}

/** A variance or standard deviation (Welford, merged by Chan, Golub and LeVeque). */
export class SpreadFunction extends PlainStateFunction<Moments> {
  readonly type: DataType = { kind: "f64" };
  readonly nullable = true;
  readonly #column: number;
  readonly #spread: Spread;

  /** Of the column at a position. */
  constructor(column: number, spread: Spread) {
    super();
    this.#column = column;
    this.#spread = spread;
  }

  init(): Moments {
    return { count: 0, mean: 0, squares: 0 };
  }

  open({ columns }: ColumnBatch): AddRow<Moments> {
    const column = columns[this.#column];
    const [values, validity] = [doublesOf(column), validityOf(column)];
    return (state, row) => {
      if (isNull(validity, row)) return state;
      const delta = values[row] - state.mean;
      state.mean += delta / ++state.count;
      state.squares += delta * (values[row] - state.mean);
      return state;
    };
  }

  merge(into: Moments, from: Moments): Moments {
    if (from.count === 0) return into;
    if (into.count === 0) return { ...from };
    const count = into.count + from.count;
    const share = from.count / count;
    const delta = from.mean - into.mean;
    into.mean += delta * share;
    into.squares += from.squares + delta * delta * (into.count * share);
    into.count = count;
    return into;
  }

  result({ count, squares }: Moments): number | null {
    const { less, root } = this.#spread;
    if (count <= less) return null;
    const variance = squares / (count - less);
    return root ? Math.sqrt(variance) : variance;
  }
}
