import type { DataType } from "../batch/schema.ts";
import type { ColumnBatch } from "./window_table.ts";

/** Where the rows of a batch stand, for aggregates that go by order. */
export interface RowPlaces {
  /** Event time of each row, whole ms. */
  readonly times: Float64Array;
  /** Source partition. */
  readonly partition: number;
  /** Position of each row in it. */
  readonly positions: Float64Array;
}

/**
 * Adds one row of a batch to a state, and gives the state, which may be another one now.
 *
 * As the type of a method, so that functions with different states can stand side by side.
 */
export type AddRow<State> = { add(state: State, row: number): State }["add"];

/**
 * An aggregate as it is computed in JavaScript, of the columns of a schema. A state is never
 * shared: `init` makes a new one each time.
 */
export interface AggregateFunction<State = unknown> {
  /** Type of the result. */
  readonly type: DataType;
  /** Whether the result can be null. */
  readonly nullable: boolean;
  /**
   * Whether a state takes as much as its rows do: then windows that overlap are put together anew
   * each time, and not of states of parts of them, of which each row would be in many.
   */
  readonly grows?: boolean;
  /** The state of no rows. */
  init(): State;
  /** Readies a batch of the schema: what is done once a batch is done here and not per row. */
  open(batch: ColumnBatch, places: RowPlaces): AddRow<State>;
  /** The state of the rows of both; `into` may be changed, `from` not. */
  merge(into: State, from: State): State;
  /** The result as it stands in a row; does not change the state. */
  result(state: State): unknown;
  /**
   * The state of the rows of `into` without those of `from`, which are among them; `into` may be
   * changed, `from` not. Absent where that is not exact.
   */
  retract?(into: State, from: State): State;
  /** The state as a value that can be cloned structurally, for a snapshot. */
  save(state: State): unknown;
  /** The state that a value of `save` was made of. */
  load(saved: unknown): State;
}
