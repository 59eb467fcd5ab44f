/**
 * Counts, rates and latencies, in fixed memory and without a clock.
 *
 * @module
 */
export * from "./counters.ts";
export * from "./histogram.ts";
export * from "./rate_meter.ts";
