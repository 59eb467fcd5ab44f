import { TrainingDataError } from "../generator_errors.ts";
import type { Arrivals } from "./arrivals.ts";
import {
  type ArrivalOptions,
  arrivalOptions,
  declaredDisorder,
  declaredGrid,
  declaredRate,
  declaredStart,
} from "./declare_arrivals.ts";
import { learnDisorder } from "./learn_disorder.ts";
import { learnRate } from "./learn_rate.ts";
import { DAY } from "./rate_shapes.ts";

/** How long nothing must have come, ms and in usual distances, for a stream to be interrupted. */
const SILENCE = { ms: 8 * DAY, distances: 1000 };
/** Silences beyond which they are taken to be the stream's own. */
const MOST_SILENCES = 3;
/** Records of which the order is looked at. */
const MOST_ORDERED = 2_000_000;

/**
 * The greatest common divisor of the distances of ascending times, and where the grid begins. Where all
 * are at that distance it is their rate, and not a grid.
 */
function gridOf(times: Float64Array): Arrivals["grid"] {
  let step = 0;
  let isEven = true;
  for (let at = 1; at < times.length && step !== 1; at++) {
    isEven &&= times[at] - times[at - 1] === times[1] - times[0];
    for (let rest = times[at] - times[at - 1]; rest !== 0;) [step, rest] = [rest, step % rest];
  }
  if (isEven || step === 0) return { step: 1, offset: 0 };
  return { step, offset: ((times[0] % step) + step) % step };
}

/**
 * The part of ascending times between silences that has most of them, if silences are few: what is before and after was
 * another stream, or clocks that were wrong.
 */
function withoutSilences(sorted: Float64Array): Float64Array {
  const ends = [0];
  let silent = 0;
  for (let at = 1; at < sorted.length; at++) {
    if (sorted[at] - sorted[at - 1] <= SILENCE.ms) continue;
    if (ends.push(at) > MOST_SILENCES + 1) return sorted;
    silent += sorted[at] - sorted[at - 1];
  }
  const usual = (sorted[sorted.length - 1] - sorted[0] - silent) / sorted.length;
  const cuts = ends.filter((at) =>
    at === 0 || sorted[at] - sorted[at - 1] > SILENCE.distances * usual
  );
  const parts = cuts.map((at, n) => sorted.subarray(at, cuts[n + 1]));
  const largest = parts.reduce((most, part) => part.length > most.length ? part : most);
  return largest.length >= sorted.length / 2 ? largest : sorted;
}

/**
 * Learns how records arrive from their event times.
 *
 * @param given Event times in order of arrival, ms since 1970; fractions of a ms are cut off.
 * @param options What is declared, and so not learned.
 * @throws {TrainingDataError} when there are too few times, one is none, or they are in no order of
 *   arrival.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function learnArrivals(given: Float64Array, options: ArrivalOptions = {}): Arrivals {
  const { rate, disorder, grid, start } = arrivalOptions(options);
  const bad = given.findIndex((time) => !(Math.abs(time) <= 8.64e15));
  if (bad >= 0) {
    throw new TrainingDataError(
      `Cannot learn arrivals: row ${bad} has no event time, received ${given[bad]}`,
    );
  }
  if (given.length === 0) throw new TrainingDataError("Cannot learn arrivals: there are no rows");
  const whole = given.map(Math.floor);
  const sorted = withoutSilences(whole.toSorted());
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  const times = sorted.length === whole.length
    ? whole
    : whole.filter((time) => time >= first && time <= last);
  const onGrid = grid === undefined ? gridOf(sorted) : declaredGrid(grid);
  const { step, offset } = onGrid;
  const placed = sorted.map((time) => Math.floor((time - offset) / step) * step + offset);
  return {
    rate: rate ? declaredRate(rate) : learnRate(placed, onGrid),
    disorder: disorder
      ? declaredDisorder(disorder)
      : learnDisorder(times.subarray(0, MOST_ORDERED)),
    grid: onGrid,
    start: start === undefined ? first : declaredStart(start),
  };
}
