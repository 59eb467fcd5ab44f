/**
 * Waggle: event-time stream processing on worker bees, with a WebAssembly hot path.
 *
 * @module
 */
export * from "./src/batch/mod.ts";
export { type Duration, type DurationLimits, milliseconds } from "./src/runtime/duration.ts";
export * from "./src/windows/aggregates.ts";
export * from "./src/windows/tumbling_window.ts";
