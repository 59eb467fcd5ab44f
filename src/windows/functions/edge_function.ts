import type { DataType } from "../../batch/schema.ts";
import type { AddRow, RowPlaces } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { type HeldValues, heldValues } from "./held_values.ts";
import { PlainStateFunction } from "./plain_state.ts";
import { plainType } from "./plain_type.ts";
import { isNull, validityOf } from "./values.ts";

/** A value and the place of its row; the value is `null` without any row. */
export interface Edge {
  value: unknown;
  time: number;
  partition: number;
  position: number;
}

/** Whether the first of two places comes before the second: by time, partition, position. */
export function isBefore(a: Omit<Edge, "value">, b: Omit<Edge, "value">): boolean {
  if (a.time !== b.time) return a.time < b.time;
  return a.partition !== b.partition ? a.partition < b.partition : a.position < b.position;
}

/** The value of least or greatest event time. */
export class EdgeFunction extends PlainStateFunction<Edge> {
  readonly type: DataType;
  readonly nullable = true;
  readonly #column: number;
  readonly #held: HeldValues;
  readonly #isFirst: boolean;

  /** Of the column of a type at a position. */
  constructor(column: number, type: DataType, isFirst: boolean) {
    super();
    this.#column = column;
    this.#held = heldValues(type);
    this.#isFirst = isFirst;
    this.type = plainType(type);
  }

  init(): Edge {
    return { value: null, time: 0, partition: 0, position: 0 };
  }

  open({ columns }: ColumnBatch, places: RowPlaces): AddRow<Edge> {
    const column = columns[this.#column];
    const [values, validity] = [this.#held.of(column), validityOf(column)];
    const keep = this.#held.keeper(column);
    const { times, partition, positions } = places;
    const next = { time: 0, partition, position: 0 };
    return (state, row) => {
      if (isNull(validity, row)) return state;
      next.time = times[row];
      next.position = positions[row];
      if (this.#replaces(state, next)) {
        state.value = keep(values[row]);
        state.time = next.time;
        state.partition = partition;
        state.position = next.position;
      }
      return state;
    };
  }

  #replaces(state: Edge, next: Omit<Edge, "value">): boolean {
    if (state.value === null) return true;
    return isBefore(next, state) === this.#isFirst;
  }

  merge(into: Edge, from: Edge): Edge {
    if (from.value === null) return into;
    return this.#replaces(into, from) ? { ...from } : into;
  }

  result({ value }: Edge): unknown {
    return value === null ? null : this.#held.cell(value);
  }
}
