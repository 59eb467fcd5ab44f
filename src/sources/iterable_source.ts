import { INFERENCE_ROWS } from "../batch/limits.ts";
import { type InferredRow, RecordBatch } from "../batch/record_batch.ts";
import { RecordBatchBuilder } from "../batch/record_batch_builder.ts";
import type { TypedSchema } from "../batch/schema.ts";
import { BadInputError } from "../stream/bad_inputs.ts";
import { checkWhole, knownOptions, type OptionRule } from "../runtime/known_options.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { BadInput, Source, SourceBatch, SourceOptions } from "../stream/source.ts";
import { FirstRows } from "../stream/first_rows.ts";

const DEFAULT_BATCH_ROWS = 4096;

/** Rows as objects, or batches of them, that come one after the other. */
export type Rows<Row> =
  | Iterable<Row | RecordBatch<Row>>
  | AsyncIterable<Row | RecordBatch<Row>>;

/** Options of {@linkcode IterableSource}. */
export interface IterableSourceOptions<Row> {
  /** The columns of rows that come as objects. Default: inferred from the first of them. */
  schema?: TypedSchema<Row>;
  /**
   * How many rows, at most 1,024, the columns are inferred from when there is no schema; until they
   * have come, or the end, nothing leaves. Default 1,024, and of an asynchronous iterable as few as
   * will do: the first, and where a column that the pipeline asks for is null there, those up to
   * one that has a value, at most 1,024; their whole numbers are taken for `f64`.
   */
  inferenceRows?: number;
  /**
   * What a key means that is no column: an error, or nothing. Default: nothing where columns were
   * inferred and the pipeline does not ask for all, else an error.
   */
  extraKeys?: "error" | "ignore";
  /** Objects that are put into one batch, at most. Default 4,096. */
  batchRows?: number;
  /** What it is, for messages. Default `"iterable"`. */
  name?: string;
}

const OPTIONS: OptionRule<IterableSourceOptions<never>> = {
  doing: "make source",
  names: { schema: true, inferenceRows: true, extraKeys: true, batchRows: true, name: true },
  example: "{ batchRows: 1000 }",
};

/**
 * A source of objects or batches.
 *
 * Objects are collected into batches; of an asynchronous iterable also fewer, whenever the next one
 * lets wait for itself. Which columns they have depends on the objects alone: see
 * {@linkcode IterableSourceOptions.inferenceRows}.
 */
export class IterableSource<In extends object, Row = InferredRow<In>> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly #rows: Rows<In>;
  readonly #options: IterableSourceOptions<Row>;

  /**
   * A source of what can be iterated; of a generator only once.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(rows: Rows<In>, options: IterableSourceOptions<Row> = {}) {
    const { schema, inferenceRows, extraKeys, batchRows, name = "iterable" } = knownOptions(
      options,
      OPTIONS,
    );
    checkCount("inferenceRows", inferenceRows, INFERENCE_ROWS);
    checkCount("batchRows", batchRows, Number.MAX_SAFE_INTEGER);
    if (![undefined, "error", "ignore"].includes(extraKeys)) {
      throw new TypeError(
        `Cannot make source: extraKeys must be "error" or "ignore", received ` +
          JSON.stringify(extraKeys),
      );
    }
    this.name = name;
    if (schema) this.schema = schema;
    this.#rows = rows;
    this.#options = options;
  }

  /** Begins to iterate. */
  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const isAsync = Symbol.asyncIterator in this.#rows;
    const { inferenceRows = isAsync ? undefined : INFERENCE_ROWS } = this.#options;
    const collector = new Collector<Row>({ ...this.#options, inferenceRows }, options);
    if (Symbol.asyncIterator in this.#rows) {
      yield* this.#fromAsync(this.#rows, collector, options);
    } else {
      for (const each of this.#rows) {
        yield* collector.add(each);
        if (options.signal.aborted) return;
      }
    }
    yield* collector.end();
  }

  async *#fromAsync(
    rows: AsyncIterable<In | RecordBatch<In>>,
    collector: Collector<Row>,
    options: SourceOptions,
  ): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const iterator = rows[Symbol.asyncIterator]();
    const turns = new Turns(options.runtime);
    using aborted = abortOf(options.signal);
    try {
      while (!options.signal.aborted) {
        const next = iterator.next();
        // Rows that are here do not wait for rows that are not.
        if (collector.length > 0 && !(await turns.settles(next))) yield* collector.flush();
        const result = await Promise.race([next, aborted.promise]);
        if (!result || result.done) return;
        yield* collector.add(result.value);
      }
    } finally {
      await iterator.return?.(); // who opened this source waits only so long for it to close
    }
  }
}

function checkCount(name: string, value: number | undefined, most: number): void {
  if (value !== undefined) checkWhole(name, value, { doing: "make source", most });
}

/** A promise that resolves when a signal is aborted. */
function abortOf(signal: AbortSignal): Disposable & { readonly promise: Promise<undefined> } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const listener = () => resolve(undefined);
  signal.addEventListener("abort", listener);
  if (signal.aborted) listener();
  return {
    promise,
    [Symbol.dispose]: () => signal.removeEventListener("abort", listener),
  };
}

/** Turns of the event loop, each asked for once however many promises are held against it. */
class Turns {
  readonly #runtime: Runtime;
  #turn: Promise<boolean> | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Whether a promise settles within this turn of the event loop. */
  settles(promise: Promise<unknown>): Promise<boolean> {
    this.#turn ??= new Promise((resolve) => {
      this.#runtime.soon(() => {
        this.#turn = undefined;
        resolve(false);
      });
    });
    return Promise.race([promise.then(() => true, () => true), this.#turn]);
  }
}

/** Collects rows into batches. */
class Collector<Row> {
  readonly #options: IterableSourceOptions<Row>;
  readonly #open: SourceOptions;
  readonly #batchRows: number;
  readonly #first: FirstRows;
  #builder: RecordBatchBuilder<Row> | undefined;
  #inferredFrom = 0;
  #skipped = 0;
  #deadLettered = 0;
  #position = 0;

  constructor(options: IterableSourceOptions<Row>, open: SourceOptions) {
    const { schema, inferenceRows, extraKeys, batchRows = DEFAULT_BATCH_ROWS } = options;
    this.#options = options;
    this.#open = open;
    this.#batchRows = batchRows;
    this.#first = new FirstRows({ inferenceRows, columns: open.columns });
    if (schema) this.#builder = new RecordBatchBuilder<Row>(schema, { extraKeys });
  }

  /** Rows that wait for their batch to become full, and for nothing else. */
  get length(): number {
    return this.#builder?.length ?? 0;
  }

  *add(row: object): Generator<SourceBatch<Row>> {
    if (row instanceof RecordBatch) {
      yield* this.end();
      this.#position += row.length;
      yield { batch: row };
    } else if (this.#builder) yield* this.#append(row);
    else if (this.#first.add(row)) yield* this.#infer();
  }

  /** What is ready, in a batch. */
  *flush(): Generator<SourceBatch<Row>> {
    const counts = { skipped: this.#skipped, deadLettered: this.#deadLettered };
    this.#skipped = this.#deadLettered = 0;
    if (this.#builder && this.#builder.length > 0) {
      yield { batch: this.#builder.finish(), ...counts };
    } else if (counts.skipped + counts.deadLettered > 0) yield counts;
  }

  /** All rows so far: the first ones are as many as there are. */
  *end(): Generator<SourceBatch<Row>> {
    if (this.#first.length > 0) yield* this.#infer();
    yield* this.flush();
  }

  *#infer(): Generator<SourceBatch<Row>> {
    const { extraKeys = this.#open.columns ? "ignore" : "error" } = this.#options;
    const { rows, schema } = this.#first.take();
    this.#inferredFrom = rows.length;
    this.#builder = new RecordBatchBuilder(schema as TypedSchema<Row>, { extraKeys });
    for (const row of rows) yield* this.#append(row);
  }

  *#append(row: object): Generator<SourceBatch<Row>> {
    const position = this.#position++;
    try {
      this.#builder!.append(row);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const { name } = error;
      const message = error.message + this.#hint();
      this.#bad({ record: row, error: { name, message }, position });
    }
    if (this.length >= this.#batchRows) yield* this.flush();
  }

  #hint(): string {
    const rows = this.#inferredFrom;
    if (rows === 0) return "";
    return `; the columns are those of the first ${rows === 1 ? "row" : `${rows} rows`}, to give ` +
      `them yourself use from(new IterableSource(rows, { schema }))`;
  }

  #bad(bad: BadInput): void {
    const { badRecords, deadLetter } = this.#open;
    if (badRecords === "fail") throw new BadInputError(bad);
    if (badRecords === "skip") {
      this.#skipped++;
      return;
    }
    this.#deadLettered++;
    deadLetter(bad);
  }
}
