/**
 * What users see of the WebAssembly kernel.
 *
 * @module
 */
export { KernelMemoryError } from "./kernel.ts";
export type { AggregateOp } from "./window_types.ts";
