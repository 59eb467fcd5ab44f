import type { DataType } from "../../batch/schema.ts";
import { typeName } from "../../batch/schema_check.ts";
import { knownOptions, received } from "../../runtime/known_options.ts";
import { KEY_TYPES, TIME_TYPES } from "./twin.ts";
import type { ArrivalOptions } from "../arrival/declare_arrivals.ts";

const MOST_KEYS = 1_000_000;
const MOST_EXPONENT = 10;

/** How frequent keys are: made by {@linkcode zipf}. */
export interface KeyShares {
  /** The kind of distribution. */
  readonly kind: "zipf";
  /** How many keys there are. */
  readonly keys: number;
  /** How steeply they become rarer. */
  readonly exponent: number;
}

/** How the records of a stream arrive, and how frequent their keys are. */
export interface TwinArrivalOptions extends ArrivalOptions {
  /** How frequent keys are, drawn independently of each other: `zipf(10_000, 1.1)`. */
  keys?: KeyShares;
}

/**
 * Keys of which the k-th most frequent has a share of events in proportion to `k ** -exponent`
 * (Zipf's law; with 0 all are as frequent).
 *
 * @param keys How many, 1 to 1,000,000.
 * @param exponent 0 to 10. Default 1.
 * @throws {RangeError} when there cannot be so many keys, or no such exponent.
 */
export function zipf(keys: number, exponent = 1): KeyShares {
  if (!(Number.isInteger(keys) && keys >= 1 && keys <= MOST_KEYS)) {
    throw new RangeError(
      `Cannot use zipf: the number of keys must be whole, from 1 to ${MOST_KEYS}, received ` +
        received(keys),
    );
  }
  if (!(exponent >= 0 && exponent <= MOST_EXPONENT)) {
    throw new RangeError(
      `Cannot use zipf: the exponent must be from 0 to ${MOST_EXPONENT}, received ` +
        received(exponent),
    );
  }
  return { kind: "zipf", keys, exponent };
}

/** The share of events that each key has. */
export function declaredShares(given: KeyShares): Float64Array {
  const { kind, keys, exponent } = Object(given) as Partial<KeyShares>;
  if (kind !== "zipf") {
    throw new TypeError(
      `Cannot use keys: they must be what zipf() gives, such as zipf(10_000, 1.1), received ` +
        received(given),
    );
  }
  zipf(keys!, exponent);
  const weights = Float64Array.from({ length: keys! }, (_, key) => (key + 1) ** -exponent!);
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** What of the options is about time and key. */
export interface StreamOptions {
  /** The column of event times. */
  readonly time?: string;
  /** The column that says which events belong together. */
  readonly key?: string;
  readonly arrival?: TwinArrivalOptions;
}

function checkName(name: string, value: unknown): void {
  if (value === undefined || typeof value === "string") return;
  throw new TypeError(
    `Cannot make stream: ${name} is the name of a column, received ${received(value)}`,
  );
}

/**
 * Checks what options say of a stream.
 *
 * @throws {TypeError} when they do not go together.
 */
export function checkStreamOptions({ time, key, arrival }: StreamOptions): void {
  checkName("time", time);
  checkName("key", key);
  if (arrival !== undefined) {
    knownOptions(arrival, {
      doing: "use arrival",
      names: { rate: true, disorder: true, grid: true, start: true, keys: true },
      example: '{ rate: poisson("500/s") }',
    });
    if (arrival.keys !== undefined) declaredShares(arrival.keys);
  }
  const isStream = arrival !== undefined || key !== undefined;
  if (isStream && time === undefined) {
    const name = arrival === undefined ? "key" : "arrival";
    throw new TypeError(
      `Cannot make stream: ${name} is about a stream; name the column of its event times, such ` +
        `as time: "ts"`,
    );
  }
  if (arrival?.keys !== undefined && key === undefined) {
    throw new TypeError(
      `Cannot make stream: arrival.keys says how frequent keys are; name their column, such as ` +
        `key: "sensor"`,
    );
  }
  if (key !== undefined && key === time) {
    throw new TypeError(
      `Cannot make stream: ${JSON.stringify(key)} is both time and key; name two columns`,
    );
  }
}

/** What to do about a column whose type is none of event times. */
function timeTypeHint(name: string, { kind }: DataType): string {
  if (kind === "utf8" || kind === "dict") {
    return `; give it a type, such as columns: { ${JSON.stringify(name)}: { type: t.timestamp } }`;
  }
  // As milliseconds they end in January 1970.
  return kind === "i32"
    ? "; whole numbers as small are seconds more likely than milliseconds: multiply them by 1,000, " +
      "or write them as ISO 8601"
    : "";
}

/** Checks that a column can hold event times. */
export function checkTimeType(name: string, type: DataType): void {
  if (TIME_TYPES.includes(type.kind)) return;
  throw new TypeError(
    `Cannot fit generator: column ${JSON.stringify(name)} is ${
      typeName(type)
    }, and event times are ` +
      `timestamps, or i64 or f64 ms since 1970` + timeTypeHint(name, type),
  );
}

/** Checks that a column can hold keys. */
export function checkKeyType(name: string, type: DataType): void {
  if (KEY_TYPES.includes(type.kind)) return;
  throw new TypeError(
    `Cannot fit generator: column ${JSON.stringify(name)} is ${
      typeName(type)
    }, and keys are utf8, ` +
      `dict, i32 or i64; give it such a type`,
  );
}
