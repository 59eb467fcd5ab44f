/**
 * Waggle: event-time stream processing on worker bees, with a WebAssembly hot path.
 *
 * @module
 */
export type { Duration } from "./src/runtime/duration.ts";
export type * from "./src/runtime/network.ts";
export type * from "./src/runtime/runtime.ts";
export type * from "./src/runtime/tcp.ts";
export * from "./src/kernel/mod.ts";
export * from "./src/batch/mod.ts";
export * from "./src/codecs/mod.ts";
export * from "./src/windows/mod.ts";
export * from "./src/hive/mod.ts";
export * from "./src/stream/mod.ts";
export * from "./src/sources/mod.ts";
export * from "./src/generators/mod.ts";
export * from "./src/publishers/mod.ts";
