import type { DataType } from "../../batch/schema.ts";
import type { AddRow, RowPlaces } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import type { Edge } from "./edge_function.ts";
import { type HeldValues, heldValues } from "./held_values.ts";
import { PlainStateFunction } from "./plain_state.ts";
import { plainType } from "./plain_type.ts";
import { type Outranks, type Rank, ranking } from "./ranking.ts";
import { isNull, validityOf } from "./values.ts";

/** The chosen value, its row's place, and by what it was chosen. */
export interface Choice extends Edge, Rank {}

/** The value of one column in the row where another is least or greatest. */
export class ChoiceFunction extends PlainStateFunction<Choice> {
  readonly type: DataType;
  readonly nullable = true;
  readonly #column: number;
  readonly #by: number;
  readonly #held: HeldValues;
  readonly #ranks: HeldValues;
  readonly #outranks: Outranks;

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
    this.#outranks = ranking(this.#ranks, isLeast);
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
      const next = { time: times[row], partition, position: positions[row], rank: ranks[row] };
      if (!this.#replaces(state, next)) return state;
      return { value: keep(values[row]), ...next, rank: keepRank(next.rank) };
    };
  }

  #replaces(state: Choice, next: Rank): boolean {
    return state.value === null || this.#outranks(next, state);
  }

  merge(into: Choice, from: Choice): Choice {
    if (from.value === null) return into;
    return this.#replaces(into, from) ? { ...from } : into;
  }

  result({ value }: Choice): unknown {
    return value === null ? null : this.#held.cell(value);
  }
}
