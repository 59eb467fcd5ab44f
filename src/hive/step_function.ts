import { inferSchema } from "../batch/infer.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import { RecordBatchBuilder } from "../batch/record_batch_builder.ts";
import type { Schema } from "../batch/schema.ts";
import { widenedField } from "../batch/widened.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { isComputed } from "../windows/aggregate.ts";
import { type Called, callRows } from "./row_calls.ts";
import { loadRecordFunction, type RecordFunctionSpec } from "./record_function.ts";

/** Rows that one record may become, at most. */
const MAX_ROWS_OF_ONE = 65_536;
const BUILDER_PREFIX = /^Cannot (?:build batch: row \d+(?:, |: )?|infer schema: row \d+(?:, )?) ?/;

/** A step that calls a function of the user's for each row, as plain data. */
export interface FunctionStepSpec {
  /** One row of each, some rows of each, or those rows of which the function says so. */
  readonly kind: "map" | "flatMap" | "filterBy";
  /** What the function is called, for people. */
  readonly title: string;
  readonly fn: RecordFunctionSpec;
  /** Of the rows that it gives, not of a filter; absent: learned from the first of them. */
  readonly schema?: Schema;
  /** Promises of an asynchronous function that may be pending in a bee. */
  readonly concurrency: number;
  /** How long one of them may be pending. */
  readonly timeoutMs: number;
}

/** A function that is called for each row, with what belongs to it. */
export interface StepFunction {
  /** Where promises are waited for. */
  readonly runtime: Runtime;
  call(row: Record<string, unknown>): unknown;
  /** The error that ends the run, if `error` shows that the function cannot work in a bee. */
  unfit(error: unknown): Error | undefined;
}

/** The functions of steps. */
export type StepFunctions = ReadonlyMap<object, StepFunction>;

/** Loads the functions of some steps, where they will run. */
export async function loadStepFunctions(
  steps: readonly object[],
  runtime: Runtime,
): Promise<StepFunctions> {
  const functions = new Map<object, StepFunction>();
  for (const step of steps as readonly Partial<FunctionStepSpec>[]) {
    if (!step.fn) continue;
    const { call, context, unfit } = await loadRecordFunction(step.fn, runtime);
    const info = Object.freeze({ context });
    const callRow = call as (row: unknown, info: unknown) => unknown;
    functions.set(step, { runtime, call: (row) => callRow(row, info), unfit });
  }
  return functions;
}

/** What calls of a function have come to. */
export interface FunctionOutcome {
  /** Absent as long as no row tells the columns. */
  readonly batch?: RecordBatch;
  /** Of each row that came out, the row that it was made of. */
  readonly kept: Int32Array;
  /** Rows that came out beyond one for each that went in. */
  readonly added: number;
}

/** What a {@linkcode FunctionStep} is told, and tells. */
export interface FunctionEvents {
  /** A row cannot be used. */
  readonly bad: (row: number, error: Error) => void;
  /** A row has been dealt with: the bee is alive. */
  readonly advance: () => void;
  /** Whether nobody wants the outcome any more. */
  readonly isCancelled: () => boolean;
}

/** Calls a function for row after row, and makes columns of what it gives. */
export class FunctionStep {
  readonly #spec: FunctionStepSpec;
  readonly #fn: StepFunction | undefined;
  #schema: Schema | undefined;

  /** A step over batches of `schema`; without a function it can only tell its columns. */
  constructor(spec: FunctionStepSpec, schema: Schema, fn: StepFunction | undefined) {
    this.#spec = spec;
    this.#fn = fn;
    this.#schema = spec.kind === "filterBy" ? schema : spec.schema;
  }

  /** Of the batches that come out; absent as long as no row has told. */
  get schema(): Schema | undefined {
    return this.#schema;
  }

  /**
   * Calls the function for all rows of a batch; a promise, if the function gives one.
   *
   * @throws {TypeError} when the function cannot work in a bee.
   */
  run(batch: RecordBatch, events: FunctionEvents): FunctionOutcome | Promise<FunctionOutcome> {
    const { concurrency, timeoutMs } = this.#spec;
    const { runtime, call } = this.#fn!;
    const options = { runtime, call, concurrency, timeoutMs, ...events };
    const called = callRows(visible(batch).toRows(), options);
    const take = (called: Called[]) =>
      this.#spec.kind === "filterBy"
        ? this.#filtered(batch, called, events)
        : this.#made(called, events);
    return called instanceof Promise ? called.then(take) : take(called);
  }

  #made(called: readonly Called[], events: FunctionEvents): FunctionOutcome {
    const kept: number[] = [];
    let builder = this.#schema && new RecordBatchBuilder(this.#schema);
    called.forEach((each, at) => {
      const given = this.#attempt(at, events, () => this.#rowsOf(givenBy(each)));
      for (const each of given ?? []) {
        this.#attempt(at, events, () => {
          builder ??= new RecordBatchBuilder(this.#learn(each));
          builder.append(each as object);
          kept.push(at);
        });
      }
    });
    return { ...(builder && { batch: builder.finish() }), ...keptOf(kept) };
  }

  #filtered(
    batch: RecordBatch,
    called: readonly Called[],
    events: FunctionEvents,
  ): FunctionOutcome {
    const kept: number[] = [];
    called.forEach((each, at) => {
      if (this.#attempt(at, events, () => this.#isKept(givenBy(each)))) kept.push(at);
    });
    const left = kept.length < batch.length ? batch.take(kept) : batch;
    return { batch: left, ...keptOf(kept) };
  }

  #isKept(answer: unknown): boolean {
    if (typeof answer === "boolean") return answer;
    throw new TypeError(
      `Cannot filter row: ${this.#spec.title} must give true or false, received ${shown(answer)}`,
    );
  }

  #rowsOf(given: unknown): Iterable<unknown> {
    if (this.#spec.kind === "map") return [given];
    const isIterable = typeof given === "object" && given !== null && Symbol.iterator in given;
    if (!isIterable) {
      throw new TypeError(
        `Cannot flatMap row: ${this.#spec.title} must give an array of rows, received ` +
          shown(given),
      );
    }
    const all: unknown[] = [];
    for (const each of given as Iterable<unknown>) {
      if (all.push(each) <= MAX_ROWS_OF_ONE) continue;
      throw new RangeError(
        `Cannot flatMap row: ${this.#spec.title} gave more than ${MAX_ROWS_OF_ONE} rows for one`,
      );
    }
    return all;
  }

  /** Does something for a row; what fails is the row's fault unless the function cannot work. */
  #attempt<T>(at: number, { bad }: FunctionEvents, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const isReference = error instanceof Error && error.name === "ReferenceError";
      const unfit = isReference ? this.#fn!.unfit(error) : undefined;
      if (unfit) throw unfit;
      bad(at, this.#explained(error));
      return undefined;
    }
  }

  #learn(row: unknown): Schema {
    const { fields } = inferSchema([row as object]);
    if (fields.length === 0) {
      throw new TypeError(
        `Cannot ${this.#spec.kind} row: the first row that ${this.#spec.title} gave has no columns`,
      );
    }
    return this.#schema = { fields: fields.map(widenedField) };
  }

  /** An error of the user's function, or of ours about what it gave, with what it stopped. */
  #explained(error: unknown): Error {
    const { kind, title, schema } = this.#spec;
    const doing = `Cannot ${kind === "filterBy" ? "filter" : kind} row: `;
    if (!(error instanceof Error)) return new Error(`${doing}${title} threw ${shown(error)}`);
    if (error.message.startsWith(doing)) return error;
    const message = BUILDER_PREFIX.test(error.message)
      ? doing + misfit(title, error.message.replace(BUILDER_PREFIX, "")) +
        (schema ? "" : `; the columns are those of the first row that it gave, or pass a schema`)
      : `${doing}${title} threw ${error.name}: ${error.message}`;
    const explained = new Error(message, { cause: error });
    explained.name = error.name;
    return explained;
  }
}

/** What is wrong with a row that a function gave, by what is wrong when it is put into columns. */
function misfit(title: string, reason: string): string {
  return reason.startsWith("must be an object")
    ? reason.replace("must be", `${title} must give`)
    : `${title} gave a row that does not fit: ${reason}`;
}

function givenBy(called: Called): unknown {
  if ("error" in called) throw called.error;
  return called.given;
}

/** The columns that a user knows of. */
function visible(batch: RecordBatch): RecordBatch {
  const { fields } = batch.schema;
  if (!fields.some(({ name }) => isComputed(name))) return batch;
  const own = fields.flatMap(({ name }, at) => isComputed(name) ? [] : [at]);
  const columns = own.map((at) => batch.columnAt(at));
  return new RecordBatch({ fields: own.map((at) => fields[at]) }, columns, batch.length);
}

function keptOf(kept: readonly number[]): { kept: Int32Array; added: number } {
  const distinct = kept.reduce((count, row, at) => count + Number(row !== kept[at - 1]), 0);
  return { kept: Int32Array.from(kept), added: kept.length - distinct };
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
