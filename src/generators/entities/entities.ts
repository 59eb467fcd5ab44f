import type { KeyMaker, Vocabulary } from "../encoding/plans.ts";

/** Intervals of equal share that a distribution is kept as. */
export const INTERVALS = 128;

/** How far the events of one key are apart, where that is not left to chance. */
export interface KeyGaps {
  /** The share of all events that keys have at least to be of each class, descending, the last 0. */
  readonly limits: Float64Array;
  /** Of each class `INTERVALS + 1` quantiles of gaps, measured in the key's mean gap. */
  readonly knots: Float64Array;
  /** How much of the rank of a gap is in that of the next: correlation of normal scores, by class. */
  readonly memories: Float64Array;
}

/** Keys that come, have some events, and never come again. */
export interface Newcomers {
  /** How many come with each event. */
  readonly rate: number;
  /** Quantiles of how many events they have. */
  readonly lives: Float64Array;
  /** Quantiles of how many events of all keys lie between two of theirs. */
  readonly gaps: Float64Array;
}

/** How keys are made that do not come as themselves: of a range by steps, or as other keys are. */
export type MadeKeys =
  | { readonly kind: "range"; readonly low: number; readonly high: number; readonly step: number }
  | Extract<KeyMaker, { kind: "pattern" | "uuid" }>;

/** Which keys events have. */
export interface KeyPopulation {
  /** Keys that come as themselves, the most frequent first. */
  readonly known: Vocabulary;
  /** How other keys are made. */
  readonly made: MadeKeys;
  /** What share of events each lasting key has, known ones first. */
  readonly shares: Float64Array;
  /** Absent where keys are drawn independently of each other. */
  readonly gaps?: KeyGaps;
  readonly newcomers?: Newcomers;
}

/** How a column goes on from one event of a key to its next, in normal scores of its ranks. */
export interface WalkColumn {
  readonly kind: "walk";
  /** The position of the column among those that the model draws. */
  readonly column: number;
  /** Of categories, what number stands for each value. */
  readonly scores?: Float64Array;
  /** The variance of keys' levels. */
  readonly level: number;
  /** The share of the variance about the level that is carried on; the rest is new each time. */
  readonly carried: number;
  /** How much of what is carried on is left at the next event, −1 to 1. */
  readonly memory: number;
}

/** How the symbols of a column of few categories follow on each other: a Markov chain. */
export interface ChainColumn {
  readonly kind: "chain";
  /** The position of the column among those that the model draws. */
  readonly column: number;
  /** How many symbols it has, that of null included. */
  readonly symbols: number;
  /** How likely each is at a key's first event. */
  readonly shares: Float64Array;
  /**
   * How likely each is after each: `[key][symbol before][symbol]`, first those of all keys, then those
   * of the known keys that have their own.
   */
  readonly transitions: Float32Array;
}

/** How a column goes on. */
export type StateColumn = WalkColumn | ChainColumn;

/** What keys remember. */
export interface KeyStates {
  /** In the order in which rows are matched, chains before walks. */
  readonly columns: readonly StateColumn[];
  /** How many events are matched with rows together. */
  readonly chunk: number;
  /** Into how many slabs rows are cut by each walk. */
  readonly slabs: number;
  /** How many of the known keys, from the first, have levels of their own. */
  readonly profiles: number;
  /** Their levels, by key and walk. */
  readonly levels: Float32Array;
  /** The standard deviations about them. */
  readonly spreads: Float32Array;
  /** Their memories. */
  readonly memories: Float32Array;
}

/** Nothing that is remembered. */
export const NO_STATES: KeyStates = {
  columns: [],
  chunk: 16_384,
  slabs: 2,
  profiles: 0,
  levels: new Float32Array(),
  spreads: new Float32Array(),
  memories: new Float32Array(),
};

/** Columns of a key that never change: where each known key's value is in the column's list. */
export interface KeyAttribute {
  /** Values of the column. */
  readonly values: Vocabulary;
  /** The value's position for each known key, −1 for null. */
  readonly positions: Int32Array;
}

/** Sorted numbers at equal shares, as `intervals + 1` quantiles. */
export function quantilesOf(sorted: ArrayLike<number>, intervals: number): Float64Array {
  const last = sorted.length - 1;
  return Float64Array.from({ length: intervals + 1 }, (_, k) => {
    const at = last * k / intervals;
    const low = sorted[Math.floor(at)];
    return low + (sorted[Math.ceil(at)] - low) * (at % 1);
  });
}

/** The number at a share of a distribution that `intervals + 1` quantiles from `start` describe. */
export function atShare(knots: Float64Array, share: number, start = 0, intervals = INTERVALS) {
  const place = share * intervals;
  const at = start + Math.min(intervals - 1, Math.floor(place));
  return knots[at] + (knots[at + 1] - knots[at]) * (place - (at - start));
}
