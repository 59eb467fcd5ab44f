import type { Spread } from "./spread.ts";

/** Whole numbers from one to another, both of them included. */
export type WholeRange = readonly [from: number, to: number];

/** A source of random numbers from 0 to below 1. */
export type Uniform = () => number;

/** Of a run of numbers of the first part: its ends, how likely the second part is there, the range. */
const RUN = 5;
/** Shares by which runs are found (Chen and Asau, 1974: an index table). */
const GUIDES = 64;

/**
 * Two numbers that are drawn apart, and of which the sum has to be in some ranges. Between few places
 * how likely that is goes in a straight line with the first of them, so that it can be counted and
 * drawn exactly however far the numbers reach.
 */
export class SumCell {
  readonly #parts: readonly [Spread, Spread];
  /** Runs, between the ends of which how likely the second part is goes in a straight line. */
  readonly #runs: Float64Array;
  /** How likely the sum is in the ranges by a run and those before it. */
  readonly #upTo: Float64Array;
  readonly #ranges: readonly WholeRange[];
  /** The run in which each of equal shares begins. */
  readonly #guide = new Uint16Array(GUIDES);
  /** How likely the sum is in the ranges. */
  readonly mass: number;

  /** Of two parts, and ranges of sums of which no two have a number in common. */
  constructor(parts: readonly [Spread, Spread], ranges: readonly WholeRange[]) {
    this.#parts = parts;
    this.#ranges = ranges;
    const [runs, upTo]: [number[], number[]] = [[], []];
    let mass = 0;
    ranges.forEach((range, number) => {
      for (const { from, to, rest: [start, end] } of runsOf(parts, range)) {
        mass += parts[0].within(from, from) * ((start + end) / 2) * (to - from + 1);
        if (!(mass > (upTo.at(-1) ?? 0))) continue;
        runs.push(from, to, start, end, number);
        upTo.push(mass);
      }
    });
    this.#runs = Float64Array.from(runs);
    this.#upTo = Float64Array.from(upTo);
    this.mass = mass;
    for (let at = 0, run = 0; at < GUIDES; at++) {
      while (run + 1 < upTo.length && upTo[run] <= (at / GUIDES) * mass) run++;
      this.#guide[at] = run;
    }
  }

  /** Draws a run of numbers of the first part, for which the sum is in one range. */
  run(uniform: Uniform): number {
    const upTo = this.#upTo;
    const share = uniform();
    const wanted = share * this.mass;
    let run = this.#guide[Math.floor(share * GUIDES)];
    while (run + 1 < upTo.length && upTo[run] <= wanted) run++;
    return run * RUN;
  }

  /** Draws the first part; at least every second number of a run is taken, in the mean. */
  first(run: number, uniform: Uniform): number {
    const runs = this.#runs;
    const from = runs[run];
    const length = runs[run + 1] - from;
    if (length === 0) return from;
    const start = runs[run + 2];
    const end = runs[run + 3];
    const most = Math.max(start, end);
    for (;;) {
      const place = Math.floor(uniform() * (length + 1));
      if (uniform() * most < start + (end - start) * (place / length)) return from + place;
    }
  }

  /** Draws the second part to a first. */
  second(run: number, first: number, uniform: Uniform): number {
    const range = this.#ranges[this.#runs[run + 4]];
    const from = range[0] - first;
    const to = range[1] - first;
    if (from === to) return from;
    const second = this.#parts[1];
    const start = second.below(from - 0.5);
    const share = start + uniform() * (second.below(to + 0.5) - start);
    const number = Math.floor(second.quantile(share) + 0.5);
    return Math.max(from, Math.min(to, number));
  }
}

interface Run {
  readonly from: number;
  readonly to: number;
  /** How likely the second part is for either end. */
  readonly rest: readonly [number, number];
}

/** Runs of numbers of the first part, for a sum in one range. */
function runsOf(parts: readonly [Spread, Spread], range: WholeRange): Run[] {
  const rest = (first: number) => parts[1].within(range[0] - first, range[1] - first);
  const places = placesOf(parts, range);
  return places.flatMap((place, at): Run[] => {
    const here = rest(place);
    const single: Run = { from: place, to: place, rest: [here, here] };
    const [from, to] = [place + 1, (places[at + 1] ?? 0) - 1];
    return from > to ? [single] : [single, { from, to, rest: [rest(from), rest(to)] }];
  });
}

/** The whole numbers of the first part next to which a line may bend, in ascending order. */
function placesOf(
  [first, second]: readonly [Spread, Spread],
  [from, to]: WholeRange,
): number[] {
  const low = Math.max(first.low, from - second.high);
  const high = Math.min(first.high, to - second.low);
  if (low > high) return [];
  const places = [low, high];
  for (const knot of first.knots) {
    const near = Math.floor(knot + 0.5);
    places.push(near - 1, near, near + 1);
  }
  for (const knot of second.knots) {
    for (const bend of [from - 0.5 - knot, to + 0.5 - knot]) {
      places.push(Math.floor(bend), Math.floor(bend) + 1);
    }
  }
  return Array.from(new Set(places)).filter((place) => low <= place && place <= high)
    .sort((a, b) => a - b);
}
