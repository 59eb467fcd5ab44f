import type { DataType } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { Arrivals, type Arrived, mergeArrived } from "./arrivals.ts";
import type { Operand } from "./operand.ts";

/** What a {@linkcode RowsFunction} does beside keeping values. */
export interface RowsRule {
  /** Type of the result. */
  readonly type: DataType;
  /** Whether the result can be null. */
  readonly nullable: boolean;
  /** Most values that are kept. */
  readonly limit: number;
  /** What happens to one more: an error, or nothing. */
  readonly beyond?: () => Error;
  /** The result of all values that were kept, in the order in which they came; the list is its. */
  readonly result: (values: unknown[]) => unknown;
}

/** Keeps values in the order in which they came, and makes a result of them at the end. */
export class RowsFunction implements AggregateFunction<Arrived> {
  readonly type: DataType;
  readonly nullable: boolean;
  readonly grows = true;
  readonly #operand: Operand;
  readonly #rule: RowsRule;
  readonly #arrivals = new Arrivals();

  /** Of an operand. */
  constructor(operand: Operand, rule: RowsRule) {
    this.type = rule.type;
    this.nullable = rule.nullable;
    this.#operand = operand;
    this.#rule = rule;
  }

  init(): Arrived {
    return this.#arrivals.none();
  }

  open(batch: ColumnBatch): AddRow<Arrived> {
    const values = this.#operand.open(batch);
    const { limit, beyond } = this.#rule;
    return (state, row) => {
      if (values.isLeftOut(row)) return state;
      if (state.values.length < limit) this.#arrivals.add(state, values.keptAt(row));
      else if (beyond) throw beyond();
      return state;
    };
  }

  merge(into: Arrived, from: Arrived): Arrived {
    const { limit, beyond } = this.#rule;
    const { values, order } = mergeArrived(into, from);
    if (beyond && values.length > limit) throw beyond();
    return { values: values.slice(0, limit), order: order.slice(0, limit) };
  }

  result({ values }: Arrived): unknown {
    return this.#rule.result([...values]);
  }

  save({ values, order }: Arrived): unknown {
    return { values: [...values], order: [...order] };
  }

  load(saved: unknown): Arrived {
    return this.#arrivals.load(saved);
  }
}
