import type { Field } from "../../batch/schema.ts";
import type { Arrivals } from "../arrival/arrivals.ts";
import type { KeyAttribute, KeyPopulation, KeyStates } from "../entities/entities.ts";

/** The types that event times have. */
export const TIME_TYPES: readonly string[] = ["timestamp", "i64", "f64"];
/** The types that keys have. */
export const KEY_TYPES: readonly string[] = ["utf8", "dict", "i32", "i64"];
/** The types of columns that may follow from a key. */
export const ATTRIBUTE_TYPES: readonly string[] = [
  ...["utf8", "dict", "bool", "i32", "i64", "f32", "f64", "date", "time", "timestamp"],
];

/** A column that follows from the key. */
export interface TwinAttribute extends KeyAttribute {
  /** Its position among all columns. */
  readonly at: number;
}

/** The keys of a stream. */
export interface TwinKeys {
  /** The position of their column. */
  readonly at: number;
  readonly population: KeyPopulation;
  readonly attributes: readonly TwinAttribute[];
}

/** What is known of a stream beside what its rows look like. */
export interface Twin {
  /** All columns; those that are neither time, key nor attribute are drawn by the model, in order. */
  readonly fields: readonly Field[];
  /** The position of the event time. */
  readonly time: number;
  readonly keys?: TwinKeys;
  readonly arrivals: Arrivals;
  /** What is remembered from one event to the next: of its key or, without keys, of all. */
  readonly states: KeyStates;
}

/** The positions of the columns that the model draws. */
export function drawnColumns({ fields, time, keys }: Twin): number[] {
  const others = [time, ...(keys ? [keys.at, ...keys.attributes.map(({ at }) => at)] : [])];
  return fields.map((_, at) => at).filter((at) => !others.includes(at));
}
