import type { Column } from "../batch/column.ts";
import { readColumn } from "../batch/column_reader.ts";
import { noSuchColumn } from "../batch/no_such_column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { DataType, Schema } from "../batch/schema.ts";
import { DAY_MS, MAX_TIMESTAMP_MS } from "../batch/time_range.ts";
import { parseDate, parseTimestamp } from "../batch/iso_time.ts";
import { impossibleTimes } from "./event_times.ts";

const HIGH = 2 ** 32;
const CACHED_TEXTS = 65_536;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** How event times are written. */
export type TimestampFormat =
  /** ISO 8601 texts, of a date or of a date and time; without a zone they are UTC. */
  | "iso"
  /** ISO 8601 dates (`2024-05-31`) as text, or a `date` column: midnight UTC. */
  | "date"
  /** Numbers of seconds since 1970, or texts of them. */
  | "s"
  /** Numbers of milliseconds since 1970, or texts of them. */
  | "ms"
  /** Numbers of microseconds since 1970, or texts of them. */
  | "us";

/** How many milliseconds one of a number is. */
const UNITS: Readonly<Record<string, number>> = { s: 1000, ms: 1, us: 1 / 1000 };
/** A text of each format, for those who have written a time otherwise. */
const EXAMPLES: Readonly<Record<TimestampFormat, string>> = {
  iso: "2026-01-31T12:00:00Z",
  date: "2026-01-31",
  s: "1769860800",
  ms: "1769860800000",
  us: "1769860800000000",
};
const NUMBERS: ReadonlySet<string> = new Set(["i32", "i64", "f32", "f64"]);
/** Columns whose values are milliseconds in 64 bits as they stand. */
const READY: ReadonlySet<string> = new Set(["timestamp", "i64"]);
const TIMESTAMP: DataType = { kind: "timestamp" };

/** A row whose time cannot be read. */
export interface BadTime {
  readonly row: number;
  readonly error: Error;
}

/** Milliseconds of a value; `undefined` if it is none. */
type ToMs = (value: string | number | bigint) => number | undefined;

function isText({ kind }: DataType): boolean {
  return kind === "utf8" || kind === "dict";
}

function defaultFormat(type: DataType): TimestampFormat {
  if (isText(type)) return "iso";
  return type.kind === "date" ? "date" : "ms";
}

function converter(type: DataType, format: TimestampFormat): ToMs | undefined {
  if (isText(type)) {
    if (format === "iso") return (text) => parseTimestamp(String(text));
    if (format === "date") return (text) => scaled(parseDate(String(text)), DAY_MS);
    return (text) => NUMBER.test(String(text)) ? scaled(Number(text), UNITS[format]) : undefined;
  }
  if (type.kind === "date" && format === "date") return (days) => Number(days) * DAY_MS;
  const isNumber = NUMBERS.has(type.kind) && format in UNITS;
  return isNumber ? (number) => scaled(Number(number), UNITS[format]) : undefined;
}

function scaled(value: number | undefined, unit: number): number | undefined {
  return value === undefined ? undefined : Math.floor(unit < 1 ? value / (1 / unit) : value * unit);
}

const VALUE_TYPES: Readonly<Record<string, DataType>> = {
  string: { kind: "utf8" },
  number: { kind: "f64" },
  bigint: { kind: "i64" },
};

/**
 * Milliseconds of a value as it stands in a record: a number or a text of the format, or a `Date`;
 * `undefined` if it is no time.
 */
export function valueTime(value: unknown, format?: TimestampFormat): number | undefined {
  const ms = value instanceof Date ? value.getTime() : converted(value, format);
  return ms !== undefined && Math.abs(ms) <= MAX_TIMESTAMP_MS ? ms : undefined;
}

function converted(value: unknown, format?: TimestampFormat): number | undefined {
  if (typeof value === "number" && (format === undefined || format === "ms")) {
    return Math.floor(value);
  }
  const type = VALUE_TYPES[typeof value];
  if (!type) return undefined;
  return converter(type, format ?? defaultFormat(type))?.(value as string | number | bigint);
}

/** Makes a column of a batch the event time: milliseconds in a `timestamp` column, where needed. */
export class EventTime {
  /** Of the batches with event times. */
  readonly schema: Schema;
  readonly #column: number;
  readonly #name: string;
  readonly #toMs: ToMs | undefined;
  readonly #format: TimestampFormat;
  readonly #known = new Map<unknown, number | undefined>();

  /**
   * @param name Of the column.
   * @throws {TypeError} when there is no such column, or its type does not go with the format.
   */
  constructor(schema: Schema, name: string, format?: TimestampFormat) {
    const { fields } = schema;
    this.#column = fields.findIndex((field) => field.name === name);
    this.#name = name;
    if (this.#column < 0) {
      throw noSuchColumn(name, { doing: "take event times from", fields });
    }
    const { type } = fields[this.#column];
    this.#format = format ?? defaultFormat(type);
    const isReady = READY.has(type.kind) && this.#format === "ms";
    this.#toMs = isReady ? undefined : converter(type, this.#format);
    if (!isReady && !this.#toMs) throw unfit(name, type, this.#format);
    const nullable = isReady ? fields[this.#column].nullable : undefined;
    this.schema = type.kind === "timestamp" ? schema : {
      fields: fields.map((field, at) =>
        at !== this.#column
          ? field
          : { name, type: TIMESTAMP, ...(nullable !== undefined && { nullable }) }
      ),
    };
  }

  /** Whether the values are milliseconds as they stand, so that {@linkcode convert} copies none. */
  get isReady(): boolean {
    return this.#toMs === undefined;
  }

  /** Position of the column. */
  get column(): number {
    return this.#column;
  }

  /** The batch with event times, and its rows that hold something which is none. */
  convert(batch: RecordBatch): { batch: RecordBatch; bad: readonly BadTime[] } {
    const column = batch.columnAt(this.#column);
    if (this.isReady) return { batch: this.named(batch), bad: this.#impossible(column) };
    const bad: BadTime[] = [];
    return { batch: this.#with(batch, this.#timesOf(column, bad)), bad };
  }

  /** The batch where {@linkcode isReady}: its milliseconds are called a timestamp. */
  named(batch: RecordBatch): RecordBatch {
    const column = batch.columnAt(this.#column);
    return column.type.kind === "timestamp" ? batch : this.#with(batch, {
      ...column,
      type: TIMESTAMP,
    });
  }

  #with(batch: RecordBatch, times: Column): RecordBatch {
    const columns = batch.columns.map((column, at) => at === this.#column ? times : column);
    return new RecordBatch(this.schema, columns, batch.length);
  }

  #impossible(column: Column): BadTime[] {
    return impossibleTimes(column).map((row) => {
      const [value] = readColumn(column, { start: row, end: row + 1 });
      return { row, error: this.#error(value as number | bigint) };
    });
  }

  #timesOf(column: Column, bad: BadTime[]): Column {
    const { length } = column;
    if (column.values instanceof Float64Array && this.#format === "ms") {
      const times = timesOfDoubles(column);
      if (times) return times;
    }
    const given = readColumn(column, { start: 0, end: length });
    const words = new Int32Array(2 * length);
    const validity = new Uint8Array((length + 7) >> 3);
    let nullCount = 0;
    for (let row = 0; row < length; row++) {
      const value = given[row] as string | number | bigint | null;
      const ms = value === null ? undefined : this.#read(value);
      if (ms === undefined || !(Math.abs(ms) <= MAX_TIMESTAMP_MS)) {
        nullCount++;
        // A time that is not there is no mistake: such rows are counted apart.
        if (value !== null) bad.push({ row, error: this.#error(value) });
        continue;
      }
      validity[row >> 3] |= 1 << (row & 7);
      words[2 * row] = ms;
      words[2 * row + 1] = Math.floor(ms / HIGH);
    }
    const values = new BigInt64Array(words.buffer);
    return { type: TIMESTAMP, length, nullCount, ...(nullCount > 0 && { validity }), values };
  }

  #read(value: string | number | bigint): number | undefined {
    if (typeof value !== "string") return this.#toMs!(value);
    // Many rows share few texts, dates above all.
    if (this.#known.has(value)) return this.#known.get(value);
    if (this.#known.size >= CACHED_TEXTS) this.#known.clear();
    const ms = this.#toMs!(value);
    this.#known.set(value, ms);
    return ms;
  }

  #error(value: string | number | bigint): Error {
    const isText = typeof value === "string";
    const text = isText ? JSON.stringify(value.slice(0, 60)) : String(value);
    const hint = isText
      ? `, such as "${EXAMPLES[this.#format]}"`
      : ` and within ${MAX_TIMESTAMP_MS} ms of 1970`;
    return new RangeError(
      `Cannot read event time: column ${JSON.stringify(this.#name)} must be of format ` +
        `"${this.#format}"${hint}, received ${text}`,
    );
  }
}

/** Doubles of milliseconds as timestamps; `undefined` where some are none. */
function timesOfDoubles({ values, length, nullCount }: Column): Column | undefined {
  if (nullCount > 0) return undefined;
  const doubles = values as Float64Array;
  const words = new Int32Array(2 * length);
  for (let row = 0; row < length; row++) {
    const ms = Math.floor(doubles[row]);
    if (!(Math.abs(ms) <= MAX_TIMESTAMP_MS)) return undefined;
    words[2 * row] = ms;
    words[2 * row + 1] = Math.floor(ms / HIGH);
  }
  return { type: TIMESTAMP, length, nullCount, values: new BigInt64Array(words.buffer) };
}

function unfit(name: string, type: DataType, format: TimestampFormat): TypeError {
  if (type.kind === "mixed") {
    return new TypeError(
      `Cannot take event times from column ${
        JSON.stringify(name)
      }: its values are all null, or of ` +
        `several types, so that its type is not known; correct them, or give the source a schema`,
    );
  }
  return new TypeError(
    `Cannot take event times from column ${
      JSON.stringify(name)
    }: a column of ${type.kind} cannot ` +
      `have the format "${format}"; give the format that it has ("iso" and "date" are texts, "s", ` +
      `"ms" and "us" numbers or texts of them), or select a timestamp`,
  );
}
