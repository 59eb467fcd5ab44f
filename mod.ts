/**
 * Waggle: event-time stream processing on worker bees, with a WebAssembly hot path.
 *
 * @module
 */
export * from "./src/batch/schema.ts";
export type { Column, ColumnValues } from "./src/batch/column.ts";
