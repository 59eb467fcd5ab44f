import type { Column } from "../../batch/column.ts";
import { isValid } from "../../batch/column_reader.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { numbersOf, textsOf } from "../encoding/column_values.ts";
import { dependenciesOf } from "../encoding/dependencies.ts";
import type { Vocabulary } from "../encoding/plans.ts";
import { type KeyEvents, keyEvents } from "../entities/key_gaps.ts";
import { learnKeys } from "../entities/learn_keys.ts";
import { TrainingDataError } from "../generator_errors.ts";
import { ATTRIBUTE_TYPES, type TwinAttribute, type TwinKeys } from "./twin.ts";
import { checkKeyType, checkTimeType, declaredShares, type StreamOptions } from "./twin_options.ts";

const TEXTS = ["utf8", "dict"];

/** Values as positions in the list of those there are, −1 for null. */
interface CodedValues {
  readonly codes: Int32Array;
  readonly values: Vocabulary;
}

function codedValues(column: Column, name: string): CodedValues {
  if (TEXTS.includes(column.type.kind)) {
    const { codes, texts } = textsOf(column);
    return { codes, values: { kind: "texts", texts } };
  }
  const { values, nulls } = numbersOf(column, name);
  const positions = new Map<number, number>();
  const codes = Int32Array.from(values, (value, row) => {
    if (nulls[row]) return -1;
    let code = positions.get(value);
    if (code === undefined) positions.set(value, code = positions.size);
    return code;
  });
  return { codes, values: { kind: "numbers", numbers: Float64Array.from(positions.keys()) } };
}

function sizeOf(values: Vocabulary): number {
  return values.kind === "texts" ? values.texts.length : values.numbers.length;
}

function picked(values: Vocabulary, order: ArrayLike<number>): Vocabulary {
  return values.kind === "texts"
    ? { kind: "texts", texts: Array.from(order, (at) => values.texts[at]) }
    : { kind: "numbers", numbers: Float64Array.from(order, (at) => values.numbers[at]) };
}

/**
 * The event times of rows, ms since 1970.
 *
 * @param first The number of the first row, for messages. Default 0.
 * @throws {TypeError | TrainingDataError} when the column holds none, or a row has none.
 */
export function eventTimes(batch: RecordBatch, name: string, first = 0): Float64Array {
  const column = batch.column(name);
  checkTimeType(name, column.type);
  checkComplete(column, name, { what: "event time", first });
  return numbersOf(column, name).values;
}

function checkComplete(
  column: Column,
  name: string,
  { what, first = 0 }: { what: string; first?: number },
): void {
  if (column.nullCount === 0) return;
  let row = 0;
  while (isValid(column, row)) row++;
  throw new TrainingDataError(
    `Cannot learn stream: row ${first + row} has no ${what} (column ${JSON.stringify(name)} is ` +
      `null there); leave such rows out`,
  );
}

/** The order of event times; rows of one time stay in the order in which they came. */
export function timeOrder(times: Float64Array): Uint32Array {
  const order = Uint32Array.from(times, (_, row) => row);
  if (times.every((time, row) => row === 0 || times[row - 1] <= time)) return order;
  return order.sort((a, b) => times[a] - times[b] || a - b);
}

/** The keys of rows in the order of event times. */
export interface LearnedKeys {
  readonly keys: TwinKeys;
  readonly events: KeyEvents;
}

/** Learns the keys of rows, and which columns follow from them. */
export function learnTwinKeys(
  batch: RecordBatch,
  order: Uint32Array,
  options: StreamOptions & { key: string; minCount: number; free: readonly number[] },
): LearnedKeys {
  const { key, minCount, arrival } = options;
  const column = batch.column(key);
  checkKeyType(key, column.type);
  checkComplete(column, key, { what: "key" });
  const { codes, values } = codedValues(column, key);
  if (values.kind === "numbers" && !values.numbers.every(Number.isSafeInteger)) {
    throw new TrainingDataError(
      `Cannot learn stream: column ${JSON.stringify(key)} has keys beyond 2^53; make them texts`,
    );
  }
  const events = keyEvents(Int32Array.from(order, (row) => codes[row]), sizeOf(values));
  const learned = learnKeys(events, picked(values, events.order), minCount);
  const population = arrival?.keys === undefined
    ? learned
    : { known: learned.known, made: learned.made, shares: declaredShares(arrival.keys) };
  const known = sizeOf(learned.known);
  const ranks = rankedCodes(codes, events.order);
  const attributes = options.free.flatMap((at): TwinAttribute[] => {
    const attribute = attributeOf(batch, at, ranks);
    if (!attribute || known === 0) return [];
    return [{ at, ...ofKnown(attribute.values, attribute.positions.subarray(0, known)) }];
  });
  return { keys: { at: batch.indexOf(key), population, attributes }, events };
}

function rankedCodes(codes: Int32Array, order: Int32Array): Int32Array {
  const ranks = new Int32Array(order.length);
  order.forEach((code, rank) => ranks[code] = rank);
  return codes.map((code) => ranks[code]);
}

/** The values that some keys have, and where each has its own. */
function ofKnown(values: Vocabulary, positions: Int32Array) {
  const used = [...new Set(positions)].filter((at) => at >= 0).sort((a, b) => a - b);
  const places = new Map(used.map((at, place) => [at, place]));
  return {
    values: picked(values, used),
    positions: positions.map((at) => at < 0 ? -1 : places.get(at)!),
  };
}

/** The values of a column by key, where it follows from it. */
function attributeOf(batch: RecordBatch, at: number, keys: Int32Array) {
  const { name, type } = batch.schema.fields[at];
  if (!ATTRIBUTE_TYPES.includes(type.kind)) return undefined;
  const { codes, values } = codedValues(batch.columnAt(at), name);
  const size = keys.reduce((a, b) => Math.max(a, b), 0) + 1;
  const positions = new Int32Array(size).fill(-2);
  for (let row = 0; row < keys.length; row++) {
    const before = positions[keys[row]];
    if (before !== -2 && before !== codes[row]) return undefined;
    positions[keys[row]] = codes[row];
  }
  const coded = [
    { positions: keys, size, other: -1 },
    { positions: codes, size: sizeOf(values), other: -1 },
  ];
  return dependenciesOf(coded, [0]).length > 0 ? { values, positions } : undefined;
}
