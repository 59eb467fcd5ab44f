import { inferSchema } from "../batch/infer.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import { RecordBatchBuilder } from "../batch/record_batch_builder.ts";
import type { Schema } from "../batch/schema.ts";
import { widenedField } from "../batch/widened.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { isComputed } from "../windows/aggregate.ts";
import { callRows, type Calls } from "./row_calls.ts";
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

/** Rows that were given, and the row that each was made of. */
interface Listed {
  readonly rows: unknown[];
  readonly of: number[];
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
    const calls = callRows(visible(batch).toRows(), options);
    const take = (calls: Calls) =>
      this.#spec.kind === "filterBy"
        ? this.#filtered(batch, calls, events)
        : this.#made(this.#listed(calls, events), events);
    return calls instanceof Promise ? calls.then(take) : take(calls);
  }

  #filtered(batch: RecordBatch, { given, errors }: Calls, events: FunctionEvents): FunctionOutcome {
    const kept: number[] = [];
    for (let row = 0; row < batch.length; row++) {
      if (given[row] === true) kept.push(row);
      else if (errors.has(row)) this.#fail(row, errors.get(row), events);
      else if (given[row] !== false) this.#fail(row, this.#noAnswer(given[row]), events);
    }
    const left = kept.length < batch.length ? batch.take(kept) : batch;
    return { batch: left, ...keptOf(kept) };
  }

  #noAnswer(given: unknown): TypeError {
    return new TypeError(
      `Cannot filter row: ${this.#spec.title} must give true or false, received ${shown(given)}`,
    );
  }

  /** All rows that were given, and of which each was made. */
  #listed({ given, errors }: Calls, events: FunctionEvents): Listed {
    if (this.#spec.kind === "map" && errors.size === 0) {
      return { rows: given, of: [...given.keys()] };
    }
    const listed: Listed = { rows: [], of: [] };
    for (let row = 0; row < given.length; row++) {
      if (errors.has(row)) this.#fail(row, errors.get(row), events);
      else if (this.#spec.kind === "map") {
        listed.rows.push(given[row]);
        listed.of.push(row);
      } else this.#spread(row, given[row], { listed, events });
    }
    return listed;
  }

  #spread(
    row: number,
    given: unknown,
    { listed, events }: { listed: Listed; events: FunctionEvents },
  ): void {
    try {
      for (const each of this.#rowsOf(given)) {
        listed.rows.push(each);
        listed.of.push(row);
      }
    } catch (error) {
      this.#fail(row, error, events);
    }
  }

  #made({ rows, of }: Listed, events: FunctionEvents): FunctionOutcome {
    let from = 0;
    for (; !this.#schema && from < rows.length; from++) {
      try {
        this.#schema = this.#learn(rows[from]);
        break;
      } catch (error) {
        this.#fail(of[from], error, events);
      }
    }
    if (!this.#schema) return keptOf([]);
    const left = from === 0 ? { rows, of } : { rows: rows.slice(from), of: of.slice(from) };
    try {
      const batch = RecordBatch.fromRows(left.rows as object[], { schema: this.#schema });
      return { batch: batch as RecordBatch, ...keptOf(left.of) };
    } catch {
      // Some of them do not fit: which, is only told one by one.
      return this.#fitting(left, { schema: this.#schema, events });
    }
  }

  #fitting(
    { rows, of }: Listed,
    { schema, events }: { schema: Schema; events: FunctionEvents },
  ): FunctionOutcome {
    const kept: number[] = [];
    const builder = new RecordBatchBuilder(schema);
    rows.forEach((row, at) => {
      try {
        builder.append(row as object);
        kept.push(of[at]);
      } catch (error) {
        this.#fail(of[at], error, events);
      }
    });
    return { batch: builder.finish(), ...keptOf(kept) };
  }

  #rowsOf(given: unknown): readonly unknown[] {
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

  /** A row cannot be used; or no row can, because the function cannot work here. */
  #fail(row: number, error: unknown, { bad }: FunctionEvents): void {
    const isReference = error instanceof Error && error.name === "ReferenceError";
    const unfit = isReference ? this.#fn!.unfit(error) : undefined;
    if (unfit) throw unfit;
    bad(row, this.#explained(error));
  }

  #learn(row: unknown): Schema {
    const { fields } = inferSchema([row as object]);
    if (fields.length === 0) {
      throw new TypeError(
        `Cannot ${this.#spec.kind} row: the first row that ${this.#spec.title} gave has no columns`,
      );
    }
    return { fields: fields.map(widenedField) };
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

/** The columns that a user knows of. */
function visible(batch: RecordBatch): RecordBatch {
  const { fields } = batch.schema;
  if (!fields.some(({ name }) => isComputed(name))) return batch;
  const own = fields.flatMap(({ name }, at) => isComputed(name) ? [] : [at]);
  const columns = own.map((at) => batch.columnAt(at));
  return new RecordBatch({ fields: own.map((at) => fields[at]) }, columns, batch.length);
}

function keptOf(kept: readonly number[]): { kept: Int32Array; added: number } {
  let distinct = 0;
  for (let at = 0; at < kept.length; at++) if (at === 0 || kept[at] !== kept[at - 1]) distinct++;
  return { kept: new Int32Array(kept), added: kept.length - distinct };
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
