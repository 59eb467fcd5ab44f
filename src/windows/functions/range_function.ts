import type { DataType } from "../../batch/schema.ts";
import type { AddRow } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { asRowValue } from "./integer_sum_function.ts";
import { PlainStateFunction } from "./plain_state.ts";
import { doublesOf, isNull, numbersOf, validityOf } from "./values.ts";

/** The least or greatest of some values, `null` of none. */
export interface Extreme {
  value: number | bigint | null;
}

function isDouble({ kind }: DataType): boolean {
  return kind === "f64" || kind === "f32";
}

/** The least or the greatest value. */
export class RangeFunction extends PlainStateFunction<Extreme> {
  readonly type: DataType;
  readonly nullable = true;
  readonly #column: number;
  readonly #isLeast: boolean;

  /** Of the column of a type at a position. */
  constructor(column: number, type: DataType, isLeast: boolean) {
    super();
    this.#column = column;
    this.#isLeast = isLeast;
    this.type = type;
  }

  init(): Extreme {
    return { value: null };
  }

  open({ columns }: ColumnBatch): AddRow<Extreme> {
    const column = columns[this.#column];
    const validity = validityOf(column);
    if (isDouble(this.type)) {
      const values = doublesOf(column);
      return (state, row) => isNull(validity, row) ? state : this.#double(state, values[row]);
    }
    const values = numbersOf(column);
    return (state, row) => isNull(validity, row) ? state : this.#integer(state, values[row]);
  }

  /** NaN, once it is there, stays. */
  #double(state: Extreme, value: number): Extreme {
    const before = state.value as number | null;
    if (before === null) state.value = value;
    else state.value = this.#isLeast ? Math.min(before, value) : Math.max(before, value);
    return state;
  }

  #integer(state: Extreme, value: number | bigint): Extreme {
    const before = state.value;
    if (before === null || (this.#isLeast ? value < before : value > before)) state.value = value;
    return state;
  }

  merge(into: Extreme, { value }: Extreme): Extreme {
    if (value === null) return into;
    return isDouble(this.type) ? this.#double(into, value as number) : this.#integer(into, value);
  }

  /** Of doubles never −0, whose order with 0 is chance. */
  result({ value }: Extreme): unknown {
    if (value === null) return null;
    return isDouble(this.type) ? (value as number) + 0 : asRowValue(value, this.type);
  }
}
