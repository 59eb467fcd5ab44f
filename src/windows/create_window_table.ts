import type { Kernel } from "../kernel/kernel.ts";
import { KernelWindowTable } from "../kernel/window_table.ts";
import { haveFunctions } from "./aggregate_types.ts";
import type { WindowTableOptions } from "./plan.ts";
import { type WindowTable, windowTableOver } from "./window_table.ts";

/** Makes a table whose aggregates keep their values in JavaScript. */
export type FunctionTables = (kernel: Kernel, options: WindowTableOptions) => WindowTable;

/**
 * A window table in the memory of a kernel, or, where aggregates keep text or the like, with states
 * in JavaScript.
 *
 * @param functionTables What makes the latter, which few need.
 *
 * @throws {TypeError} for a column that does not exist, has a type that does not fit its role, or
 *   a result name that occurs twice.
 *
 * @example
 * ```ts ignore
 * using table = createWindowTable(kernel, {
 *   schema,
 *   time: "at",
 *   keys: ["sensor"],
 *   aggregates: { n: count(), avg: mean("temperature") },
 *   window: new TumblingWindow({ size: "60s" }),
 * });
 * table.add(batch, { watermarkBefore: -Infinity, bound: 0, partition: 0, position: 0 });
 * const results = table.close(Infinity);
 * ```
 */
export function createWindowTable(
  kernel: Kernel,
  options: WindowTableOptions,
  functionTables?: FunctionTables,
): WindowTable {
  if (haveFunctions(options, options.schema)) {
    if (functionTables) return functionTables(kernel, options);
    throw new Error("Tables of functions were asked for before they were loaded");
  }
  return windowTableOver((plan) => new KernelWindowTable(kernel, plan), options);
}
