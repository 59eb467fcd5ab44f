import type { Arrivals, DisorderModel, GapModel, RateModel } from "./arrivals.ts";

const MOST_SLOTS = 100_000;
const MOST_STATES = 16;
const MOST_BINS = 4096;
const MOST_MS = 8.64e15;
const MOST_PER_MS = 1e6;
const MOST_GAP = 1e12;
const LEAST_SHAPE = 1e-3;
const MOST_SHAPE = 1e6;
/** Rounds of all levels in that of a curve. */
const MOST_ROUNDS = 1e6;
/** Events that must be expected in a round of all levels. */
const LEAST_IN_LEVELS = 1e-4;
/** How far the sum of shares may be from 1. */
const TOLERANCE = 1e-3;

function isIn(value: unknown, low: number, high: number): value is number {
  return typeof value === "number" && value >= low && value <= high;
}

function areIn(values: unknown, low: number, high: number): values is Float64Array {
  return values instanceof Float64Array && values.length > 0 &&
    values.every((each) => each >= low && each <= high);
}

function isAscending(values: Float64Array): boolean {
  return values.every((each, at) => at === 0 || values[at - 1] <= each);
}

/** Whether every row of numbers sums to 1. */
function areShares(values: unknown, rows: number, width: number): values is Float64Array {
  if (!areIn(values, 0, 1) || values.length !== rows * width) return false;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let at = row * width; at < (row + 1) * width; at++) sum += values[at];
    if (Math.abs(sum - 1) > TOLERANCE) return false;
  }
  return true;
}

function gapsProblem(gaps: GapModel): string | undefined {
  if (gaps?.kind === "even") return undefined;
  if (gaps?.kind === "gamma") {
    return isIn(gaps.shape, LEAST_SHAPE, MOST_SHAPE) ? undefined : "the shape of its gaps is none";
  }
  if (gaps?.kind !== "chain") return "its gaps are of a kind that does not exist";
  const { states, transitions, weights, low, high } = gaps;
  if (!Number.isInteger(states) || !isIn(states, 1, MOST_STATES)) {
    return `its gaps have not 1 to ${MOST_STATES} states`;
  }
  const areBins = areIn(low, 0, MOST_GAP) && areIn(high, 0, MOST_GAP) &&
    low.length === high.length && low.length <= MOST_BINS &&
    low.every((each, at) => each <= high[at]);
  if (!areBins || high.every((each) => each === 0)) return "its gaps lie in no bins";
  if (!areShares(transitions, states, states) || !areShares(weights, states, low.length)) {
    return "the shares of its gaps do not sum to 1";
  }
  const expected = (state: number) =>
    low.reduce((sum, each, bin) => sum + weights[state * low.length + bin] * (each + high[bin]), 0);
  return Array.from({ length: states }, (_, state) => expected(state)).some((each) => each > 1e-9)
    ? undefined
    : "its gaps are all 0";
}

/** What is wrong with a rate, if anything is. */
export function rateProblem(rate: RateModel): string | undefined {
  const { curve, levels, gaps } = Object(rate) as RateModel;
  const { period, offset, rates, once } = Object(curve) as RateModel["curve"];
  if (!isIn(period, 1, MOST_MS) || !isIn(offset, -MOST_MS, MOST_MS)) return "it has no period";
  if (!areIn(rates, 0, MOST_PER_MS) || rates.length > MOST_SLOTS) {
    return "the rates of its curve are none";
  }
  const mean = rates.reduce((sum, each) => sum + each, 0) / rates.length;
  if (!(mean >= 1e-13)) return "nothing ever happens";
  if (once !== undefined && typeof once !== "boolean") {
    return "its slots come neither once nor again";
  }
  if (once && rates[rates.length - 1] === 0) return "nothing happens when its slots are over";
  if (levels !== undefined) {
    const { factors, lengths } = Object(levels) as NonNullable<RateModel["levels"]>;
    const fits = areIn(factors, 0, 1e9) && areIn(lengths, 1e-3, MOST_MS) &&
      factors.length === lengths.length && factors.length <= MOST_STATES;
    if (!fits) return "its levels are none";
    const round = lengths.reduce((sum, each) => sum + each, 0);
    if (rates.length > 1 && round * MOST_ROUNDS < period) return "its levels change too often";
    const events = factors.reduce((sum, each, at) => sum + each * lengths[at] * mean, 0);
    if (!(events >= LEAST_IN_LEVELS)) {
      return `fewer than one event is expected in ${1 / LEAST_IN_LEVELS} bursts`;
    }
  }
  return gapsProblem(gaps);
}

/** What is wrong with a disorder, if anything is. */
function disorderProblem(disorder: DisorderModel): string | undefined {
  const { share, edges, weights } = Object(disorder) as DisorderModel;
  if (!isIn(share, 0, 1)) return "the share of delayed events is none";
  if (!areIn(edges, 0, MOST_MS) || edges.length > MOST_BINS || !isAscending(edges)) {
    return "its delays lie in no bins";
  }
  return areShares(weights, 1, edges.length - 1)
    ? undefined
    : "the shares of its delays do not sum to 1";
}

/** What is wrong with arrivals, if anything is. */
export function arrivalsProblem({ rate, disorder, grid, start }: Arrivals): string | undefined {
  const { step, offset } = Object(grid) as Arrivals["grid"];
  if (!Number.isSafeInteger(step) || !isIn(step, 1, MOST_MS)) return "its grid has no step";
  if (!Number.isSafeInteger(offset) || !isIn(offset, 0, step - 1)) return "its grid has no offset";
  if (!Number.isSafeInteger(start) || !isIn(start, -MOST_MS, MOST_MS)) return "it has no start";
  return rateProblem(rate) ?? disorderProblem(disorder);
}
