import { isValid, readColumn } from "../batch/column_reader.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import { typeName } from "../batch/schema_check.ts";
import {
  interArrivalDistance,
  latenessDistance,
  rateDistance,
} from "../generators/arrival/arrival_distance.ts";
import { keyDistances } from "../generators/entities/key_distance.ts";
import { QualityError } from "./quality_error.ts";

const DAY_MS = 86_400_000;
/** Events of an hour of the day, of both streams, below which nothing is said of it. */
const FEWEST_OF_HOUR = 100;

/**
 * How far a twin of a stream is from it: distances of Kolmogorov and Smirnov, 0 where they are alike
 * and at most 1.
 */
export interface StreamQuality {
  /** In the times between events. */
  readonly interArrival: number;
  /** The same of the events of each hour of the day (UTC); NaN where there are few. */
  readonly interArrivalHours: readonly number[];
  /** By which share of it the mean rate of each hour of the day is off; NaN where there are few. */
  readonly rateHours: readonly number[];
  /** In how late records are, by the order in which they came. */
  readonly lateness: number;
  /** The shares of records that came late. */
  readonly late: { readonly real: number; readonly synthetic: number };
  /** In keys; only with `key`. */
  readonly keys?: KeyQuality;
}

/** How far the keys of a twin are from those of the stream. */
export interface KeyQuality {
  /** In how frequent the keys of events are, by rank. */
  readonly frequencies: number;
  /** In the times between two events of a key. */
  readonly gaps: number;
  /** In how many events a session of a key has. */
  readonly sessions: number;
  /** The longest time between two events of a session, ms. */
  readonly sessionGapMs: number;
}

/** Which columns make rows a stream. */
export interface StreamColumns {
  /** When events happened. */
  readonly time: string;
  /** What is the same for events that belong together. */
  readonly key?: string;
  /** The longest time between two events of a session, ms. */
  readonly sessionGap?: number;
}

const TIMES: readonly string[] = ["timestamp", "date", "i32", "i64", "f64"];

/** The times of a column in ms. */
function timesOf(rows: RecordBatch, name: string, which: string): Float64Array {
  const column = rows.column(name);
  const { kind } = column.type;
  if (!TIMES.includes(kind)) {
    throw new QualityError(
      `Cannot compare streams: column ${JSON.stringify(name)} of the ${which} rows is ` +
        `${typeName(column.type)}; times must be timestamps, dates, or numbers of milliseconds`,
    );
  }
  const values = readColumn(column, { start: 0, end: rows.length });
  const missing = values.findIndex((value, at) =>
    !isValid(column, at) || !Number.isFinite(Number(value))
  );
  if (missing >= 0) {
    throw new QualityError(
      `Cannot compare streams: row ${missing} of the ${which} ones has no time in column ` +
        JSON.stringify(name),
    );
  }
  return Float64Array.from(values, (value) => Number(value) * (kind === "date" ? DAY_MS : 1));
}

function keysOf(rows: RecordBatch, name: string): unknown[] {
  return readColumn(rows.column(name), { start: 0, end: rows.length });
}

/**
 * How far a twin is from a stream, both in the order in which their records came.
 *
 * @throws {QualityError} when a column of times is none.
 */
export function streamQuality(
  real: RecordBatch,
  synthetic: RecordBatch,
  { time, key, sessionGap }: StreamColumns,
): StreamQuality {
  const [a, b] = [timesOf(real, time, "real"), timesOf(synthetic, time, "synthetic")];
  const arrivals = interArrivalDistance(a, b);
  const enough = (values: readonly number[]) =>
    values.map((value, hour) => arrivals.events[hour] < FEWEST_OF_HOUR ? NaN : value);
  const late = latenessDistance(a, b);
  const stream = {
    interArrival: arrivals.overall,
    interArrivalHours: enough(arrivals.hours),
    rateHours: enough(rateDistance(a, b)),
    lateness: late.overall,
    late: { real: late.shares[0], synthetic: late.shares[1] },
  };
  if (key === undefined) return stream;
  const { frequencies, gaps, sessions, sessionGap: sessionGapMs } = keyDistances(
    { times: a, keys: keysOf(real, key) },
    { times: b, keys: keysOf(synthetic, key) },
    { sessionGap },
  );
  return { ...stream, keys: { frequencies, gaps, sessions, sessionGapMs } };
}

/** The largest of numbers that are known; NaN when none is. */
function largest(values: readonly number[]): number {
  return values.reduce(
    (most, value) => !(value <= most) && !Number.isNaN(value) ? value : most,
    NaN,
  );
}

/** The distances by name, for people. */
export function streamLines(stream: StreamQuality): (readonly [name: string, distance: number])[] {
  const { keys } = stream;
  return [
    ["times between events", stream.interArrival],
    ["the same, worst hour of the day", largest(stream.interArrivalHours)],
    ["rate, worst hour of the day", largest(stream.rateHours)],
    ["lateness", stream.lateness],
    ...(keys
      ? [
        ["frequency of keys", keys.frequencies],
        ["times between events of a key", keys.gaps],
        ["events of a session", keys.sessions],
      ] as const
      : []),
  ];
}
