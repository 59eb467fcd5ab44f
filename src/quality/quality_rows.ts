import { RecordBatch } from "../batch/record_batch.ts";
import { seedBits } from "../generators/fit_options.ts";
import { Reservoir } from "../generators/reservoir.ts";
import { Sample } from "../generators/sampling/sample.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import { received } from "../runtime/known_options.ts";
import { IterableSource, type Rows } from "../sources/iterable_source.ts";
import { isSource, type Source } from "../stream/source.ts";
import { QualityError } from "./quality_error.ts";

/** A source of rows, such as `csv(path)`. */
export interface QualitySource {
  /** What it is, for messages. */
  readonly name: string;
  /** Begins to read from the start. */
  open(options: never): AsyncIterable<unknown>;
}

/** Rows to compare: objects, record batches, a sample of a generator, or a source. */
export type QualityRows = QualitySource | Iterable<object> | AsyncIterable<object>;

/** How rows are read. */
export interface ReadingOptions {
  /** Which rows, for messages: `"real"`. */
  readonly which: string;
  /** Rows that are kept, at most: a random sample by the seed. */
  readonly maxRows: number;
  /** Decides which rows are kept. */
  readonly seed: number | bigint | undefined;
  readonly signal: AbortSignal | undefined;
}

function sourceOf(input: unknown, which: string): Source {
  if (isSource(input)) return input;
  if (input instanceof Sample && input.length === Infinity) {
    throw new QualityError(
      `Cannot compare rows: the ${which} ones are an infinite sample; take one of a number`,
    );
  }
  const rows = input instanceof Sample
    ? input.batches()
    : input instanceof RecordBatch
    ? [input]
    : input;
  const isIterable = typeof rows === "object" && rows !== null &&
    (Symbol.iterator in rows || Symbol.asyncIterator in rows);
  if (isIterable) {
    return new IterableSource<object, Record<string, unknown>>(rows as Rows<object>, {
      name: `the ${which} rows`,
    });
  }
  throw new TypeError(
    `Cannot compare rows: the ${which} ones must be an iterable of objects or record batches, a ` +
      `sample, or a source such as csv(path), received ${received(input)}`,
  );
}

/**
 * Reads rows, of which a random sample is kept when they are many.
 *
 * @throws {QualityError} when there are none.
 */
export async function readQualityRows(
  input: QualityRows,
  { which, maxRows, seed, signal = new AbortController().signal }: ReadingOptions,
): Promise<RecordBatch> {
  const source = sourceOf(input, which);
  const reservoir = new Reservoir(maxRows, seedBits(seed));
  const opened = {
    runtime: denoRuntime,
    signal,
    badRecords: "fail",
    deadLetter: () => {},
  } as const;
  signal.throwIfAborted();
  for await (const { batch } of source.open(opened)) {
    signal.throwIfAborted();
    if (batch) reservoir.add(batch);
  }
  signal.throwIfAborted();
  const rows = reservoir.rows();
  if (rows && rows.length > 0) return rows;
  const place = isSource(input) ? ` in ${input.name}` : "";
  throw new QualityError(`Cannot compare rows: there are no ${which} ones${place}; give some`);
}
