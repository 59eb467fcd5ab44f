import { TrainingDataError } from "../generator_errors.ts";
import type { RateModel } from "./arrivals.ts";
import { poisson } from "./rate_shapes.ts";

/** The rate of events, by their times in ascending order. */
export function learnRate(times: Float64Array): RateModel {
  const span = times[times.length - 1] - times[0];
  if (!(span > 0)) {
    throw new TrainingDataError(
      `Cannot learn arrivals: ${times.length} rows have one event time between them, and so no ` +
        `rate; declare it, as in arrival: { rate: poisson("500/s") }`,
    );
  }
  return poisson((times.length - 1) / span * 1000);
}
