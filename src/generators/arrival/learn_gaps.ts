import { upperBound } from "../../batch/sorted_numbers.ts";
import type { GapModel } from "./arrivals.ts";
import { fitChain, normalized, type SymbolChain } from "./gap_chain.ts";

const QUANTILES = 64;
/** Gaps that the last bin of the upper tail must hold. */
const FEWEST_IN_TAIL = 8;
/** Of how many gaps a value must be one to be a bin of its own: one of so many. */
const ATOM_SHARE = 128;
const PRECISION = 1e-7;
const DOUBLINGS = 40;

/** What is known of gaps. */
export interface GapOptions {
  /** Gaps below it do not tell of states. */
  readonly resolution: number;
  /** How many states there are, if that is known. */
  readonly states?: number;
}

/** Bins of gaps, and the bin of each. */
interface BinnedGaps {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly symbols: Uint16Array;
}

/** The shares of gaps at which bins end: quantiles, and ever finer ones in the upper tail. */
function cutShares(count: number): number[] {
  const cuts = Array.from({ length: QUANTILES }, (_, at) => at / QUANTILES);
  for (let tail = 1 / QUANTILES / 2; tail * count >= FEWEST_IN_TAIL; tail /= 2) cuts.push(1 - tail);
  return [...cuts, 1];
}

/** Values that are frequent, ascending. */
function frequent(sorted: Float64Array): number[] {
  const atoms: number[] = [];
  const least = Math.max(2, sorted.length / ATOM_SHARE);
  for (let at = 0; at < sorted.length;) {
    let end = at + 1;
    while (end < sorted.length && sorted[end] === sorted[at]) end++;
    if (end - at >= least) atoms.push(sorted[at]);
    at = end;
  }
  return atoms;
}

/** Where bins of the values that are no atoms begin and end. */
function cutsOf(rest: Float64Array): number[] {
  if (rest.length === 0) return [];
  const cuts = cutShares(rest.length).map((share) => {
    const at = share * (rest.length - 1);
    const below = Math.floor(at);
    const above = Math.min(rest.length - 1, below + 1);
    return rest[below] + (at - below) * (rest[above] - rest[below]);
  });
  return cuts.filter((cut, at) => at === 0 || cut > cuts[at - 1]);
}

/** The bin of a value between ascending cuts. */
function binOf(cuts: readonly number[], value: number): number {
  return Math.max(0, Math.min(upperBound(cuts, value) - 1, cuts.length - 2));
}

function binned(gaps: Float64Array): BinnedGaps {
  const sorted = gaps.toSorted();
  const atoms = frequent(sorted);
  const places = new Map(atoms.map((atom, at) => [atom, at]));
  const cuts = cutsOf(sorted.filter((gap) => !places.has(gap)));
  const ends = cuts.length === 1 ? [cuts[0], cuts[0]] : cuts;
  const low = Float64Array.from([...atoms, ...ends.slice(0, -1)]);
  const high = Float64Array.from([...atoms, ...ends.slice(1)]);
  const symbols = Uint16Array.from(
    gaps,
    (gap) => places.get(gap) ?? atoms.length + binOf(ends, gap),
  );
  return { low, high, symbols };
}

/** Which bins are how large, from 0 for the smallest gaps to 1. */
function ranksOf(low: Float64Array, high: Float64Array): Float64Array {
  const order = Array.from(low, (_, bin) => bin).sort((a, b) =>
    low[a] + high[a] - low[b] - high[b]
  );
  const ranks = new Float64Array(low.length);
  order.forEach((bin, at) => ranks[bin] = at / low.length);
  return ranks;
}

/** The share of events that a chain is in each of its states. */
function stationary({ states, transitions }: SymbolChain): Float64Array {
  let shares: Float64Array = new Float64Array(states).fill(1 / states);
  // by powers of two of a step, so that slow chains get there too
  for (let [round, matrix] = [0, transitions]; round < DOUBLINGS; round++) {
    shares = normalized(multiplied(shares, matrix, states), 1);
    matrix = normalized(multiplied(matrix, matrix, states), states);
  }
  return shares;
}

/** Rows of numbers times a square matrix. */
function multiplied(rows: Float64Array, matrix: Float64Array, size: number): Float64Array {
  const out = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) {
    const row = at - at % size;
    for (let to = 0; to < size; to++) out[row + to] += rows[at] * matrix[(at - row) * size + to];
  }
  return out;
}

/** A chain of bins of which those below a resolution are one symbol to the states. */
function learnChain(
  { low, high, symbols }: BinnedGaps,
  { resolution, states }: GapOptions,
): SymbolChain {
  const isFine = Array.from(low, (each) => each < resolution);
  const fine = isFine.filter((each) => each).length;
  if (fine < 2) return fitChain(symbols, ranksOf(low, high), states);
  const bins = Array.from(low, (_, bin) => bin);
  const kept = bins.filter((bin) => !isFine[bin]);
  const coarse = bins.map((bin) => isFine[bin] ? 0 : 1 + kept.indexOf(bin));
  const pick = (ends: Float64Array) => Float64Array.from([0, ...kept.map((bin) => ends[bin])]);
  const ranks = ranksOf(pick(low), pick(high));
  const chain = fitChain(symbols.map((symbol) => coarse[symbol]), ranks, states);
  const own = new Float64Array(bins.length);
  let total = 0;
  for (const symbol of symbols) {
    own[symbol]++;
    if (isFine[symbol]) total++;
  }
  const width = 1 + kept.length;
  const weights = Float64Array.from({ length: chain.states * bins.length }, (_, at) => {
    const bin = at % bins.length;
    const weight = chain.weights[Math.floor(at / bins.length) * width + coarse[bin]];
    return isFine[bin] ? weight * own[bin] / total : weight;
  });
  return { ...chain, weights };
}

/**
 * Learns how far events are apart: bins of gaps, whose order is that of a hidden Markov chain of as many
 * states as the Bayesian information criterion lets it have.
 *
 * @param gaps In expected events, in the order in which they came.
 */
export function learnGaps(gaps: Float64Array, options: GapOptions): GapModel & { kind: "chain" } {
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const rounded = gaps.map((gap) => Math.round(gap / mean / PRECISION) * PRECISION);
  const bins = binned(rounded);
  const { low, high } = bins;
  const chain = learnChain(bins, options);
  const { states, transitions, weights } = chain;
  const shares = stationary(chain);
  let expected = 0;
  for (let state = 0; state < states; state++) {
    for (let bin = 0; bin < low.length; bin++) {
      expected += shares[state] * weights[state * low.length + bin] * (low[bin] + high[bin]) / 2;
    }
  }
  const scaled = (ends: Float64Array) => ends.map((end) => end / expected);
  return { kind: "chain", states, transitions, weights, low: scaled(low), high: scaled(high) };
}
