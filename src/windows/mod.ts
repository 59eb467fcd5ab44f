/**
 * When: windows over event time, and what is computed in them.
 *
 * @module
 */
export {
  Aggregate,
  type AGGREGATE_OF,
  type AggregateOperand,
  type AggregateSpec,
  type ColumnOf,
  type ComputedColumn,
  type YieldOf,
} from "./aggregate.ts";
export * from "./aggregates.ts";
export * from "./tumbling_window.ts";
