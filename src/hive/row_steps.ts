import { compileIn, compileRows } from "../batch/expressions/compile.ts";
import { expressionFromJson } from "../batch/expressions/json.ts";
import type { ExprNode } from "../batch/expressions/node.ts";
import type { Plan } from "../batch/expressions/plan.ts";
import { checkCondition, checkStruct } from "../batch/expressions/plan_checks.ts";
import { printExpression } from "../batch/expressions/print.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { BadRow } from "./pipeline_frames.ts";

/** A step of a pipeline that looks at one row at a time, as plain data. */
export type StepSpec =
  /** Keeps the rows for which the condition is true. */
  | { readonly kind: "filter"; readonly node: ExprNode }
  /** Makes the parts of a struct the columns. */
  | { readonly kind: "select"; readonly node: ExprNode };

/** What the steps made of a batch. */
export interface Stepped {
  readonly batch: RecordBatch;
  /** Which rows of the batch that went in are left, ascending; absent: all. */
  readonly rows?: Int32Array;
  /** Rows for which an expression has no value. */
  readonly bad: BadRow[];
}

interface Step {
  readonly kind: StepSpec["kind"];
  readonly plan: Plan;
}

/** Runs filters and selections over batches of one schema. */
export class RowSteps implements Disposable {
  /** Of the batches that come out. */
  readonly schema: Schema;
  readonly #steps: Step[] = [];

  /**
   * Steps made ready for batches of `schema`.
   *
   * @param kernel Where the loops run. Default: rows are evaluated one by one.
   * @throws {TypeError} when an expression does not fit the columns.
   */
  constructor(specs: readonly StepSpec[], schema: Schema, kernel?: Kernel) {
    for (const { kind, node } of specs) {
      const expression = expressionFromJson(node);
      const plan = kernel
        ? compileIn(expression, { schema, kernel })
        : compileRows(expression, { schema });
      this.#steps.push({ kind, plan });
      const { type } = plan;
      if (kind === "filter") checkCondition(type, printExpression(node));
      else {
        checkStruct(type, printExpression(node));
        schema = { fields: type.fields };
      }
    }
    this.schema = schema;
  }

  /** Runs all steps on a batch. */
  run(batch: RecordBatch): Stepped {
    const bad: BadRow[] = [];
    let rows: Int32Array | undefined;
    for (const { kind, plan } of this.#steps) {
      const failed: number[] = [];
      const onError = (row: number, error: RangeError) => {
        failed.push(row);
        bad.push({ row: rows ? rows[row] : row, message: error.message });
      };
      const { length } = batch;
      let kept: Int32Array | undefined;
      if (kind === "filter") {
        kept = plan.filter(batch, { onError });
        if (kept.length < length) batch = batch.take(kept);
      } else {
        batch = plan.project(batch, { onError });
        if (failed.length > 0) kept = without(length, failed);
      }
      if (kept && kept.length < length) rows = rows ? kept.map((row) => rows![row]) : kept;
    }
    return { batch, rows, bad };
  }

  [Symbol.dispose](): void {
    for (const { plan } of this.#steps) plan[Symbol.dispose]();
  }
}

function without(length: number, failed: readonly number[]): Int32Array {
  const gone = new Set(failed);
  return Int32Array.from(Array.from({ length }, (_, row) => row).filter((row) => !gone.has(row)));
}
