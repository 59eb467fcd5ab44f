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

/**
 * The values of the rows where a column is least or greatest, the first of them first. A state is a
 * binary heap with the last of them on top, since each row of a stream that rises is the first so far.
 */
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
      if (!this.#isAmongFirst(state, rank)) return state;
      const kept = { ...rank, rank: keep(rank.rank), value: values.keptAt(row) };
      this.#insert(state, kept);
      return state;
    };
  }

  #isAmongFirst(state: readonly Ranked[], rank: Rank): boolean {
    return state.length < this.#n || this.#outranks(rank, state[0]);
  }

  /** Puts in one that is among the first, in the place of the last of them where there are enough. */
  #insert(state: Ranked[], ranked: Ranked): void {
    if (state.length < this.#n) this.#rise(state, ranked);
    else this.#sink(state, ranked);
  }

  /** Adds one at the heap's end, and moves it up until what is above it comes behind it. */
  #rise(state: Ranked[], ranked: Ranked): void {
    let place = state.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#outranks(state[above], ranked)) break;
      state[place] = state[above];
      place = above;
    }
    state[place] = ranked;
  }

  /** Puts one in the place of the top, and moves it down until what is below it comes before it. */
  #sink(state: Ranked[], ranked: Ranked): void {
    const { length } = state;
    let place = 0;
    for (let below = 1; below < length; below = 2 * place + 1) {
      if (below + 1 < length && this.#outranks(state[below], state[below + 1])) below++;
      if (!this.#outranks(ranked, state[below])) break;
      state[place] = state[below];
      place = below;
    }
    state[place] = ranked;
  }

  merge(into: Ranked[], from: Ranked[]): Ranked[] {
    for (const ranked of from) {
      if (this.#isAmongFirst(into, ranked)) this.#insert(into, ranked);
    }
    return into;
  }

  result(state: Ranked[]): unknown[] {
    const order = (a: Ranked, b: Ranked) => this.#outranks(a, b) ? -1 : 1;
    return state.toSorted(order).map(({ value }) => value);
  }

  save(state: Ranked[]): unknown {
    return [...state];
  }

  load(saved: unknown): Ranked[] {
    return [...saved as Ranked[]];
  }
}
