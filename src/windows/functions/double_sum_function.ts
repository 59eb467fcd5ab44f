import type { DataType } from "../../batch/schema.ts";
import type { AddRow } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { PlainStateFunction } from "./plain_state.ts";
import { doublesOf, isNull, validityOf } from "./values.ts";

/** A sum of doubles, and what rounding took from it. */
export interface DoubleSum {
  count: number;
  sum: number;
  compensation: number;
}

/** Neumaier's summation by Knuth's branch-free TwoSum; the kernel does the same in this order. */
function addDouble(state: DoubleSum, value: number, compensation: number): void {
  const before = state.sum;
  const sum = before + value;
  const part = sum - before;
  state.compensation += (before - (sum - part)) + (value - part) + compensation;
  state.sum = sum;
}

/** The compensation means nothing once the sum is infinite or NaN. */
function totalOf({ sum, compensation }: DoubleSum): number {
  return Number.isFinite(sum) && !Number.isNaN(compensation) ? sum + compensation : sum;
}

/** The compensated sum of doubles, or their mean. */
export class DoubleSumFunction extends PlainStateFunction<DoubleSum> {
  readonly type: DataType = { kind: "f64" };
  readonly nullable = true;
  readonly #column: number;
  readonly #isMean: boolean;

  /** Of the column at a position. */
  constructor(column: number, isMean: boolean) {
    super();
    this.#column = column;
    this.#isMean = isMean;
  }

  init(): DoubleSum {
    return { count: 0, sum: 0, compensation: 0 };
  }

  open({ columns }: ColumnBatch): AddRow<DoubleSum> {
    const column = columns[this.#column];
    const [values, validity] = [doublesOf(column), validityOf(column)];
    return (state, row) => {
      if (isNull(validity, row)) return state;
      state.count++;
      addDouble(state, values[row], 0);
      return state;
    };
  }

  merge(into: DoubleSum, from: DoubleSum): DoubleSum {
    into.count += from.count;
    addDouble(into, from.sum, from.compensation);
    return into;
  }

  result(state: DoubleSum): number | null {
    if (state.count === 0) return null;
    return this.#isMean ? totalOf(state) / state.count : totalOf(state);
  }
}
