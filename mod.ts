/**
 * Waggle: event-time stream processing on worker bees, with a WebAssembly hot path.
 *
 * @module
 */
export * from "./src/batch/mod.ts";
export * from "./src/codecs/mod.ts";
export type { Duration } from "./src/runtime/duration.ts";
export type * from "./src/runtime/runtime.ts";
export { KernelMemoryError } from "./src/kernel/kernel.ts";
export type { AggregateOp } from "./src/kernel/window_types.ts";
export * from "./src/windows/aggregates.ts";
export * from "./src/windows/tumbling_window.ts";
export { LostBeesError, UnfitBeeError } from "./src/hive/hive.ts";
export type { RecordInfo } from "./src/hive/record_info.ts";
export type { Role } from "./src/hive/roles.ts";
export type { ModuleReference } from "./src/hive/user_function.ts";
export * from "./src/stream/mod.ts";
export * from "./src/publishers/mod.ts";
export * from "./src/sources/mod.ts";
