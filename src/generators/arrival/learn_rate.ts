import { TrainingDataError } from "../generator_errors.ts";
import { SeededRandom } from "../sampling/seeded_random.ts";
import { ksDistance } from "./arrival_distance.ts";
import { ArrivalSampler } from "./arrival_sampler.ts";
import { type Arrivals, NO_DISORDER, type RateCurve, type RateModel } from "./arrivals.ts";
import { learnCurve } from "./learn_curve.ts";
import { learnGaps } from "./learn_gaps.ts";
import { DAY } from "./rate_shapes.ts";

/** Distance between learned and real times that is good enough not to try another way. */
const CLOSE = 0.02;
/** By how much another way must be better. */
const CLEARLY = 0.7;
/** Twins that are compared. */
const SEEDS = [1n, 2n, 3n];
/** Events of a twin that is compared. */
const MOST_COMPARED = 100_000;
/** Events without which it is not told that they are at equal distances. */
const FEWEST_EVEN = 3;
/** Over how many events distances in time are compared. */
const SPANS = [1, 10];
const MOST_RESOLUTION = 0.05;
/** Events between which gaps are looked at. */
const MOST_NEAR = 500_000;
const PURPOSE = 2 ** 49;

/** Where events lie within the step of the grid that they have in common: from 0 to 1, ascending. */
type Spread = (count: number, random: SeededRandom) => Float64Array;

/** Independently of each other, as those of a Poisson process do. */
const anywhere: Spread = (count, random) =>
  Float64Array.from({ length: count }, () => random.next()).sort();
/** At equal distances. */
const evenly: Spread = (count) =>
  Float64Array.from({ length: count }, (_, at) => (at + 0.5) / count);
/** All at one time, as what was sent together. */
const together: Spread = (count) => new Float64Array(count).fill(0.5);

/** How many events the rate lets expect from a time on. */
function integral({ rates, period, offset }: RateCurve, start: number): (passed: number) => number {
  const width = period / rates.length;
  const phase = (((start - offset) % period) + period) % period;
  const sums = new Float64Array(rates.length + 1);
  rates.forEach((rate, slot) => sums[slot + 1] = sums[slot] + rate * width);
  const total = sums[rates.length];
  return (passed) => {
    const rounds = Math.floor((passed + phase) / period);
    const within = passed + phase - rounds * period;
    const slot = Math.min(rates.length - 1, Math.floor(within / width));
    return rounds * total + sums[slot] + (within - slot * width) * rates[slot];
  };
}

/** How many events are expected between each and the next. */
function expectedGaps(
  times: Float64Array,
  { step }: Arrivals["grid"],
  curve: RateCurve,
  spread: Spread,
): Float64Array {
  const random = new SeededRandom(0n, PURPOSE);
  const expected = integral(curve, times[0]);
  const gaps = new Float64Array(times.length - 1);
  let before = 0;
  for (let at = 0; at < times.length;) {
    let end = at + 1;
    while (end < times.length && times[end] === times[at]) end++;
    for (const place of spread(end - at, random)) {
      const now = expected(times[at] - times[0] + place * step);
      if (at > 0) gaps[at - 1] = now - before;
      before = now;
      at++;
    }
  }
  return gaps;
}

/** The times from each event to the one so many later, in each of some streams of one length. */
function spans(streams: readonly Float64Array[], events: number): Float64Array {
  const each = streams[0].length - events;
  const out = new Float64Array(streams.length * each);
  streams.forEach((times, stream) => {
    for (let at = 0; at < each; at++) out[stream * each + at] = times[at + events] - times[at];
  });
  return out;
}

/** How far the times that a rate gives are from real ones, summed over all spans. */
function distance(rate: RateModel, grid: Arrivals["grid"], times: Float64Array): number {
  const arrivals = { rate, grid, start: times[0], disorder: NO_DISORDER };
  const twins = SEEDS.map((seed) =>
    new ArrivalSampler(arrivals, { seed }).next(times.length).times
  );
  const apart = (some: readonly Float64Array[]) =>
    SPANS.filter((events) => events < times.length)
      .map((events) => ksDistance(spans([times], events), spans(some, events)))
      .reduce((sum, each) => sum + each);
  const first = apart(twins.slice(0, 1));
  return first <= CLOSE ? first : apart(twins);
}

/**
 * Below which gaps it is seen from the grid what the rate is, in expected events; this is not to be taken
 * for a state.
 */
function resolutionOf({ rates }: RateCurve, step: number): number {
  const most = rates.reduce((most, rate) => Math.max(most, rate), 0);
  return rates.length === 1 ? 0 : Math.min(MOST_RESOLUTION, most * step);
}

/** Whether times are at equal distances, but for the grid. */
function areEven(times: Float64Array, mean: number, { step }: Arrivals["grid"]): boolean {
  return times.length >= FEWEST_EVEN &&
    times.every((time, at) => Math.abs(time - times[0] - at * mean) <= step);
}

/**
 * Learns a rate: what is expected at each time of the week, and how far events are apart in relation to
 * that. Of events that have one time on the grid it is not seen where within its step they were; that is
 * taken to be as it lets the twin come nearest.
 *
 * @param times Event times, ms, ascending, on the grid.
 * @throws {TrainingDataError} when all are one.
 */
export function learnRate(times: Float64Array, grid: Arrivals["grid"]): RateModel {
  if (!(times[times.length - 1] > times[0])) {
    const rows = times.length === 1
      ? "one row has an event time"
      : `${times.length} rows have one event time between them`;
    throw new TrainingDataError(
      `Cannot learn arrivals: ${rows}, and so no rate; declare it, as in arrival: ` +
        `{ rate: poisson("500/s") }`,
    );
  }
  const mean = (times[times.length - 1] - times[0]) / (times.length - 1);
  if (areEven(times, mean, grid)) {
    const rates = Float64Array.of(1 / mean);
    return { curve: { period: DAY, offset: 0, rates }, gaps: { kind: "even" } };
  }
  const curve = learnCurve(times, grid.step);
  const hasTies = times.some((time, at) => at > 0 && time === times[at - 1]);
  const resolution = resolutionOf(curve, grid.step);
  let best: { rate: RateModel; distance: number } | undefined;
  let states: number | undefined;
  const near = times.subarray(0, MOST_NEAR);
  const compared = times.subarray(0, MOST_COMPARED);
  for (const spread of hasTies ? [anywhere, evenly, together] : [evenly]) {
    const gaps = learnGaps(expectedGaps(near, grid, curve, spread), { resolution, states });
    const rate = { curve, gaps };
    if (!hasTies) return rate;
    states ??= gaps.states;
    const found = { rate, distance: distance(rate, grid, compared) };
    if (!best || found.distance < best.distance * CLEARLY) best = found;
    if (best.distance <= CLOSE) break;
  }
  return best!.rate;
}
