import type { SeededRandom } from "../sampling/seeded_random.ts";
import type { GapModel } from "./arrivals.ts";

const TWO_32 = 4294967296;

/** Draws the gaps between events. */
export interface GapSource {
  /** The next one, in expected events. */
  next(random: SeededRandom): number;
  /** The state that it goes on from. */
  state: number;
}

/** A number above 0 and below 1. */
function open(random: SeededRandom): number {
  return (random.word() + 0.5) / TWO_32;
}

/** A normal number (Marsaglia and Bray, "A convenient method for generating normal variables", 1964). */
function normal(random: SeededRandom): number {
  while (true) {
    const x = 2 * open(random) - 1;
    const y = 2 * open(random) - 1;
    const s = x * x + y * y;
    if (s < 1) return x * Math.sqrt(-2 * Math.log(s) / s);
  }
}

/**
 * A number of a gamma distribution of scale 1 (Marsaglia and Tsang, "A simple method for generating
 * gamma variables", 2000).
 */
export function gamma(shape: number, random: SeededRandom): number {
  if (shape === 1) return -Math.log(open(random));
  if (shape < 1) return gamma(shape + 1, random) * open(random) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  while (true) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(open(random)) < x * x / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** The sums of weights, row by row, up to and with each. */
function cumulated(weights: Float64Array, rows: number): Float64Array {
  const width = weights.length / rows;
  const out = Float64Array.from(weights);
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * width;
    for (let at = row * width + 1; at < end; at++) out[at] += out[at - 1];
  }
  return out;
}

/** Which of a row of cumulated weights a number from 0 to below 1 falls on. */
export function pick(sums: Float64Array, from: number, to: number, share: number): number {
  const aim = share * sums[to - 1];
  let [low, high] = [from, to - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] > aim) high = middle;
    else low = middle + 1;
  }
  return low - from;
}

/** Gaps of a hidden Markov chain. */
class ChainGaps implements GapSource {
  readonly #states: number;
  readonly #bins: number;
  readonly #transitions: Float64Array;
  readonly #weights: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  state = 0;

  constructor({ states, transitions, weights, low, high }: GapModel & { kind: "chain" }) {
    this.#states = states;
    this.#bins = low.length;
    this.#transitions = cumulated(transitions, states);
    this.#weights = cumulated(weights, states);
    this.#low = low;
    this.#high = high;
  }

  next(random: SeededRandom): number {
    const states = this.#states;
    if (states > 1) {
      const row = this.state * states;
      this.state = pick(this.#transitions, row, row + states, random.next());
    }
    const row = this.state * this.#bins;
    const bin = pick(this.#weights, row, row + this.#bins, random.next());
    return this.#low[bin] + random.next() * (this.#high[bin] - this.#low[bin]);
  }
}

/** What draws the gaps of a model. */
export function gapSource(model: GapModel): GapSource {
  switch (model.kind) {
    case "even":
      return { state: 0, next: () => 1 };
    case "gamma": {
      const { shape } = model;
      return { state: 0, next: (random) => gamma(shape, random) / shape };
    }
    case "chain":
      return new ChainGaps(model);
  }
}
