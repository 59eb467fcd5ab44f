import type { DataType } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { distinctValues, rowValueOf } from "./distinct_values.ts";
import { type Counter, SpaceSaving } from "./space_saving.ts";
import { isNull, validityOf } from "./values.ts";

const COUNT: DataType = { kind: "i64", as: "number" };

/** How many values are given, and how many are counted at a time. */
export interface TopOptions {
  readonly k: number;
  readonly counters: number;
}

/** The most frequent values. */
export class TopKFunction implements AggregateFunction<SpaceSaving> {
  readonly type: DataType;
  readonly nullable = false;
  readonly #column: number;
  readonly #value: DataType;
  readonly #options: TopOptions;

  /** Of the column of a type at a position. */
  constructor(column: number, value: DataType, options: TopOptions) {
    this.#column = column;
    this.#value = value;
    this.#options = options;
    const shown: DataType = value.kind === "dict" ? { kind: "utf8" } : value;
    const fields = [
      { name: "value", type: shown, nullable: false },
      { name: "count", type: COUNT, nullable: false },
      { name: "error", type: COUNT, nullable: false },
    ];
    this.type = { kind: "list", item: { kind: "struct", fields } };
  }

  init(): SpaceSaving {
    return new SpaceSaving(this.#options.counters);
  }

  open({ columns }: ColumnBatch): AddRow<SpaceSaving> {
    const column = columns[this.#column];
    const [valueAt, validity] = [distinctValues(column), validityOf(column)];
    return (state, row) => {
      if (!isNull(validity, row)) state.add(valueAt(row));
      return state;
    };
  }

  merge(into: SpaceSaving, from: SpaceSaving): SpaceSaving {
    into.merge(from);
    return into;
  }

  result(state: SpaceSaving): unknown {
    return state.top(this.#options.k).map(({ value, count, error }) => {
      return { value: rowValueOf(value, this.#value), count, error };
    });
  }

  save(state: SpaceSaving): unknown {
    return state.save();
  }

  load(saved: unknown): SpaceSaving {
    return SpaceSaving.load(saved as Counter[], this.#options.counters);
  }
}
