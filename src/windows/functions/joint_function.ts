import type { DataType } from "../../batch/schema.ts";
import { correlationOf, covarianceOf } from "../../kernel/window_pairs.ts";
import type { AddRow } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { PlainStateFunction } from "./plain_state.ts";
import { doublesOf, isNull, validityOf } from "./values.ts";

/** Number of rows, both means, and the sums of squared differences and of their products. */
export interface JointMoments {
  count: number;
  xMean: number;
  yMean: number;
  xSquares: number;
  ySquares: number;
  products: number;
}

/** Sample covariance, or Pearson's correlation (Welford's update in two variables). */
export class JointFunction extends PlainStateFunction<JointMoments> {
  readonly type: DataType = { kind: "f64" };
  readonly nullable = true;
  readonly #x: number;
  readonly #y: number;
  readonly #isCovariance: boolean;

  /** Of the columns at two positions. */
  constructor(columns: readonly [x: number, y: number], isCovariance: boolean) {
    super();
    [this.#x, this.#y] = columns;
    this.#isCovariance = isCovariance;
  }

  init(): JointMoments {
    return { count: 0, xMean: 0, yMean: 0, xSquares: 0, ySquares: 0, products: 0 };
  }

  open({ columns }: ColumnBatch): AddRow<JointMoments> {
    const [x, y] = [columns[this.#x], columns[this.#y]];
    const [xs, ys] = [doublesOf(x), doublesOf(y)];
    const [xValidity, yValidity] = [validityOf(x), validityOf(y)];
    return (state, row) => {
      if (isNull(xValidity, row) || isNull(yValidity, row)) return state;
      const [dx, dy] = [xs[row] - state.xMean, ys[row] - state.yMean];
      state.count++;
      state.xMean += dx / state.count;
      state.yMean += dy / state.count;
      state.xSquares += dx * (xs[row] - state.xMean);
      state.ySquares += dy * (ys[row] - state.yMean);
      state.products += dx * (ys[row] - state.yMean);
      return state;
    };
  }

  /** Chan, Golub and LeVeque's pairwise update, of two variables. */
  merge(into: JointMoments, from: JointMoments): JointMoments {
    if (from.count === 0) return into;
    if (into.count === 0) return { ...from };
    const count = into.count + from.count;
    const share = from.count / count;
    const weight = into.count * share;
    const [dx, dy] = [from.xMean - into.xMean, from.yMean - into.yMean];
    into.count = count;
    into.xMean += dx * share;
    into.yMean += dy * share;
    into.xSquares += from.xSquares + dx * dx * weight;
    into.ySquares += from.ySquares + dy * dy * weight;
    into.products += from.products + dx * dy * weight;
    return into;
  }

  result(state: JointMoments): number | null {
    return this.#isCovariance ? covarianceOf(state) : correlationOf(state);
  }
}
