/**
 * What a bench file is made of: rows that each hold a contender against a baseline of the same run.
 *
 * Contender and baseline take turns (A B A B …), so that a machine that slows down slows both, and
 * medians are compared, so that one pause of the collector decides nothing. `gc()` is exposed.
 *
 * @module
 */

const DEFAULT_ROUNDS = 7;
const WARM_UP_ROUNDS = 1;

/** Whether a row's ratio has to be at least or at most its target. */
export type Goal = "atLeast" | "atMost";

/** One line of the final table. */
export interface BenchRow {
  /** What was measured; rows that are not "units per second, higher is better" say so here. */
  readonly name: string;
  /** The contender's units per second, or the amount that an `atMost` row is about. */
  readonly rate: number;
  /** The same of the baseline; `NaN` where there is none. */
  readonly baselineRate: number;
  /** `rate / baselineRate`; `NaN` where there is no baseline. */
  readonly ratio: number;
  /** What the ratio is held to; `null` when the row only informs. */
  readonly target: number | null;
  /** Whether the target was met; `null` when there is none, or when the row was not run. */
  readonly reached: boolean | null;
  /** Default `"atLeast"`. */
  readonly goal?: Goal;
  /** Unit of `rate` and `baselineRate` in the table. Default `"/s"`. */
  readonly unit?: string;
  /** Printed behind the row: the reason of a row that was not run, or what the reader must know. */
  readonly note?: string;
}

/** What a bench file exports as `group`. */
export interface BenchGroup {
  readonly name: string;
  rows(): Promise<BenchRow[]> | BenchRow[];
}

/** One timed round; returns how many units it did. */
export type Round = () => number | Promise<number>;

/** Options of {@linkcode compare}. */
export interface CompareOptions {
  name: string;
  contender: Round;
  baseline: Round;
  /** The ratio to reach; `null` (default) when the row only informs. */
  target?: number | null;
  /** Default `"atLeast"`. */
  goal?: Goal;
  /** Timed rounds of each side. Default 7. */
  rounds?: number;
  /** Untimed rounds of each side before them, in which its code is compiled. Default 1. */
  warmUpRounds?: number;
  /** Called untimed before every round of either side. */
  beforeRound?: () => void | Promise<void>;
  note?: string;
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which the share `q` (0 to 1) lies, interpolated between neighbours. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) {
    throw new RangeError("Cannot take a quantile: no values were measured");
  }
  const sorted = Float64Array.from(values).sort();
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

async function unitsPerSecond(round: Round): Promise<number> {
  const start = performance.now();
  const done = round();
  const units = typeof done === "number" ? done : await done;
  const seconds = (performance.now() - start) / 1000;
  return units / seconds;
}

/** Makes a row of two measured amounts, which share a unit. */
export function row(
  name: string,
  measured: {
    rate: number;
    baselineRate: number;
    target?: number | null;
    goal?: Goal;
    unit?: string;
    note?: string;
  },
): BenchRow {
  const { rate, baselineRate, target = null, goal = "atLeast" } = measured;
  const ratio = rate / baselineRate;
  const reached = target === null ? null : goal === "atLeast" ? ratio >= target : ratio <= target;
  return { ...measured, name, ratio, target, goal, reached };
}

/**
 * Runs contender and baseline in turns and compares the medians of their rates.
 *
 * @example
 * ```ts ignore
 * await compare({
 *   name: "sum of f64",
 *   contender: () => (kernelSum(column), ROWS),
 *   baseline: () => (plainSum(rows), ROWS),
 *   target: 4,
 * });
 * ```
 */
export async function compare(options: CompareOptions): Promise<BenchRow> {
  const { name, contender, baseline, target, goal, note, rounds = DEFAULT_ROUNDS } = options;
  const { warmUpRounds = WARM_UP_ROUNDS } = options;
  const rates: number[] = [];
  const baselineRates: number[] = [];
  for (let i = -warmUpRounds; i < rounds; i++) {
    await options.beforeRound?.();
    const a = await unitsPerSecond(contender);
    await options.beforeRound?.();
    const b = await unitsPerSecond(baseline);
    if (i >= 0) rates.push(a), baselineRates.push(b);
  }
  const medians = { rate: median(rates), baselineRate: median(baselineRates) };
  return row(name, { ...medians, target, goal, note });
}

/** One round of a latency bench; returns a sample per operation, in milliseconds. */
export type LatencyRound = () => number[] | Promise<number[]>;

/** Options of {@linkcode compareLatency}. */
export interface CompareLatencyOptions {
  name: string;
  contender: LatencyRound;
  baseline: LatencyRound;
  /** The quantiles to report, and the most that each may be of the baseline's. */
  quantiles: readonly { q: number; atMost?: number | null }[];
  /** Rounds of each side, after one that is not counted. Default 7. */
  rounds?: number;
  note?: string;
}

/**
 * Runs contender and baseline in turns and compares quantiles of their latencies (the median over
 * the rounds of each round's quantile). Gives one row a quantile, in µs, lower is better.
 */
export async function compareLatency(options: CompareLatencyOptions): Promise<BenchRow[]> {
  const { name, contender, baseline, quantiles, note, rounds = DEFAULT_ROUNDS } = options;
  const samples: number[][] = [];
  const baselineSamples: number[][] = [];
  for (let i = -WARM_UP_ROUNDS; i < rounds; i++) {
    const a = await contender();
    const b = await baseline();
    if (i >= 0) samples.push(a), baselineSamples.push(b);
  }
  return quantiles.map(({ q, atMost = null }) =>
    row(`${name}, p${q * 100} (µs, lower is better)`, {
      rate: 1000 * median(samples.map((round) => quantile(round, q))),
      baselineRate: 1000 * median(baselineSamples.map((round) => quantile(round, q))),
      target: atMost,
      goal: "atMost",
      unit: "µs",
      note,
    })
  );
}

/** A row without a baseline: a claim that held or did not, with the rate at which it was tried. */
export function verdict(
  name: string,
  { reached, rate = NaN, unit, note }: {
    reached: boolean;
    rate?: number;
    unit?: string;
    note?: string;
  },
): BenchRow {
  return { name, rate, baselineRate: NaN, ratio: NaN, target: null, reached, unit, note };
}

/** A row whose counterpart is absent; never counts as reached. */
export function notRun(name: string, why: string): BenchRow {
  return {
    name,
    rate: NaN,
    baselineRate: NaN,
    ratio: NaN,
    target: null,
    reached: null,
    note: `not run: ${why}`,
  };
}
