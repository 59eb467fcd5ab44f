import { lowerBound } from "../../batch/sorted_numbers.ts";

/** Bins of values; one more is for NaN. */
export const MOST_BINS = 255;
/** The bin of NaN, in every feature. */
export const MISSING_BIN = 255;

/** Values as bins, of one feature. */
export interface BinnedFeature {
  /** A bin for each row. */
  readonly bins: Uint8Array;
  /** How many bins there are, NaN's apart. */
  readonly count: number;
  /** Whether bins are categories, in no order. */
  readonly isCategory?: boolean;
}

/** A feature of rows. */
export interface Feature {
  /** A number for each row, or NaN; categories as whole numbers from 0. */
  readonly values: Float64Array;
  /** How many categories there are, at most 255; undefined of numbers. */
  readonly categories?: number;
}

/** Values of a feature in ascending order, without NaN. */
function sorted(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value)).sort();
}

/**
 * The limits between bins: midway between values where there are few, else quantiles, each the mean
 * of the two values around it (Hyndman and Fan, 1996, definition 2).
 */
export function binLimits(values: Float64Array): Float64Array {
  const all = sorted(values);
  const distinct = all.filter((value, at) => at === 0 || value !== all[at - 1]);
  if (distinct.length <= MOST_BINS) {
    return distinct.subarray(1).map((value, at) => (value + distinct[at]) / 2);
  }
  const limits = Float64Array.from({ length: MOST_BINS - 1 }, (_, bin) => {
    const place = (bin + 1) * all.length / MOST_BINS;
    const at = Math.floor(place);
    return at === place ? (all[at - 1] + all[at]) / 2 : all[at];
  });
  return limits.filter((limit, at) => at === 0 || limit !== limits[at - 1]);
}

/** The bins of values: each goes to the first whose limit it does not exceed. */
export function binned(values: Float64Array, limits: Float64Array): BinnedFeature {
  const bins = new Uint8Array(values.length);
  for (let row = 0; row < bins.length; row++) bins[row] = binOf(values[row], limits);
  return { bins, count: limits.length + 1 };
}

/** A feature in bins: of categories one each, of numbers by what the rows to learn from have. */
export function binnedFeature(feature: Feature, training: Uint32Array): BinnedFeature {
  const { values, categories } = feature;
  if (categories === undefined) {
    return binned(values, binLimits(Float64Array.from(training, (row) => values[row])));
  }
  const bins = Uint8Array.from(values, (value) => Number.isNaN(value) ? MISSING_BIN : value);
  return { bins, count: categories, isCategory: true };
}

function binOf(value: number, limits: Float64Array): number {
  return Number.isNaN(value) ? MISSING_BIN : lowerBound(limits, value);
}
