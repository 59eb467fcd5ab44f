import type { ExprNode } from "../batch/expressions/node.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { BadRow } from "./pipeline_frames.ts";
import type { FunctionStepSpec, StepFunctions } from "./step_function.ts";

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
export interface Step {
  readonly run: (batch: RecordBatch, onError: OnError) => Kept | Promise<Kept>;
  /** Of the batches that come out; absent as long as no row has told. */
  readonly schema: () => Schema | undefined;
  readonly dispose?: () => void;
}

/** Takes the rows that have to go because they failed. */
export type OnError = (row: number, error: Error) => void;

/** What a step made of a batch. */
export interface Kept {
  /** Absent when no row is left, and the columns are not known. */
  readonly batch?: RecordBatch;
  readonly kept?: Int32Array;
  readonly added?: number;
}

/** What a step is made ready with. */
export interface StepContext {
  readonly kernel?: Kernel;
  readonly functions?: StepFunctions;
  readonly advance: () => void;
  /** How often nobody wanted what was begun. */
  readonly cancelled: () => number;
}

/**
 * Makes a step ready for batches of some columns.
 *
 * @throws {TypeError} when an expression does not fit the columns.
 */
export type StepMaker = (spec: StepSpec, schema: Schema, context: StepContext) => Step;

/** Options of {@linkcode RowSteps}. */
export interface RowStepsOptions {
  /** Handed in, since most threads have no steps and need not load its modules; absent there. */
  readonly makeStep?: StepMaker | undefined;
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
  /** The batch that was begun, and what it comes to. */
  #begun:
    | { readonly of: RecordBatch; readonly outcome: () => Stepped | Promise<Stepped> }
    | undefined;
  /** How often nobody wanted what was begun. */
  #cancelled = 0;

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
   * Begins to run all steps on a batch: what that comes to is there at once, unless a function gives
   * promises. It is kept until {@linkcode RowSteps.run}, for functions may have effects. Where no row
   * has told yet which columns a function gives, none is left.
   *
   * @throws {TypeError} when a function cannot work here.
   */
  begin(batch: RecordBatch): Stepped | Promise<Stepped> {
    if (this.#begun?.of === batch) return this.#begun.outcome();
    const begun = this.#run({ batch, bad: [], added: 0 }, 0);
    this.#keep(batch, () => begun);
    if (begun instanceof Promise) {
      begun.then((stepped) => this.#settled(batch, () => stepped), (error) => {
        this.#settled(batch, () => {
          throw error;
        });
      });
    }
    return begun;
  }

  /**
   * Runs all steps on a batch, or gives what was begun and is there.
   *
   * @throws {TypeError} when a function cannot work here.
   */
  run(batch: RecordBatch): Stepped {
    const stepped = this.begin(batch);
    this.#begun = undefined;
    if (!(stepped instanceof Promise)) return stepped;
    throw new Error("What a function promised was asked for before it was there");
  }

  /** Nobody wants what was begun. */
  cancel(): void {
    this.#begun = undefined;
    this.#cancelled++;
  }

  #keep(of: RecordBatch, outcome: () => Stepped | Promise<Stepped>): void {
    this.#begun = { of, outcome };
  }

  #settled(of: RecordBatch, outcome: () => Stepped): void {
    if (this.#begun?.of === of) this.#keep(of, outcome);
  }

  #run(progress: Progress, from: number): Stepped | Promise<Stepped> {
    for (let at = from; at < this.#steps.length; at++) {
      const kept = this.#steps[at].run(progress.batch, errorsOf(progress));
      if (kept instanceof Promise) {
        return kept.then((each) => {
          this.#pass(progress, each);
          return this.#run(progress, at + 1);
        });
      }
      this.#pass(progress, kept);
    }
    return progress;
  }

  /** Goes on to the next step, if the columns before it are known by now. */
  #pass(progress: Progress, { batch = NO_ROWS, kept, added = 0 }: Kept): void {
    const { batch: { length }, rows: before } = progress;
    progress.added += added;
    if (kept && (kept.length !== length || added > 0)) {
      progress.rows = before ? kept.map((row) => before[row]) : kept;
    }
    progress.batch = batch;
    this.#prepare();
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
    const { makeStep, advance = () => {}, ...rest } = this.#options;
    return makeStep!(spec, schema, { ...rest, advance, cancelled: () => this.#cancelled });
  }

  [Symbol.dispose](): void {
    for (const { dispose } of this.#steps) dispose?.();
  }
}

/** How far the steps have come with a batch. */
interface Progress {
  batch: RecordBatch;
  rows?: Int32Array;
  readonly bad: BadRow[];
  added: number;
}

/** Notes errors of a step by the places of rows in the batch that went in. */
function errorsOf({ rows, bad }: Progress): OnError {
  return (row, { name, message }) => {
    const place = rows ? rows[row] : row;
    bad.push({ row: place, message, ...(name !== "RangeError" && { name }) });
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
