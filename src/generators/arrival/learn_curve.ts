import type { RateCurve } from "./arrivals.ts";
import { DAY, MONDAY, WEEK } from "./rate_shapes.ts";

const QUARTER = 900_000;
const HOUR = 3_600_000;
/** Windows of counts without which a rate is taken to be the same at all times. */
const FEWEST_WINDOWS = 8;
const MOST_WINDOWS = 1_000_000;
/** Events that a group of slots must let expect to tell how much groups differ. */
const FEWEST_EXPECTED = 1;
/** Events that must be expected where there was none for the rate to be 0. */
const EXPECTED_BEFORE_ZERO = 20;
const LEAST_NOISE = 0.05;

/** Counts of a week's slots. */
interface WeekCounts {
  readonly width: number;
  /** Events in each. */
  readonly events: Float64Array;
  /** For how long each was seen, ms. */
  readonly seen: Float64Array;
  /** Variance of counts in relation to their mean, beside what slots explain. */
  readonly noise: number;
}

/** The width of slots in which several event times may lie. */
function slotWidth(step: number): number {
  return [QUARTER, HOUR, DAY].find((width) => step <= width) ?? WEEK;
}

/**
 * Variance by mean of the counts of neighbouring windows; what goes up or down steadily is left out, as
 * it is in second differences.
 */
function noiseOf(counts: Float64Array): number {
  let [squares, means] = [0, 0];
  for (let at = 1; at + 1 < counts.length; at++) {
    const [before, here, after] = [counts[at - 1], counts[at], counts[at + 1]];
    squares += (here - (before + after) / 2) ** 2 / 1.5;
    means += (before + here + after) / 3;
  }
  return Math.max(LEAST_NOISE, means > 0 ? squares / means : 1);
}

function slotOf(time: number, width: number): number {
  return Math.floor(((((time - MONDAY) % WEEK) + WEEK) % WEEK) / width);
}

/** For how long each slot of the week is seen from one time to another. */
function seenSlots(first: number, last: number, width: number): Float64Array {
  const seen = new Float64Array(WEEK / width).fill(Math.floor((last - first) / WEEK) * width);
  let at = first + Math.floor((last - first) / WEEK) * WEEK;
  while (at < last) {
    const end = Math.min(last, (Math.floor((at - MONDAY) / width) + 1) * width + MONDAY);
    seen[slotOf(at, width)] += end - at;
    at = end;
  }
  return seen;
}

function countWeek(times: Float64Array, width: number): WeekCounts | undefined {
  const first = times[0];
  const last = times[times.length - 1];
  const origin = Math.ceil((first - MONDAY) / width) * width + MONDAY;
  const windows = Math.min(MOST_WINDOWS, Math.floor((last - origin) / width));
  if (!(windows >= FEWEST_WINDOWS)) return undefined;
  const events = new Float64Array(WEEK / width);
  const counts = new Float64Array(windows);
  for (const time of times.subarray(1, -1)) { // what is seen begins and ends with an event
    events[slotOf(time, width)]++;
    const window = Math.floor((time - origin) / width);
    if (window >= 0 && window < windows) counts[window]++;
  }
  return { width, events, seen: seenSlots(first, last, width), noise: noiseOf(counts) };
}

/**
 * Multiplies expected counts by factors of groups of slots. Each factor is drawn toward 1 by empirical
 * Bayes: factors are taken to be of a gamma distribution of mean 1 whose variance is what the observed
 * ones vary beyond noise (Clayton and Kaldor, "Empirical Bayes estimates of age-standardized relative
 * risks", 1987).
 */
function refine(
  rates: Float64Array,
  { events, seen, noise }: WeekCounts,
  groups: number,
  groupOf: (slot: number) => number,
): void {
  const [observed, expected] = [new Float64Array(groups), new Float64Array(groups)];
  for (let slot = 0; slot < rates.length; slot++) {
    observed[groupOf(slot)] += events[slot];
    expected[groupOf(slot)] += rates[slot] * seen[slot];
  }
  let [total, squares] = [0, 0];
  for (let group = 0; group < groups; group++) {
    if (expected[group] < FEWEST_EXPECTED) continue;
    total += expected[group];
    squares += (observed[group] - expected[group]) ** 2 / expected[group] - noise;
  }
  if (squares <= 0) return;
  const prior = noise * total / squares;
  const factors = expected.map((each, group) =>
    observed[group] === 0 && each >= noise * EXPECTED_BEFORE_ZERO
      ? 0
      : (observed[group] + prior) / (each + prior)
  );
  for (let slot = 0; slot < rates.length; slot++) rates[slot] *= factors[groupOf(slot)];
}

/** A curve without what repeats in it. */
function shortest(rates: Float64Array, offset: number): RateCurve {
  const day = rates.length / 7;
  const isDaily = rates.every((rate, slot) => Math.abs(rate - rates[slot % day]) <= 1e-12 * rate);
  if (!isDaily) return { period: WEEK, offset, rates };
  const isLevel = rates.every((rate) => Math.abs(rate - rates[0]) <= 1e-12 * rate);
  return { period: DAY, offset, rates: rates.slice(0, isLevel ? 1 : day) };
}

/**
 * The rate by time of day and day of week (UTC), in quarters of an hour: by hour of the day, by quarter,
 * by day, by hour of the week and by its quarters, each as far as the counts say that it differs from
 * what the coarser ones let expect.
 *
 * @param times Event times, ms, ascending, from an earlier to a later one.
 * @param step What they are multiples of, ms.
 */
export function learnCurve(times: Float64Array, step: number): RateCurve {
  const span = times[times.length - 1] - times[0];
  const level = (times.length - 1) / span;
  const width = slotWidth(step);
  const counts = width < WEEK ? countWeek(times, width) : undefined;
  if (!counts) return { period: DAY, offset: 0, rates: Float64Array.of(level) };
  const day = DAY / width;
  const hour = Math.max(1, HOUR / width);
  const rates = new Float64Array(7 * day).fill(level);
  const groupings: readonly [number, (slot: number) => number][] = [
    [day / hour, (slot) => Math.floor((slot % day) / hour)],
    [day, (slot) => slot % day],
    [7, (slot) => Math.floor(slot / day)],
    [7 * day / hour, (slot) => Math.floor(slot / hour)],
    [7 * day, (slot) => slot],
  ];
  for (const [groups, groupOf] of groupings) refine(rates, counts, groups, groupOf);
  return shortest(rates, MONDAY);
}
