import { ksDistance as distanceOf } from "../generators/arrival/arrival_distance.ts";
import type { ScoreColumn } from "./score_columns.ts";

const ROUNDING = 1e14;

/** How alike the distributions of a column are; NaN where one of them has no values. */
export interface ShapeScore {
  /** Which score it is, by SDMetrics' name. */
  readonly metric: "KSComplement" | "TVComplement";
  /** From 0 to 1, which is alike. */
  readonly score: number;
}

/** Values that are not NaN, rounded to 14 places as SDMetrics does, which large ones do not have. */
function knownValues(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value)).map((value) =>
    Math.abs(value) < 90 ? Math.round(value * ROUNDING) / ROUNDING : value
  );
}

/**
 * The largest difference between two empirical distribution functions (the Kolmogorov-Smirnov
 * statistic of two samples): 0 where they are equal, 1 where they do not overlap. NaN values are
 * left out; NaN when nothing is left of one.
 */
export function ksDistance(a: Float64Array, b: Float64Array): number {
  return distanceOf(knownValues(a), knownValues(b));
}

/** How many rows have each code, nulls left out. */
function countsOf(codes: Int32Array, size: number): { counts: Float64Array; total: number } {
  const counts = new Float64Array(size);
  let total = 0;
  for (const code of codes) {
    if (code < 0) continue;
    counts[code]++;
    total++;
  }
  return { counts, total };
}

/**
 * The total variation distance of two sets of categories: half the sum of the differences of their
 * shares. Nulls (−1) are left out; NaN when nothing is left of one.
 */
export function variationDistance(a: Int32Array, b: Int32Array, size: number): number {
  const [x, y] = [countsOf(a, size), countsOf(b, size)];
  if (x.total === 0 || y.total === 0) return NaN;
  let sum = 0;
  for (let code = 0; code < size; code++) {
    sum += Math.abs(x.counts[code] / x.total - y.counts[code] / y.total);
  }
  return sum / 2;
}

/**
 * How alike a column is in two sets of rows: of numbers and times 1 less the Kolmogorov-Smirnov
 * statistic, of categories and booleans 1 less the total variation distance (SDMetrics' KSComplement
 * and TVComplement).
 */
export function shapeScore(
  { kind, sets, texts }: ScoreColumn,
  real: number,
  synthetic: number,
): ShapeScore {
  const [a, b] = [sets[real], sets[synthetic]];
  return kind === "number" || kind === "time"
    ? { metric: "KSComplement", score: 1 - ksDistance(a.numbers, b.numbers) }
    : { metric: "TVComplement", score: 1 - variationDistance(a.codes, b.codes, texts.length) };
}
