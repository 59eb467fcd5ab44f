import type { DataType } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction, RowPlaces } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { type HeldValues, heldValues } from "./held_values.ts";
import type { Operand } from "./operand.ts";
import { type Outranks, type Rank, ranking } from "./ranking.ts";
import { isNull, validityOf } from "./values.ts";

/** A value, and where it stands among others. */
export interface Ranked extends Rank {
  readonly value: unknown;
}

/** By what values are kept, how many of them, and which come first. */
export interface RankRule {
  /** Position of the column. */
  readonly by: number;
  /** Its type. */
  readonly type: DataType;
  readonly n: number;
  readonly isLeast: boolean;
}

/** The values of the rows where a column is least or greatest, the first of them first. */
export class RankedFunction implements AggregateFunction<Ranked[]> {
  readonly type: DataType;
  readonly nullable = false;
  readonly #operand: Operand;
  readonly #by: number;
  readonly #ranks: HeldValues;
  readonly #outranks: Outranks;
  readonly #n: number;

  /** Of an operand. */
  constructor(operand: Operand, { by, type, n, isLeast }: RankRule) {
    this.type = { kind: "list", item: operand.type };
    this.#operand = operand;
    this.#by = by;
    this.#ranks = heldValues(type);
    this.#outranks = ranking(this.#ranks, isLeast);
    this.#n = n;
  }

  init(): Ranked[] {
    return [];
  }

  open(batch: ColumnBatch, { times, partition, positions }: RowPlaces): AddRow<Ranked[]> {
    const values = this.#operand.open(batch);
    const by = batch.columns[this.#by];
    const [ranks, validity] = [this.#ranks.of(by), validityOf(by)];
    const keep = this.#ranks.keeper(by);
    return (state, row) => {
      if (isNull(validity, row) || values.isLeftOut(row)) return state;
      const rank = { time: times[row], partition, position: positions[row], rank: ranks[row] };
      const place = this.#placeOf(state, rank);
      if (place >= this.#n) return state;
      const kept = { ...rank, rank: keep(rank.rank), value: values.keptAt(row) };
      this.#insert(state, place, kept);
      return state;
    };
  }

  /** How many come before it. */
  #placeOf(state: readonly Ranked[], rank: Rank): number {
    let [low, high] = [0, state.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#outranks(rank, state[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #insert(state: Ranked[], place: number, ranked: Ranked): void {
    state.splice(place, 0, ranked);
    if (state.length > this.#n) state.pop();
  }

  merge(into: Ranked[], from: Ranked[]): Ranked[] {
    for (const ranked of from) {
      const place = this.#placeOf(into, ranked);
      // What comes behind it has even more before it.
      if (place >= this.#n) break;
      this.#insert(into, place, ranked);
    }
    return into;
  }

  result(state: Ranked[]): unknown[] {
    return state.map(({ value }) => value);
  }

  save(state: Ranked[]): unknown {
    return [...state];
  }

  load(saved: unknown): Ranked[] {
    return [...saved as Ranked[]];
  }
}
