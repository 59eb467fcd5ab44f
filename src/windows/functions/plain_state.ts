import type { DataType } from "../../batch/schema.ts";
import type { ColumnBatch } from "../window_table.ts";
import type { AddRow, AggregateFunction, RowPlaces } from "../aggregate_function.ts";

/** An aggregate whose state is an object of numbers and the like, with nothing inside it. */
export abstract class PlainStateFunction<State extends object> implements AggregateFunction<State> {
  abstract readonly type: DataType;
  abstract readonly nullable: boolean;

  abstract init(): State;
  abstract open(batch: ColumnBatch, places: RowPlaces): AddRow<State>;
  abstract merge(into: State, from: State): State;
  abstract result(state: State): unknown;

  save(state: State): unknown {
    return { ...state };
  }

  load(saved: unknown): State {
    return { ...saved as State };
  }
}
