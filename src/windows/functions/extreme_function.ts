import type { DataType } from "../../batch/schema.ts";
import type { AddRow } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { type Compare, type HeldValues, heldValues } from "./held_values.ts";
import { plainType } from "./plain_type.ts";
import { PlainStateFunction } from "./plain_state.ts";
import { isNull, validityOf } from "./values.ts";

/** The least or greatest of some values, `null` of none. */
export interface ExtremeValue {
  value: unknown;
}

/** The least or the greatest of values that have an order and are no numbers. */
export class ExtremeFunction extends PlainStateFunction<ExtremeValue> {
  readonly type: DataType;
  readonly nullable = true;
  readonly #column: number;
  readonly #held: HeldValues;
  readonly #compare: Compare;
  readonly #isLeast: boolean;

  /** Of the column of a type at a position. */
  constructor(column: number, type: DataType, isLeast: boolean) {
    super();
    const { compare } = this.#held = heldValues(type);
    if (!compare) throw new TypeError(`Cannot compare values of ${type.kind}: they have no order`);
    this.#compare = compare;
    this.#column = column;
    this.#isLeast = isLeast;
    this.type = plainType(type);
  }

  init(): ExtremeValue {
    return { value: null };
  }

  open({ columns }: ColumnBatch): AddRow<ExtremeValue> {
    const column = columns[this.#column];
    const [values, validity] = [this.#held.of(column), validityOf(column)];
    const keep = this.#held.keeper(column);
    return (state, row) => {
      if (isNull(validity, row)) return state;
      const value = values[row];
      if (this.#replaces(state, value)) state.value = keep(value);
      return state;
    };
  }

  #replaces({ value }: ExtremeValue, next: unknown): boolean {
    if (value === null) return true;
    if (value === next) return false;
    const order = this.#compare(next, value);
    return this.#isLeast ? order < 0 : order > 0;
  }

  merge(into: ExtremeValue, { value }: ExtremeValue): ExtremeValue {
    if (value !== null && this.#replaces(into, value)) into.value = value;
    return into;
  }

  result({ value }: ExtremeValue): unknown {
    return value === null ? null : this.#held.cell(value);
  }
}
