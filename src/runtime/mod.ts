/**
 * The outside world as the engine sees it, and its two forms: the process, and a simulation.
 *
 * @module
 */
export * from "./runtime.ts";
export * from "./deno_runtime.ts";
export * from "./network.ts";
export * from "./simulated_runtime.ts";
