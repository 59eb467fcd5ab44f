import type { DataType } from "../../batch/schema.ts";
import { sumInRange } from "../../kernel/window_check.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { isNull, numbersOf, validityOf } from "./values.ts";

/** An exact sum of integers: a small part that is cheap to add to, and the rest. */
export interface IntegerSum {
  count: number;
  /** At most 2⁵³ − 1 from 0, where doubles are exact. */
  small: number;
  large: bigint;
}

function addInteger(state: IntegerSum, value: number | bigint): void {
  if (typeof value === "bigint") {
    state.large += value;
    return;
  }
  const sum = state.small + value;
  if (Number.isSafeInteger(sum)) {
    state.small = sum;
  } else {
    state.large += BigInt(state.small);
    state.small = value;
  }
}

/** An integer as it stands in rows of a type. */
export function asRowValue(value: number | bigint, type: DataType): number | bigint {
  if (type.kind !== "i64") return Number(value);
  if (!type.as) return BigInt(value);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** The exact sum of integers, or their mean, which is rounded once. */
export class IntegerSumFunction implements AggregateFunction<IntegerSum> {
  readonly type: DataType;
  readonly nullable = true;
  readonly #column: number;

  /** Of the column at a position; a mean when `type` is `f64`. */
  constructor(column: number, type: DataType) {
    this.#column = column;
    this.type = type;
  }

  init(): IntegerSum {
    return { count: 0, small: 0, large: 0n };
  }

  open({ columns }: ColumnBatch): AddRow<IntegerSum> {
    const column = columns[this.#column];
    const [values, validity] = [numbersOf(column), validityOf(column)];
    return (state, row) => {
      if (isNull(validity, row)) return state;
      state.count++;
      addInteger(state, values[row]);
      return state;
    };
  }

  merge(into: IntegerSum, from: IntegerSum): IntegerSum {
    into.count += from.count;
    into.large += from.large;
    addInteger(into, from.small);
    return into;
  }

  retract(into: IntegerSum, from: IntegerSum): IntegerSum {
    into.count -= from.count;
    into.large -= from.large;
    addInteger(into, -from.small);
    return into;
  }

  result({ count, small, large }: IntegerSum): number | bigint | null {
    if (count === 0) return null;
    const sum = large === 0n ? small : large + BigInt(small);
    if (this.type.kind === "f64") return Number(sum) / count;
    return asRowValue(typeof sum === "bigint" ? sumInRange(sum) : sum, this.type);
  }

  /** The large part as text: it may have more than the 64 bits that values in snapshots have. */
  save({ count, small, large }: IntegerSum): unknown {
    return { count, small, large: String(large) };
  }

  load(saved: unknown): IntegerSum {
    const { count, small, large } = saved as { count: number; small: number; large: string };
    return { count, small, large: BigInt(large) };
  }
}
