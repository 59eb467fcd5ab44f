/**
 * When: watermarks, windows over event time, and what is computed in them.
 *
 * @module
 */
export {
  Aggregate,
  type AGGREGATE_OF,
  type AggregateOperand,
  type AggregateParts,
  type AggregateSpec,
  type ColumnOf,
  type ComputedColumn,
  type YieldOf,
} from "./aggregate.ts";
export type { AggregateOptions } from "./aggregate_options.ts";
export type { AnyAggregateOp, OrderedOp } from "./aggregate_place.ts";
export * from "./aggregates.ts";
export * from "./bounded_disorder.ts";
export * from "./collect.ts";
export * from "./count_window.ts";
export * from "./cumulating_window.ts";
export * from "./custom_watermarks.ts";
export * from "./custom_window.ts";
export * from "./distinct_aggregates.ts";
export * from "./global_window.ts";
export * from "./highest.ts";
export * from "./histogram.ts";
export * from "./periodic_watermark_generator.ts";
export * from "./punctuated_watermarks.ts";
export {
  type CalendarUnit,
  CalendarWindow,
  type CalendarWindowOptions,
  type Weekday,
} from "./calendar_window.ts";
export * from "./session_window.ts";
export * from "./sliding_window.ts";
export * from "./quantile_aggregates.ts";
export * from "./top_k.ts";
export * from "./trailing_window.ts";
export * from "./tumbling_window.ts";
export * from "./watermark_strategy.ts";
export type { WindowAssigner } from "./window_assigner.ts";
export type { WindowBounds } from "./window_offset.ts";
export type { PaneMode } from "./window_spec.ts";
export type { OrderedWindow } from "./ordered_window.ts";
