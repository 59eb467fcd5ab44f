import type { Kernel } from "../../kernel/kernel.ts";
import type { Schema } from "../schema.ts";
import { check, type UnknownColumns } from "./check.ts";
import type { Expr } from "./expr.ts";
import { KernelPlan } from "./kernel_plan.ts";
import type { Plan } from "./plan.ts";
import { RowPlan } from "./row_plan.ts";

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  /** The columns of the batches. */
  readonly schema: Schema;
  /**
   * Where the loops run. The plan takes memory there, until it is disposed of. Default: nowhere,
   * rows are evaluated one by one in JavaScript, with the same results.
   */
  readonly kernel?: Kernel;
  /** What a column is that the schema does not have. Default `"error"`. */
  readonly unknownColumns?: UnknownColumns;
}

/**
 * Makes an expression ready for the batches of a schema.
 *
 * @throws {TypeError} when a column is not there, or an operator does not fit its arguments' types.
 */
export function compile(expression: Expr, options: CompileOptions): Plan {
  const { schema, kernel, unknownColumns } = options;
  const checked = check(expression, { fields: schema.fields, unknownColumns });
  return kernel === undefined
    ? new RowPlan(checked, schema)
    : new KernelPlan(checked, { schema, kernel });
}
