import type { DataType } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { Arrivals } from "./arrivals.ts";
import type { Operand } from "./operand.ts";
import { copyOfState, type UserAggregateShape } from "./user_aggregate.ts";

/** What rows have been folded into, and when the first of them came; −1 of none. */
interface Folded {
  value: unknown;
  first: number;
}

/** Folds values in the order in which they came, the first of them being the start. */
export class FoldFunction implements AggregateFunction<Folded> {
  readonly type: DataType;
  readonly nullable = true;
  readonly #name: string;
  readonly #operand: Operand;
  readonly #fold: (a: unknown, b: unknown) => unknown;
  readonly #arrivals = new Arrivals();

  /** Of an operand. */
  constructor(
    operand: Operand,
    fold: (a: unknown, b: unknown) => unknown,
    { name, type }: UserAggregateShape,
  ) {
    this.type = type;
    this.#name = name;
    this.#operand = operand;
    this.#fold = fold;
  }

  init(): Folded {
    return { value: null, first: -1 };
  }

  open(batch: ColumnBatch): AddRow<Folded> {
    const values = this.#operand.open(batch);
    return (state, row) => {
      if (values.isLeftOut(row)) return state;
      if (state.first < 0) {
        state.first = this.#arrivals.next();
        state.value = values.keptAt(row);
        return state;
      }
      const value = values.valueAt(row);
      const folded = this.#fold(state.value, value);
      state.value = folded === value ? values.keptAt(row) : folded;
      return state;
    };
  }

  /** What came first stays in front. */
  merge(into: Folded, from: Folded): Folded {
    if (from.first < 0) return into;
    if (into.first < 0) return copyOfState(this.#name, from);
    const [a, b] = into.first < from.first ? [into, from] : [from, into];
    // The function may give one of the two back, and changes to it must not be seen elsewhere.
    const value = this.#fold(a.value, b.value);
    return { value: value === from.value ? copyOfState(this.#name, value) : value, first: a.first };
  }

  result({ value }: Folded): unknown {
    return value ?? null;
  }

  save(state: Folded): unknown {
    return copyOfState(this.#name, state);
  }

  load(saved: unknown): Folded {
    const { value, first } = saved as Folded;
    this.#arrivals.after(first);
    return { value, first };
  }
}
