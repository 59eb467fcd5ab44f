import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, received } from "../../runtime/known_options.ts";
import { rateProblem } from "./arrival_check.ts";
import { type Arrivals, type DisorderModel, NO_DISORDER, type RateModel } from "./arrivals.ts";

/** How records are to arrive out of order. */
export interface DisorderOptions {
  /** Which share of the records is delayed, 0 to 1. */
  share: number;
  /** The longest delay; delays are uniform up to it. May be left out if nothing is delayed. */
  maxDelay?: Duration;
}

/** How records are to arrive; what is not said is learned, where there is something to learn from. */
export interface ArrivalOptions {
  /** At what rate: `constant("100/s")`, `poisson("500/s")`, `diurnal({ … })`, `bursts({ … })`, … */
  rate?: RateModel;
  /** How many arrive out of order, and by how much. Declared without: none. */
  disorder?: DisorderOptions;
  /** What event times are rounded down to multiples of. Declared without: `"1ms"`. */
  grid?: Duration;
  /** The time of the first event, a date or ms since 1970. Declared without: 2026 begins. */
  start?: Date | number;
}

const START = Date.UTC(2026, 0, 1);

/** The rate that was declared. */
export function declaredRate(rate: RateModel): RateModel {
  const problem = rateProblem(rate);
  if (problem === undefined) return rate;
  throw new TypeError(
    `Cannot use rate: it must be what constant(), poisson(), diurnal() and the like give, received ` +
      `${received(rate)}; ${problem}`,
  );
}

/** The disorder that was declared. */
export function declaredDisorder(disorder: DisorderOptions): DisorderModel {
  const { share, maxDelay } = knownOptions(disorder, {
    doing: "use disorder",
    names: { share: true, maxDelay: true },
    example: '{ share: 0.05, maxDelay: "2s" }',
  });
  if (!(typeof share === "number" && share >= 0 && share <= 1)) {
    throw new RangeError(
      `Cannot use disorder: share must be a number from 0 to 1, received ${received(share)}`,
    );
  }
  if (share === 0) return NO_DISORDER;
  if (maxDelay === undefined) {
    throw new TypeError(`Cannot use disorder: where a share is delayed, give maxDelay: "2s"`);
  }
  const most = milliseconds(maxDelay, "maxDelay", { least: 1 });
  return { share, edges: Float64Array.of(0, most), weights: Float64Array.of(1) };
}

/** The grid that was declared. */
export function declaredGrid(grid: Duration): Arrivals["grid"] {
  return { step: milliseconds(grid, "grid", { least: 1 }), offset: 0 };
}

/** The start that was declared, ms since 1970. */
export function declaredStart(start: Date | number): number {
  const time = start instanceof Date ? start.getTime() : start;
  if (Number.isSafeInteger(time) && Math.abs(time) <= 8.64e15) return time;
  throw new RangeError(
    `Cannot use start: it must be a date or whole ms since 1970, received ` +
      (start instanceof Date ? "an invalid date" : received(start)),
  );
}

/** The options, after a look at their names. */
export function arrivalOptions(options: ArrivalOptions): ArrivalOptions {
  return knownOptions(options, {
    doing: "use arrival",
    names: { rate: true, disorder: true, grid: true, start: true },
    example: '{ rate: poisson("500/s") }',
  });
}

/**
 * How records arrive, by declaration alone.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be, or there is no rate.
 */
export function declareArrivals(options: ArrivalOptions): Arrivals {
  const { rate, disorder, grid = 1, start = START } = arrivalOptions(options);
  if (rate === undefined) {
    throw new TypeError(
      `Cannot use arrival: without rows to learn from it needs a rate, such as poisson("500/s")`,
    );
  }
  return {
    rate: declaredRate(rate),
    disorder: disorder === undefined ? NO_DISORDER : declaredDisorder(disorder),
    grid: declaredGrid(grid),
    start: declaredStart(start),
  };
}
