/**
 * When: windows over event time, and what is computed in them.
 *
 * @module
 */
export * from "./aggregates.ts";
export * from "./tumbling_window.ts";
