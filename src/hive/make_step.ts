import { compileIn, compileRows } from "../batch/expressions/compile.ts";
import { expressionFromJson } from "../batch/expressions/json.ts";
import type { Plan } from "../batch/expressions/plan.ts";
import { checkCondition, checkStruct } from "../batch/expressions/plan_checks.ts";
import { printExpression } from "../batch/expressions/print.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema } from "../batch/schema.ts";
import type {
  ExpressionStepSpec,
  Kept,
  OnError,
  Step,
  StepContext,
  StepMaker,
} from "./row_steps.ts";
import { FunctionStep } from "./step_function.ts";

/** Makes a step of {@linkcode RowSteps} ready: an expression, or a function of the user's. */
export const makeStep: StepMaker = (spec, schema, context) => {
  if ("fn" in spec) {
    return functionStep(new FunctionStep(spec, schema, context.functions?.get(spec)), context);
  }
  const { kernel } = context;
  const expression = expressionFromJson(spec.node);
  const plan = kernel
    ? compileIn(expression, { schema, kernel })
    : compileRows(expression, { schema });
  const { run, schema: made } = expressionStep(spec, plan, schema);
  return { run, schema: () => made, dispose: () => plan[Symbol.dispose]() };
};

function functionStep(step: FunctionStep, { advance, cancelled }: StepContext): Step {
  return {
    run: (batch, bad) => {
      const before = cancelled();
      return step.run(batch, { bad, advance, isCancelled: () => before < cancelled() });
    },
    schema: () => step.schema,
  };
}

function expressionStep(
  spec: ExpressionStepSpec,
  plan: Plan,
  schema: Schema,
): { readonly run: (batch: RecordBatch, onError: OnError) => Kept; readonly schema: Schema } {
  const text = printExpression(spec.node);
  switch (spec.kind) {
    case "filter":
      checkCondition(plan.type, text);
      return { run: (batch, onError) => filtered(plan, batch, onError), schema };
    case "select": {
      checkStruct(plan.type, text);
      const selected = { fields: plan.type.fields };
      return { run: (batch, onError) => projected(plan, batch, onError), schema: selected };
    }
    case "withColumn": {
      const field = { name: spec.name, type: plan.type };
      const place = placeOf(spec.name, schema);
      const fields: Field[] = [...schema.fields];
      fields[place] = field;
      const extended = { fields };
      const run = (batch: RecordBatch, onError: OnError) =>
        extendedBy(plan, { batch, place, schema: extended }, onError);
      return { run, schema: extended };
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
