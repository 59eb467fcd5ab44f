import { columnOf } from "../batch/column_of.ts";
import type { Column } from "../batch/column.ts";
import { readColumn } from "../batch/column_reader.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { DataType } from "../batch/schema.ts";
import { checkType, sameType, typeName } from "../batch/schema_check.ts";
import { textParser } from "../codecs/text_values.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { received } from "../runtime/known_options.ts";
import { IterableSource, type Rows } from "../sources/iterable_source.ts";
import { mergedPartitions } from "../sources/merged_partitions.ts";
import {
  hasPartitions,
  isSource,
  type Source,
  type SourceBatch,
  type SourceOptions,
} from "../stream/source.ts";
import { isText } from "./encoding/column_values.ts";
import {
  checkColumnNames,
  type ColumnOptions,
  type FitOptions,
  madeOptions,
  seedBits,
} from "./fit_options.ts";
import { TrainingDataError } from "./generator_errors.ts";
import { repeatedHeader } from "./repeated_header.ts";
import { Reservoir } from "./reservoir.ts";
import { eventTimes } from "./twins/learn_keys_of_rows.ts";
import { StreamRows } from "./twins/stream_rows.ts";

const TIMESTAMP: DataType = { kind: "timestamp" };
const DEFAULT_MAX_ROWS = 250_000;
/** What messages call rows that do not come of a source with a name. */
const GIVEN_ROWS = "the rows";

/** How rows are read. */
export interface ReadOptions extends FitOptions {
  /** What they are read for, for messages. Default `"fit generator"`. */
  doing?: string;
}

/** The rows that are learned from. */
export interface TrainingRows {
  readonly batch: RecordBatch;
  /** How many there were. */
  readonly seen: number;
  /** Where they are a stream: the event times of these rows, and of those that came next. */
  readonly times?: Float64Array;
}

/** How many rows there were, and how many of them were kept, where that is not all. */
export function learnedFrom(
  { length: sampled }: RecordBatch,
  rows: number,
): { readonly rows: number; readonly sampled?: number } {
  return sampled < rows ? { rows, sampled } : { rows };
}

function sourceOf(input: unknown, doing: string): Source {
  if (isSource(input)) return input;
  const isIterable = typeof input === "object" && input !== null &&
    (Symbol.iterator in input || Symbol.asyncIterator in input);
  if (isIterable) {
    const rows = input instanceof RecordBatch ? [input] : input as Rows<object>;
    return new IterableSource<object, Record<string, unknown>>(rows, { name: GIVEN_ROWS });
  }
  throw new TypeError(
    `Cannot ${doing}: it takes an iterable of objects or record batches, or a source such as ` +
      `csv(path), received ${received(input)}`,
  );
}

/** A column as another type: texts are parsed, other values must fit as they are. */
function castColumn(column: Column, type: DataType, name: string): Column {
  checkType(type);
  if (sameType(column.type, type)) return column;
  const values = readColumn(column, { start: 0, end: column.length });
  const parse = isText(column.type) ? textParser(type) : undefined;
  try {
    const cast = parse
      ? values.map((value) => value === null ? null : parse(value as string))
      : values;
    return columnOf(type, cast);
  } catch (error) {
    throw new TrainingDataError(
      `Cannot learn column ${JSON.stringify(name)} as ${typeName(type)}: ${
        (error as Error).message
      }; its type is ${typeName(column.type)}`,
      { cause: error },
    );
  }
}

/** The columns that are learned, of the types that were asked for; event times that are texts as times. */
function wantedColumns(batch: RecordBatch, { columns = {}, time }: FitOptions): RecordBatch {
  const of = (name: string): ColumnOptions => Object.hasOwn(columns, name) ? columns[name] : {};
  const wanted = batch.schema.fields.filter(({ name }) => of(name).role !== "ignore");
  const fields = wanted.map((field) => {
    const { type } = madeOptions(of(field.name)) ? {} : of(field.name);
    const isTimeText = field.name === time && isText(field.type);
    return { ...field, type: type ?? (isTimeText ? TIMESTAMP : field.type) };
  });
  const cast = fields.map(({ name, type }) => castColumn(batch.column(name), type, name));
  return new RecordBatch({ fields }, cast, batch.length);
}

function checkSignal(signal: unknown, doing: string): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new TypeError(
    `Cannot ${doing}: signal must be an AbortSignal, received ${received(signal)}`,
  );
}

/** Fails where a header stands within the rows: its names would make texts of all numbers. */
function checkHeader(
  batch: RecordBatch,
  { doing, name, seen }: { doing: string; name: string; seen: number },
): void {
  const row = repeatedHeader(batch);
  if (row < 0) return;
  throw new TrainingDataError(
    `Cannot ${doing}: row ${seen + row} of ${name} has the name of every column as its value: ` +
      `the header stands there again, and so all columns are texts; remove it`,
  );
}

/** What a source gives; of a stream with several partitions in the order of event times. */
function arriving(
  source: Source,
  { time, columns }: FitOptions,
  opened: SourceOptions,
): AsyncIterable<SourceBatch> {
  if (time === undefined || !hasPartitions(source)) return source.open(opened);
  const named = columns && Object.hasOwn(columns, time) ? { [time]: columns[time] } : {};
  const timesOf = (batch: RecordBatch, before: number) => {
    checkColumnNames({ time }, batch.names);
    return eventTimes(wantedColumns(batch.select([time]), { columns: named, time }), time, before);
  };
  return mergedPartitions(source, { opened, timesOf });
}

/** There is nothing to learn from: because nothing came, or because nothing could be read. */
function noRows(doing: string, name: string, leftOut: number): TrainingDataError {
  const why = leftOut === 0
    ? `there are no rows in ${name === GIVEN_ROWS ? "what was given" : name}`
    : `nothing that was read of ${name} could be decoded: ` +
      `${leftOut} bad record${leftOut === 1 ? " was" : "s were"} left out, and there are no others`;
  const remedy = leftOut === 0
    ? "give it some, and look whether they are where it reads"
    : 'pass badRecords: "fail" to see what is wrong with the first of them';
  return new TrainingDataError(`Cannot ${doing}: ${why}, and so nothing to learn from; ${remedy}`);
}

/**
 * Reads rows, of which so many are kept as options say.
 *
 * @throws {TrainingDataError} when there are none.
 */
export async function readTrainingRows(
  input: unknown,
  options: ReadOptions,
  runtime: Runtime,
): Promise<TrainingRows> {
  const { maxRows = DEFAULT_MAX_ROWS, seed, time, onProgress, doing = "fit generator" } = options;
  const source = sourceOf(input, doing);
  checkSignal(options.signal, doing);
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  const stream = time === undefined ? undefined : new StreamRows(maxRows, time);
  const kept = stream ?? new Reservoir(maxRows, seedBits(seed));
  const opened = { runtime, signal, badRecords: "fail", deadLetter: () => {} } as const;
  let [isFirst, leftOut] = [true, 0];
  for await (const part of arriving(source, options, opened)) {
    signal.throwIfAborted();
    const { batch, skipped = 0, deadLettered = 0 } = part;
    leftOut += skipped + deadLettered;
    if (!batch) continue;
    if (isFirst) checkColumnNames(options, batch.names, doing);
    isFirst = false;
    checkHeader(batch, { doing, name: source.name, seen: kept.seen });
    kept.add(wantedColumns(batch, options));
    onProgress?.({ phase: "reading", rows: kept.seen, share: 0 });
  }
  signal.throwIfAborted();
  const batch = kept.rows();
  if (!batch || batch.length === 0) throw noRows(doing, source.name, leftOut);
  return { batch, seen: kept.seen, ...(stream && { times: stream.times() }) };
}
