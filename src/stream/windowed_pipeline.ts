import type { AggregateInfo } from "../hive/aggregate_of.ts";
import type { ModuleReference } from "../hive/user_function.ts";
import type { Aggregate } from "../windows/aggregate.ts";
import type { AnyAggregateOp } from "../windows/aggregate_place.ts";
import type { WindowRow } from "../windows/aggregates.ts";
import type { CustomWindow } from "../windows/custom_window.ts";
import type { GlobalWindow } from "../windows/global_window.ts";
import type { PaneMode } from "../windows/window_spec.ts";
import type { ResultPipeline } from "./pipeline.ts";
import type { Bounded, PaneRow } from "./pipeline_rows.ts";
import type { Reduced, ReduceOptions } from "./reduce_step.ts";
import type { TriggerOptions } from "./trigger_options.ts";
import type { AnyWindow, UntimedWindow } from "./window_plan.ts";

/** Aggregates by result name, of columns that there are. */
export type AggregatesOf<Row> = Readonly<
  Record<string, Aggregate<AnyAggregateOp, keyof Row & string, unknown, keyof Row & string>>
>;

/** Rows with an event time and a key. */
export interface KeyedPipeline<Row, Key extends keyof Row> {
  /** Says into which windows the rows go; a {@linkcode GlobalWindow} has no bounds. */
  window(assigner: GlobalWindow): WindowedPipeline<Row, Key, null>;
  /** Says into which windows the rows go. */
  window<Context = unknown>(
    assigner: AnyWindow | CustomWindow<Row, Context>,
  ): WindowedPipeline<Row, Key>;
}

/** Rows with a key and without an event time. */
export interface UntimedKeyedPipeline<Row, Key extends keyof Row> {
  /** Says into which windows the rows go, whose bounds are null. */
  window(assigner: UntimedWindow): WindowedPipeline<Row, Key, null>;
}

/** Rows in windows, whose bounds are `Bound`. */
export interface WindowedPipeline<
  Row,
  Key extends keyof Row,
  Bound extends number | null = number,
> {
  /**
   * Says when windows give results besides the one at their end, and what these hold. Results then
   * say which pane of their window they are, and the rows of a key go to its owner in their order.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be; a run, when the windows
   *   cannot have the trigger.
   */
  trigger<const Panes extends PaneMode = "accumulating">(
    options: TriggerOptions & { panes?: Panes },
  ): TriggeredPipeline<Row, Key, Panes, Bound>;
  /**
   * Says what is computed of each window and key. Results leave when the watermark reaches the end
   * of their window, in the order of these ends and then of keys, whatever the number of bees; those
   * of windows that end with a row in the order of these rows.
   *
   * @throws {TypeError} when nothing is to be computed, or a function cannot work in a bee.
   */
  aggregate<const Specs extends AggregatesOf<Row>>(
    aggregates: Specs,
  ): ResultPipeline<Bounded<WindowRow<Row, Key, Specs>, Bound>>;
  /**
   * Folds the rows of each window and key by a function, in the bees: the first row with the second,
   * what came of it with the third, in the order of the source. It is to be associative, gives what
   * could be a row again, and must not change its arguments. Short for the aggregate `reduce` alone.
   *
   * @throws {TypeError} when the function cannot work in a bee, or an option is none that it can be.
   */
  reduce<Value = Row, const As extends string = "value", Context = unknown>(
    fold: ((a: Value, b: Value, info: AggregateInfo<Context>) => Value) | ModuleReference,
    options?: ReduceOptions<As, Context, Value>,
  ): ResultPipeline<Bounded<WindowRow<Row, Key, Reduced<As, Value>>, Bound>>;
}

/** Rows in windows that give several results. */
export interface TriggeredPipeline<
  Row,
  Key extends keyof Row,
  Panes extends PaneMode,
  Bound extends number | null = number,
> {
  /**
   * Says what is computed of each window and key. Results leave in the order in which rows and the
   * watermark set them off, then of the ends of their windows and of keys, whatever the number of
   * bees. Where they go on to further steps, each result is a row, also one that replaces another.
   *
   * @throws {TypeError} as {@linkcode WindowedPipeline.aggregate} does.
   */
  aggregate<const Specs extends AggregatesOf<Row>>(
    aggregates: Specs,
  ): ResultPipeline<PaneRow<Panes> & Bounded<WindowRow<Row, Key, Specs>, Bound>>;
  /**
   * As {@linkcode WindowedPipeline.reduce}.
   *
   * @throws {TypeError} as that does.
   */
  reduce<Value = Row, const As extends string = "value", Context = unknown>(
    fold: ((a: Value, b: Value, info: AggregateInfo<Context>) => Value) | ModuleReference,
    options?: ReduceOptions<As, Context, Value>,
  ): ResultPipeline<PaneRow<Panes> & Bounded<WindowRow<Row, Key, Reduced<As, Value>>, Bound>>;
}
