import { compileIn, compileRows } from "../batch/expressions/compile.ts";
import { expressionFromJson } from "../batch/expressions/json.ts";
import type { ExprNode } from "../batch/expressions/node.ts";
import type { Plan } from "../batch/expressions/plan.ts";
import { checkCondition, checkStruct } from "../batch/expressions/plan_checks.ts";
import { printExpression } from "../batch/expressions/print.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema } from "../batch/schema.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { BadRow } from "./pipeline_frames.ts";

/** A step of a pipeline that looks at one row at a time, as plain data. */
export type StepSpec =
  /** Keeps the rows for which the condition is true. */
  | { readonly kind: "filter"; readonly node: ExprNode }
  /** Makes the parts of a struct the columns. */
  | { readonly kind: "select"; readonly node: ExprNode }
  /** Puts a column in the place of the one of that name, or behind all others. */
  | { readonly kind: "withColumn"; readonly name: string; readonly node: ExprNode };

/** What the steps made of a batch. */
export interface Stepped {
  readonly batch: RecordBatch;
  /** Which rows of the batch that went in are left, ascending; absent: all. */
  readonly rows?: Int32Array;
  /** Rows for which an expression has no value. */
  readonly bad: BadRow[];
}

/** A step made ready; what it does to a batch is the batch and, if some rows go, those that stay. */
interface Step {
  readonly plan: Plan;
  readonly run: (batch: RecordBatch, onError: OnError) => Kept;
  /** Of the batches that come out. */
  readonly schema: Schema;
}

type OnError = (row: number, error: RangeError) => void;

interface Kept {
  readonly batch: RecordBatch;
  readonly kept?: Int32Array;
}

/** Runs filters, selections and computed columns over batches of one schema. */
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
    for (const spec of specs) {
      const expression = expressionFromJson(spec.node);
      const plan = kernel
        ? compileIn(expression, { schema, kernel })
        : compileRows(expression, { schema });
      const step = stepOf(spec, plan, schema);
      this.#steps.push(step);
      schema = step.schema;
    }
    this.schema = schema;
  }

  /** Runs all steps on a batch. */
  run(batch: RecordBatch): Stepped {
    const bad: BadRow[] = [];
    let rows: Int32Array | undefined;
    for (const { run } of this.#steps) {
      const before = rows;
      const onError = (row: number, error: RangeError) => {
        bad.push({ row: before ? before[row] : row, message: error.message });
      };
      const { length } = batch;
      const { batch: next, kept } = run(batch, onError);
      if (kept && kept.length < length) rows = before ? kept.map((row) => before[row]) : kept;
      batch = next;
    }
    return { batch, rows, bad };
  }

  [Symbol.dispose](): void {
    for (const { plan } of this.#steps) plan[Symbol.dispose]();
  }
}

function stepOf(spec: StepSpec, plan: Plan, schema: Schema): Step {
  const text = printExpression(spec.node);
  switch (spec.kind) {
    case "filter":
      checkCondition(plan.type, text);
      return { plan, run: (batch, onError) => filtered(plan, batch, onError), schema };
    case "select": {
      checkStruct(plan.type, text);
      const selected = { fields: plan.type.fields };
      return { plan, run: (batch, onError) => projected(plan, batch, onError), schema: selected };
    }
    case "withColumn": {
      const field = { name: spec.name, type: plan.type };
      const place = placeOf(spec.name, schema);
      const fields: Field[] = [...schema.fields];
      fields[place] = field;
      const extended = { fields };
      const run = (batch: RecordBatch, onError: OnError) =>
        extendedBy(plan, { batch, place, schema: extended }, onError);
      return { plan, run, schema: extended };
    }
  }
}

/** Where a column of that name goes: in the place of one that has it, or behind all. */
function placeOf(name: string, { fields }: Schema): number {
  const known = fields.findIndex((field) => field.name === name);
  return known < 0 ? fields.length : known;
}

function filtered(plan: Plan, batch: RecordBatch, onError: OnError): Kept {
  const kept = plan.filter(batch, { onError });
  return { batch: kept.length < batch.length ? batch.take(kept) : batch, kept };
}

function projected(plan: Plan, batch: RecordBatch, onError: OnError): Kept {
  const failed: number[] = [];
  const made = plan.project(batch, { onError: noting(failed, onError) });
  return failed.length === 0
    ? { batch: made }
    : { batch: made, kept: without(batch.length, failed) };
}

function extendedBy(
  plan: Plan,
  { batch, place, schema }: { batch: RecordBatch; place: number; schema: Schema },
  onError: OnError,
): Kept {
  const failed: number[] = [];
  const columns = [...batch.columns];
  columns[place] = plan.evaluate(batch, { onError: noting(failed, onError) });
  const made = new RecordBatch(schema, columns, batch.length);
  if (failed.length === 0) return { batch: made };
  const kept = without(batch.length, failed);
  return { batch: made.take(kept), kept };
}

function noting(failed: number[], onError: OnError): OnError {
  return (row, error) => {
    failed.push(row);
    onError(row, error);
  };
}

function without(length: number, failed: readonly number[]): Int32Array {
  const gone = new Set(failed);
  return Int32Array.from(Array.from({ length }, (_, row) => row).filter((row) => !gone.has(row)));
}
