import type { ScoreColumn, ScoreValues } from "./score_columns.ts";

const BINS = 10;
/** Pairs of values that are counted in a table, at most. */
const MOST_CELLS = 2 ** 20;

/** From which on two columns hang together in the real rows. */
export interface TrendThresholds {
  /** The correlation that a pair of numbers must exceed. */
  readonly correlation: number;
  /** Cramér's V that any other pair must exceed. */
  readonly association: number;
}

/** How alike two columns hang together. */
export interface PairScore {
  /** Which score it is, by SDMetrics' name. */
  readonly metric: "CorrelationSimilarity" | "ContingencySimilarity";
  /** From 0 to 1, which is alike; NaN where there is nothing to compare. */
  readonly score: number;
  /** How the columns hang together in the real rows: a correlation, or Cramér's V. */
  readonly real: number;
  /** The same in the synthetic rows. */
  readonly synthetic: number;
  /** Whether they hang together in the real rows by more than the threshold. */
  readonly strong: boolean;
}

/** Values as whole numbers from 0, all of them below a size. */
interface Discrete {
  readonly codes: Int32Array;
  readonly size: number;
}

/** The limits of ten bins of equal width between the least and the greatest number. */
export function binEdges(numbers: Float64Array): Float64Array {
  let [low, high] = [Infinity, -Infinity];
  for (const value of numbers) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) [low, high] = [0, 1];
  else if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const step = (high - low) / BINS;
  return Float64Array.from({ length: BINS - 1 }, (_, at) => low + (at + 1) * step);
}

/** Numbers by the bins of others, whose outermost are open; NaN is a value of its own. */
export function discretized(numbers: Float64Array, edges: Float64Array): Discrete {
  const codes = new Int32Array(numbers.length);
  for (let at = 0; at < numbers.length; at++) {
    let bin = 0;
    while (bin < edges.length && numbers[at] >= edges[bin]) bin++;
    codes[at] = Number.isNaN(numbers[at]) ? BINS : bin;
  }
  return { codes, size: BINS + 1 };
}

/** Categories with null as one of them. */
function withNull({ codes }: ScoreValues, texts: readonly string[]): Discrete {
  return { codes: codes.map((code) => code + 1), size: texts.length + 1 };
}

/** A column in the real and in the synthetic rows, its numbers in the bins of the real ones. */
function discreteOf(
  { kind, sets, texts }: ScoreColumn,
  [real, synthetic]: readonly [real: number, synthetic: number],
): readonly [Discrete, Discrete] {
  if (kind !== "number" && kind !== "time") {
    return [withNull(sets[real], texts), withNull(sets[synthetic], texts)];
  }
  const edges = binEdges(sets[real].numbers);
  return [discretized(sets[real].numbers, edges), discretized(sets[synthetic].numbers, edges)];
}

/** How many rows have each pair of values, by the pair's number. */
function pairCounts(a: Discrete, b: Discrete): Map<number, number> {
  return a.size * b.size > MOST_CELLS ? sparseCounts(a, b) : denseCounts(a, b);
}

/** The same by a table of all pairs, several times as fast. */
function denseCounts(a: Discrete, b: Discrete): Map<number, number> {
  const table = new Uint32Array(a.size * b.size);
  for (let row = 0; row < a.codes.length; row++) table[a.codes[row] * b.size + b.codes[row]]++;
  const counts = new Map<number, number>();
  for (let pair = 0; pair < table.length; pair++) {
    if (table[pair] > 0) counts.set(pair, table[pair]);
  }
  return counts;
}

function sparseCounts(a: Discrete, b: Discrete): Map<number, number> {
  const counts = new Map<number, number>();
  for (let row = 0; row < a.codes.length; row++) {
    const pair = a.codes[row] * b.size + b.codes[row];
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  return counts;
}

/** 1 less the total variation distance of two tables of pairs. */
function contingency(
  real: Map<number, number>,
  synthetic: Map<number, number>,
  [realRows, syntheticRows]: readonly [number, number],
): number {
  let sum = 0;
  for (const [pair, count] of real) {
    sum += Math.abs(count / realRows - (synthetic.get(pair) ?? 0) / syntheticRows);
  }
  for (const [pair, count] of synthetic) if (!real.has(pair)) sum += count / syntheticRows;
  return 1 - sum / 2;
}

/**
 * Cramér's V of two columns, without correction: 0 where they have nothing to do with each other, 1
 * where one follows from the other; NaN where one has a single value (Cramér, 1946, 21.9).
 */
export function cramersV(a: Discrete, b: Discrete): number {
  const rows = a.codes.length;
  const [left, right] = [new Float64Array(a.size), new Float64Array(b.size)];
  for (let row = 0; row < rows; row++) {
    left[a.codes[row]]++;
    right[b.codes[row]]++;
  }
  const size = (counts: Float64Array) =>
    counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const least = Math.min(size(left), size(right));
  if (least < 2) return NaN;
  let sum = 0; // of observed² / expected, which is chi² + rows
  for (const [pair, count] of pairCounts(a, b)) {
    const expected = left[Math.floor(pair / b.size)] * right[pair % b.size] / rows;
    sum += count * count / expected;
  }
  return Math.sqrt(Math.max(0, sum - rows) / rows / (least - 1));
}

/**
 * Pearson's correlation of two columns over the rows in which neither is NaN; NaN where one of them
 * does not vary.
 */
export function correlation(a: Float64Array, b: Float64Array): number {
  let [rows, meanA, meanB, varA, varB, both] = [0, 0, 0, 0, 0, 0];
  for (let row = 0; row < a.length; row++) {
    if (Number.isNaN(a[row]) || Number.isNaN(b[row])) continue;
    rows++;
    const [offA, offB] = [a[row] - meanA, b[row] - meanB];
    meanA += offA / rows;
    meanB += offB / rows;
    varA += offA * (a[row] - meanA);
    varB += offB * (b[row] - meanB);
    both += offA * (b[row] - meanB);
  }
  if (rows < 2 || varA === 0 || varB === 0) return NaN;
  return Math.max(-1, Math.min(1, both / Math.sqrt(varA * varB)));
}

function isConstant(numbers: Float64Array): boolean {
  const first = numbers.find((value) => !Number.isNaN(value));
  return first !== undefined && numbers.every((value) => Number.isNaN(value) || value === first);
}

/** Whether a pair is strong; by a threshold of 0 all are, those too of which nothing is known. */
function exceeds(real: number, threshold: number): boolean {
  return threshold === 0 || real > threshold;
}

/**
 * Scores of all pairs of columns, as SDMetrics' column pair trends: pairs of numbers or times by
 * their correlations (CorrelationSimilarity), all others by how often their values meet
 * (ContingencySimilarity), numbers among them in ten bins.
 */
export class PairTrends {
  readonly #columns: readonly ScoreColumn[];
  readonly #sets: readonly [real: number, synthetic: number];
  readonly #thresholds: TrendThresholds;
  readonly #discrete: (readonly [Discrete, Discrete])[];

  /** Of columns, between two of their sets of rows. */
  constructor(
    columns: readonly ScoreColumn[],
    sets: readonly [real: number, synthetic: number],
    thresholds: TrendThresholds,
  ) {
    this.#columns = columns;
    this.#sets = sets;
    this.#thresholds = thresholds;
    this.#discrete = columns.map((column) => discreteOf(column, sets));
  }

  /** The score of one pair, by the positions of its columns. */
  score(first: number, second: number): PairScore {
    const isNumber = (at: number) => ["number", "time"].includes(this.#columns[at].kind);
    return isNumber(first) && isNumber(second)
      ? this.#correlations(this.#columns[first], this.#columns[second])
      : this.#contingencies(this.#discrete[first], this.#discrete[second]);
  }

  #correlations(first: ScoreColumn, second: ScoreColumn): PairScore {
    const [real, synthetic] = this.#sets.map((set) => {
      const [a, b] = [first.sets[set].numbers, second.sets[set].numbers];
      return isConstant(a) || isConstant(b) ? NaN : correlation(a, b);
    });
    const strong = exceeds(Math.abs(real), this.#thresholds.correlation);
    const score = 1 - Math.abs(real - synthetic) / 2;
    return { metric: "CorrelationSimilarity", score, real, synthetic, strong };
  }

  #contingencies(
    [realA, syntheticA]: readonly [Discrete, Discrete],
    [realB, syntheticB]: readonly [Discrete, Discrete],
  ): PairScore {
    const rows = [realA.codes.length, syntheticA.codes.length] as const;
    const score = contingency(pairCounts(realA, realB), pairCounts(syntheticA, syntheticB), rows);
    const [real, synthetic] = [cramersV(realA, realB), cramersV(syntheticA, syntheticB)];
    const strong = exceeds(real, this.#thresholds.association);
    return { metric: "ContingencySimilarity", score, real, synthetic, strong };
  }
}
