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

/** Records of which the order is looked at. */
const MOST_ORDERED = 2_000_000;

/** The greatest common divisor of the distances of ascending times, and where the grid begins. */
function gridOf(times: Float64Array): Arrivals["grid"] {
  let step = 0;
  for (let at = 1; at < times.length && step !== 1; at++) {
    for (let rest = times[at] - times[at - 1]; rest !== 0;) [step, rest] = [rest, step % rest];
  }
  step = Math.max(1, step);
  return { step, offset: ((times[0] % step) + step) % step };
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
  const times = given.map(Math.floor);
  const onGrid = grid === undefined ? undefined : declaredGrid(grid);
  const sorted = times.toSorted();
  const step = onGrid ?? gridOf(sorted);
  const placed = onGrid
    ? sorted.map((time) => Math.floor(time / onGrid.step) * onGrid.step)
    : sorted;
  return {
    rate: rate ? declaredRate(rate) : learnRate(placed, step),
    disorder: disorder
      ? declaredDisorder(disorder)
      : learnDisorder(times.subarray(0, MOST_ORDERED)),
    grid: step,
    start: start === undefined ? sorted[0] : declaredStart(start),
  };
}
