/**
 * The WebAssembly kernel and its typed face.
 *
 * @module
 */
export * from "./kernel.ts";
