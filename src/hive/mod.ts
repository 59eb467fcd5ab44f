/**
 * What users see of the hive: its errors, its roles, and what functions in bees are given.
 *
 * @module
 */
export {
  type AggregateFunctions,
  type AggregateInfo,
  aggregateOf,
  aggregateRows,
  type AggregateRowsOptions,
  foldRows,
  type FoldRowsOptions,
  reduce,
  type UserAggregateOptions,
} from "./aggregate_of.ts";
export { LostBeesError, UnfitBeeError } from "./hive_errors.ts";
export type { RecordInfo } from "./record_info.ts";
export { RingCorruptedError } from "./ring_memory.ts";
export type { Role } from "./roles.ts";
export { StreamingError, type StreamingErrorOptions } from "./streaming_error.ts";
export type { ModuleReference } from "./user_function.ts";
