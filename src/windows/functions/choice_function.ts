import type { DataType } from "../../batch/schema.ts";
import type { AddRow, RowPlaces } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { type Edge, isBefore } from "./edge_function.ts";
import { type HeldValues, heldValues } from "./held_values.ts";
import { PlainStateFunction } from "./plain_state.ts";
import { plainType } from "./plain_type.ts";
import { isNull, validityOf } from "./values.ts";

/** The chosen value, its row's place, and by what it was chosen. */
export interface Choice extends Edge {
  rank: unknown;
}

/** The value of one column in the row where another is least or greatest. */
export class ChoiceFunction extends PlainStateFunction<Choice> {
  readonly type: DataType;
  readonly nullable = true;
  readonly #column: number;
  readonly #by: number;
  readonly #held: HeldValues;
  readonly #ranks: HeldValues;
  readonly #isLeast: boolean;

  /** Of the column of a type at a position, by the one at another. */
  constructor(
    columns: readonly [of: number, by: number],
    types: Readonly<Record<"of" | "by", DataType>>,
    isLeast: boolean,
  ) {
    super();
    [this.#column, this.#by] = columns;
    this.#held = heldValues(types.of);
    this.#ranks = heldValues(types.by);
    this.#isLeast = isLeast;
    this.type = plainType(types.of);
  }

  init(): Choice {
    return { value: null, time: 0, partition: 0, position: 0, rank: 0 };
  }

  open({ columns }: ColumnBatch, { times, partition, positions }: RowPlaces): AddRow<Choice> {
    const [of, by] = [columns[this.#column], columns[this.#by]];
    const [values, ranks] = [this.#held.of(of), this.#ranks.of(by)];
    const [ofValidity, byValidity] = [validityOf(of), validityOf(by)];
    const [keep, keepRank] = [this.#held.keeper(of), this.#ranks.keeper(by)];
    return (state, row) => {
      if (isNull(ofValidity, row) || isNull(byValidity, row)) return state;
      const place = { time: times[row], partition, position: positions[row] };
      if (!this.#replaces(state, place, ranks[row])) return state;
      return { value: keep(values[row]), ...place, rank: keepRank(ranks[row]) };
    };
  }

  #replaces(state: Choice, place: Omit<Edge, "value">, rank: unknown): boolean {
    if (state.value === null) return true;
    const { compare } = this.#ranks;
    if (compare) {
      const order = compare(rank, state.rank);
      return order === 0 ? isBefore(place, state) : order < 0 === this.#isLeast;
    }
    return this.#replacesNumber(state, place, rank as number);
  }

  #replacesNumber(state: Choice, place: Omit<Edge, "value">, rank: number): boolean {
    const before = state.rank as number;
    // NaN, the only value that differs from itself, comes before all others.
    const [isNan, wasNan] = [rank !== rank, before !== before];
    if (isNan !== wasNan) return isNan;
    if (isNan || rank === before) return isBefore(place, state);
    return rank < before === this.#isLeast;
  }

  merge(into: Choice, from: Choice): Choice {
    if (from.value === null) return into;
    return this.#replaces(into, from, from.rank) ? { ...from } : into;
  }

  result({ value }: Choice): unknown {
    return value === null ? null : this.#held.cell(value);
  }
}
