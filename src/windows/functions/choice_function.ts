import type { DataType } from "../../batch/schema.ts";
import type { AddRow, RowPlaces } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { cellOf, type Edge, isBefore } from "./edge_function.ts";
import { PlainStateFunction } from "./plain_state.ts";
import { isNull, numbersOf, validityOf } from "./values.ts";

/** The chosen value, its row's place, and by what it was chosen. */
export interface Choice extends Edge {
  rank: number | bigint;
}

/** The value of one column in the row where another is least or greatest. */
export class ChoiceFunction extends PlainStateFunction<Choice> {
  readonly type: DataType;
  readonly nullable = true;
  readonly #column: number;
  readonly #by: number;
  readonly #isLeast: boolean;

  /** Of the column of a type at a position, by the one at another. */
  constructor(columns: readonly [of: number, by: number], type: DataType, isLeast: boolean) {
    super();
    [this.#column, this.#by] = columns;
    this.#isLeast = isLeast;
    this.type = type;
  }

  init(): Choice {
    return { value: null, time: 0, partition: 0, position: 0, rank: 0 };
  }

  open({ columns }: ColumnBatch, { times, partition, positions }: RowPlaces): AddRow<Choice> {
    const [of, by] = [columns[this.#column], columns[this.#by]];
    const [values, ranks] = [numbersOf(of), numbersOf(by)];
    const [ofValidity, byValidity] = [validityOf(of), validityOf(by)];
    return (state, row) => {
      if (isNull(ofValidity, row) || isNull(byValidity, row)) return state;
      const place = { time: times[row], partition, position: positions[row] };
      if (!this.#replaces(state, place, ranks[row])) return state;
      return { value: values[row], ...place, rank: ranks[row] };
    };
  }

  #replaces(state: Choice, place: Omit<Edge, "value">, rank: number | bigint): boolean {
    if (state.value === null) return true;
    // NaN, the only value that differs from itself, comes before all others.
    const [isNan, wasNan] = [rank !== rank, state.rank !== state.rank];
    if (isNan !== wasNan) return isNan;
    if (isNan || rank === state.rank) return isBefore(place, state);
    return rank < state.rank === this.#isLeast;
  }

  merge(into: Choice, from: Choice): Choice {
    if (from.value === null) return into;
    return this.#replaces(into, from, from.rank) ? { ...from } : into;
  }

  result({ value }: Choice): unknown {
    return value === null ? null : cellOf(value, this.type);
  }
}
