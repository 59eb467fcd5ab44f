/**
 * Where records go.
 *
 * @module
 */
export * from "./console_publisher.ts";
export * from "./memory_publisher.ts";
