import { create, type Kernel } from "../../kernel/kernel.ts";
import type { Schema } from "../schema.ts";
import { check, type UnknownColumns } from "./check.ts";
import type { Expr } from "./expr.ts";
import { KernelPlan } from "./kernel_plan.ts";
import type { Plan } from "./plan.ts";
import { RowPlan } from "./row_plan.ts";

const REMEDY = "evaluate fewer rows at a time";

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  /** The columns of the batches. */
  readonly schema: Schema;
  /** What a column is that the schema does not have. Default `"error"`. */
  readonly unknownColumns?: UnknownColumns;
}

/** Options of {@linkcode compileIn}. */
export interface CompileInOptions extends CompileOptions {
  /** Where the loops run. The plan takes memory there, until it is disposed of. */
  readonly kernel: Kernel;
}

/**
 * Makes an expression ready for the batches of a schema.
 *
 * Its loops run in WebAssembly, in an instance of its own that is made with the first batch and
 * goes when the plan is disposed of.
 *
 * @example
 * ```ts
 * import { col, compile, RecordBatch } from "@waggle/stream";
 *
 * const batch = RecordBatch.fromRows([{ temperature: 20 }, { temperature: 35 }]);
 * using hot = compile(col("temperature").gt(30), { schema: batch.schema });
 * console.log(batch.take(hot.filter(batch)).toRows()); // [{ temperature: 35 }]
 * ```
 *
 * @throws {TypeError} when a column is not there, or an operator does not fit its arguments' types.
 */
export function compile(expression: Expr, options: CompileOptions): Plan {
  return new KernelPlan(checkFor(expression, options), {
    ...options,
    kernel: () => create({ remedy: REMEDY }),
  });
}

/** As {@linkcode compile}, with the loops in a kernel that has other work as well. */
export function compileIn(expression: Expr, options: CompileInOptions): Plan {
  const { kernel } = options;
  return new KernelPlan(checkFor(expression, options), { ...options, kernel: () => kernel });
}

/** As {@linkcode compile}, row by row in JavaScript: the twin that the kernel is held equal to. */
export function compileRows(expression: Expr, options: CompileOptions): Plan {
  return new RowPlan(checkFor(expression, options), options.schema);
}

function checkFor(expression: Expr, { schema, unknownColumns }: CompileOptions) {
  return check(expression, { fields: schema.fields, unknownColumns });
}
