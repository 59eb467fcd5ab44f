import { inferSchema } from "../batch/infer.ts";
import { INFERENCE_ROWS } from "../batch/limits.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import { RecordBatchBuilder } from "../batch/record_batch_builder.ts";
import type { TypedSchema } from "../batch/schema.ts";
import { BadInputError } from "../stream/bad_inputs.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { BadInput, Source, SourceBatch, SourceOptions } from "../stream/source.ts";

const DEFAULT_BATCH_ROWS = 4096;

/** Rows as objects, or batches of them, that come one after the other. */
export type Rows<Row> =
  | Iterable<Row | RecordBatch<Row>>
  | AsyncIterable<Row | RecordBatch<Row>>;

/** Options of {@linkcode IterableSource}. */
export interface IterableSourceOptions<Row> {
  /** The columns of rows that come as objects. Default: inferred from the first 1,024. */
  schema?: TypedSchema<Row>;
  /** Objects that are put into one batch, at most. Default 4,096. */
  batchRows?: number;
  /** What it is, for messages. Default `"iterable"`. */
  name?: string;
}

/**
 * A source of objects or batches.
 *
 * Objects are collected into batches; of an asynchronous iterable also fewer, whenever the next one
 * lets wait for itself.
 */
export class IterableSource<Row> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly #rows: Rows<Row>;
  readonly #batchRows: number;

  /** A source of what can be iterated; of a generator only once. */
  constructor(rows: Rows<Row>, options: IterableSourceOptions<Row> = {}) {
    const { schema, batchRows = DEFAULT_BATCH_ROWS, name = "iterable" } = options;
    if (!(Number.isInteger(batchRows) && batchRows > 0)) {
      throw new RangeError(
        `Cannot make source: batchRows must be a positive whole number, received ${batchRows}`,
      );
    }
    this.name = name;
    if (schema) this.schema = schema;
    this.#rows = rows;
    this.#batchRows = batchRows;
  }

  /** Begins to iterate. */
  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const collector = new Collector<Row>({
      schema: this.schema,
      batchRows: this.#batchRows,
      open: options,
    });
    if (Symbol.asyncIterator in this.#rows) {
      yield* this.#fromAsync(this.#rows, collector, options);
    } else {
      for (const each of this.#rows) {
        yield* collector.add(each);
        if (options.signal.aborted) return;
      }
    }
    yield* collector.flush();
  }

  async *#fromAsync(
    rows: AsyncIterable<Row | RecordBatch<Row>>,
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

interface CollectorOptions<Row> {
  readonly schema: TypedSchema<Row> | undefined;
  readonly batchRows: number;
  /** What the source was opened with. */
  readonly open: SourceOptions;
}

/** Collects rows into batches. */
class Collector<Row> {
  readonly #batchRows: number;
  readonly #open: SourceOptions;
  #builder: RecordBatchBuilder<Row> | undefined;
  /** Rows from which the columns will be inferred. */
  #first: object[] = [];
  #skipped = 0;
  #deadLettered = 0;
  #position = 0;

  constructor({ schema, batchRows, open }: CollectorOptions<Row>) {
    this.#batchRows = batchRows;
    this.#open = open;
    if (schema) this.#builder = new RecordBatchBuilder<Row>(schema);
  }

  /** Rows that wait for their batch to become full. */
  get length(): number {
    return this.#first.length + (this.#builder?.length ?? 0);
  }

  *add(row: Row | RecordBatch<Row>): Generator<SourceBatch<Row>> {
    if (row instanceof RecordBatch) {
      yield* this.flush();
      this.#position += row.length;
      yield { batch: row };
      return;
    }
    if (this.#builder) this.#append(row as object);
    else this.#first.push(row as object);
    if (this.length >= (this.#builder ? this.#batchRows : INFERENCE_ROWS)) yield* this.flush();
  }

  *flush(): Generator<SourceBatch<Row>> {
    if (this.#first.length > 0) this.#infer();
    const counts = { skipped: this.#skipped, deadLettered: this.#deadLettered };
    this.#skipped = this.#deadLettered = 0;
    if (this.#builder && this.#builder.length > 0) {
      yield { batch: this.#builder.finish(), ...counts };
    } else if (counts.skipped + counts.deadLettered > 0) yield counts;
  }

  #infer(): void {
    const rows = this.#first;
    this.#first = [];
    this.#builder = new RecordBatchBuilder<Row>(inferSchema(rows) as TypedSchema<Row>);
    for (const row of rows) this.#append(row);
  }

  #append(row: object): void {
    const position = this.#position++;
    try {
      this.#builder!.append(row);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const { name, message } = error;
      this.#bad({ record: row, error: { name, message }, position });
    }
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
