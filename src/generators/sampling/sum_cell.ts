import type { Spread } from "./spread.ts";

/** Whole numbers from one to another, both of them included. */
export type WholeRange = readonly [from: number, to: number];

/** Numbers of the first part, between the ends of which how the second lies goes in straight lines. */
export interface Run {
  readonly from: number;
  readonly to: number;
  /** The range that the sum is in. */
  readonly range: WholeRange;
  /** How likely the second part is too small at either end. */
  readonly below: readonly [number, number];
  /** How likely it is not too large. */
  readonly upTo: readonly [number, number];
  /** How likely the first part is in the run, and the second such that the sum is in the range. */
  readonly mass: number;
}

/**
 * Two numbers that are drawn apart, and of which the sum has to be in some ranges. Between few places
 * how likely that is goes in a straight line with the first of them, so that it can be counted and
 * drawn exactly however far the numbers reach.
 */
export class SumCell {
  readonly parts: readonly [Spread, Spread];
  readonly runs: readonly Run[];
  /** How likely the sum is in the ranges. */
  readonly mass: number;

  /** Of two parts, and ranges of sums of which no two have a number in common. */
  constructor(parts: readonly [Spread, Spread], ranges: readonly WholeRange[]) {
    this.parts = parts;
    this.runs = ranges.flatMap((range) => runsOf(parts, range));
    let mass = 0;
    for (const run of this.runs) mass += run.mass;
    this.mass = mass;
  }
}

/** Runs of numbers of the first part, for a sum in one range. */
function runsOf([first, second]: readonly [Spread, Spread], range: WholeRange): Run[] {
  const runs: Run[] = [];
  const places = placesOf([first, second], range);
  const add = (from: number, to: number) => {
    const [low, high] = [range[0] - 0.5, range[1] + 0.5];
    const below = [second.below(low - from), second.below(low - to)] as const;
    const upTo = [second.below(high - from), second.below(high - to)] as const;
    const rest = (upTo[0] - below[0] + upTo[1] - below[1]) / 2;
    const mass = first.within(from, from) * rest * (to - from + 1);
    if (mass > 0) runs.push({ from, to, range, below, upTo, mass });
  };
  for (let at = 0; at < places.length; at++) {
    add(places[at], places[at]);
    if (places[at + 1] - places[at] > 1) add(places[at] + 1, places[at + 1] - 1);
  }
  return runs;
}

/** The whole numbers of the first part next to which a line may bend, in ascending order. */
function placesOf(
  [first, second]: readonly [Spread, Spread],
  [from, to]: WholeRange,
): Float64Array {
  const low = Math.max(first.low, from - second.high);
  const high = Math.min(first.high, to - second.low);
  if (low > high) return new Float64Array();
  const places = new Float64Array(2 + 3 * first.knots.length + 4 * second.knots.length);
  let count = 0;
  const add = (place: number) => {
    if (low <= place && place <= high) places[count++] = place;
  };
  add(low);
  add(high);
  for (const knot of first.knots) {
    const near = Math.floor(knot + 0.5);
    for (let place = near - 1; place <= near + 1; place++) add(place);
  }
  for (const knot of second.knots) {
    for (const end of [from - 0.5, to + 0.5]) {
      add(Math.floor(end - knot));
      add(Math.floor(end - knot) + 1);
    }
  }
  const sorted = places.subarray(0, count).sort();
  return sorted.filter((place, at) => place !== sorted[at - 1]);
}
