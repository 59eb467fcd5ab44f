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
import { FunctionStep, type FunctionStepSpec, type StepFunctions } from "./step_function.ts";

/** A step of a pipeline that looks at one row at a time, as plain data. */
export type StepSpec = ExpressionStepSpec | FunctionStepSpec;

/** A step that computes whole columns. */
export type ExpressionStepSpec =
  /** Keeps the rows for which the condition is true. */
  | { readonly kind: "filter"; readonly node: ExprNode }
  /** Makes the parts of a struct the columns. */
  | { readonly kind: "select"; readonly node: ExprNode }
  /** Puts a column in the place of the one of that name, or behind all others. */
  | { readonly kind: "withColumn"; readonly name: string; readonly node: ExprNode };

/** What the steps made of a batch. */
export interface Stepped {
  readonly batch: RecordBatch;
  /** Of each row that is left, its place in the batch that went in, ascending; absent: its own. */
  readonly rows?: Int32Array;
  /** Rows for which an expression has no value, or a function failed. */
  readonly bad: BadRow[];
  /** Rows that functions made beyond one for each that they were given. */
  readonly added: number;
}

/** A step made ready; what it does to a batch is the batch and, if some rows go, those that stay. */
interface Step {
  readonly run: (batch: RecordBatch, onError: OnError) => Kept;
  /** Of the batches that come out; absent as long as no row has told. */
  readonly schema: () => Schema | undefined;
  readonly dispose?: () => void;
}

type OnError = (row: number, error: Error) => void;

interface Kept {
  /** Absent when no row is left, and the columns are not known. */
  readonly batch?: RecordBatch;
  readonly kept?: Int32Array;
  readonly added?: number;
}

/** Options of {@linkcode RowSteps}. */
export interface RowStepsOptions {
  /** Where the loops of expressions run. Default: rows are evaluated one by one. */
  readonly kernel?: Kernel;
  /** The functions of steps. Without them the steps can tell their columns, and not be run. */
  readonly functions?: StepFunctions;
  /** A row has been dealt with: called now and then while functions run. */
  readonly advance?: () => void;
}

const NO_ROWS = new RecordBatch({ fields: [] }, [], 0);

/** Runs filters, selections, computed columns and functions over batches of one schema. */
export class RowSteps implements Disposable {
  readonly #specs: readonly StepSpec[];
  readonly #options: RowStepsOptions;
  readonly #steps: Step[] = [];
  /** Of the batches that come out of those that are ready; absent behind one that has to learn. */
  #schema: Schema | undefined;
  /** The batch of which the columns were learned, and what it came to. */
  #learned: { readonly of: RecordBatch; readonly stepped: Stepped } | undefined;

  /**
   * Steps made ready for batches of `schema`, as far as columns are known.
   *
   * @throws {TypeError} when an expression does not fit the columns.
   */
  constructor(specs: readonly StepSpec[], schema: Schema, options: RowStepsOptions = {}) {
    this.#specs = specs;
    this.#options = options;
    this.#schema = schema;
    this.#prepare();
  }

  /** Whether all columns are known. */
  get isReady(): boolean {
    return this.#schema !== undefined;
  }

  /** Whether more rows may come out than went in. */
  get mayAdd(): boolean {
    return this.#specs.some(({ kind }) => kind === "flatMap");
  }

  /** Of the batches that come out, once all columns are known. */
  get schema(): Schema {
    if (this.#schema) return this.#schema;
    throw new Error("The columns of a function's rows were asked for before they were learned");
  }

  /** The columns of what each step gives, as far as they are known. */
  get schemas(): (Schema | undefined)[] {
    return this.#specs.map((_, at) => this.#steps[at]?.schema());
  }

  /**
   * Runs all steps on a batch. Where no row has told yet which columns a function gives, none is
   * left.
   *
   * @throws {TypeError} when a function cannot work here.
   */
  run(batch: RecordBatch): Stepped {
    // What was learned must not be done again, for functions may have effects.
    const learned = this.#learned;
    this.#learned = undefined;
    if (learned?.of === batch) return learned.stepped;
    const wasReady = this.isReady;
    const stepped = this.#run(batch);
    if (!wasReady && this.isReady) this.#learned = { of: batch, stepped };
    return stepped;
  }

  #run(batch: RecordBatch): Stepped {
    const bad: BadRow[] = [];
    let rows: Int32Array | undefined;
    let added = 0;
    for (let at = 0; at < this.#specs.length; at++) {
      const before = rows;
      const onError = (row: number, { name, message }: Error) => {
        const place = before ? before[row] : row;
        bad.push({ row: place, message, ...(name !== "RangeError" && { name }) });
      };
      const { length } = batch;
      const { batch: next = NO_ROWS, kept, added: more = 0 } = this.#steps[at].run(batch, onError);
      added += more;
      if (kept && (kept.length !== length || more > 0)) {
        rows = before ? kept.map((row) => before[row]) : kept;
      }
      batch = next;
      if (this.#steps.length <= at + 1) this.#prepare();
      if (this.#steps.length <= at + 1 && at + 1 < this.#specs.length) break;
    }
    return { batch, ...(rows && { rows }), bad, added };
  }

  /** Makes steps ready as far as the columns before them are known. */
  #prepare(): void {
    const last = this.#steps.at(-1);
    let schema = last ? last.schema() : this.#schema;
    for (const spec of this.#specs.slice(this.#steps.length)) {
      if (!schema) break;
      const step: Step = this.#stepOf(spec, schema);
      this.#steps.push(step);
      schema = step.schema();
    }
    this.#schema = schema;
  }

  #stepOf(spec: StepSpec, schema: Schema): Step {
    const { kernel, functions, advance = () => {} } = this.#options;
    if ("fn" in spec) {
      return functionStep(new FunctionStep(spec, schema, functions?.get(spec)), advance);
    }
    const expression = expressionFromJson(spec.node);
    const plan = kernel
      ? compileIn(expression, { schema, kernel })
      : compileRows(expression, { schema });
    const { run, schema: made } = expressionStep(spec, plan, schema);
    return { run, schema: () => made, dispose: () => plan[Symbol.dispose]() };
  }

  [Symbol.dispose](): void {
    for (const { dispose } of this.#steps) dispose?.();
  }
}

function functionStep(step: FunctionStep, advance: () => void): Step {
  return {
    run: (batch, bad) => step.run(batch, { bad, advance }),
    schema: () => step.schema,
  };
}

/** Steps with the columns that were learned of their functions. */
export function withSchemas(
  specs: readonly StepSpec[],
  schemas: readonly (Schema | undefined)[],
): StepSpec[] {
  return specs.map((spec, at) => {
    const schema = schemas[at];
    return "fn" in spec && spec.kind !== "filterBy" && schema ? { ...spec, schema } : spec;
  });
}

function expressionStep(
  spec: ExpressionStepSpec,
  plan: Plan,
  schema: Schema,
): { readonly run: Step["run"]; readonly schema: Schema } {
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
