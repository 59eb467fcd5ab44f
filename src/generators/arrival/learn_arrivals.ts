import { TrainingDataError } from "../generator_errors.ts";
import { type Arrivals, NO_DISORDER } from "./arrivals.ts";
import {
  type ArrivalOptions,
  arrivalOptions,
  declaredDisorder,
  declaredGrid,
  declaredRate,
  declaredStart,
} from "./declare_arrivals.ts";
import { learnRate } from "./learn_rate.ts";

/**
 * Learns how records arrive from their event times.
 *
 * @param times Event times in order of arrival, ms since 1970.
 * @param options What is declared, and so not learned.
 * @throws {TrainingDataError} when there are too few times, or one is none.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function learnArrivals(times: Float64Array, options: ArrivalOptions = {}): Arrivals {
  const { rate, disorder, grid, start } = arrivalOptions(options);
  const bad = times.findIndex((time) => !(Math.abs(time) <= 8.64e15));
  if (bad >= 0) {
    throw new TrainingDataError(
      `Cannot learn arrivals: row ${bad} has no event time, received ${times[bad]}`,
    );
  }
  const sorted = times.toSorted();
  return {
    rate: rate ? declaredRate(rate) : learnRate(sorted),
    disorder: disorder ? declaredDisorder(disorder) : NO_DISORDER,
    grid: grid === undefined ? { step: 1, offset: 0 } : declaredGrid(grid),
    start: start === undefined ? sorted[0] : declaredStart(start),
  };
}
