import { DAY } from "./rate_shapes.ts";

const HOUR = 3_600_000;
const HOURS = 24;

/**
 * The distance of Kolmogorov and Smirnov: by how much two empirical distributions differ at most, 0 to
 * 1. `NaN` where one has no values.
 */
export function ksDistance(a: Float64Array, b: Float64Array): number {
  if (a.length === 0 || b.length === 0) return NaN;
  const [one, other] = [a.toSorted(), b.toSorted()];
  let [i, j, most] = [0, 0, 0];
  while (i < one.length && j < other.length) {
    const value = Math.min(one[i], other[j]);
    while (i < one.length && one[i] === value) i++;
    while (j < other.length && other[j] === value) j++;
    most = Math.max(most, Math.abs(i / one.length - j / other.length));
  }
  return most;
}

/** How far two streams differ in the times between events. */
export interface InterArrivalDistance {
  /** The distance over all. */
  readonly overall: number;
  /** That of the events of each hour of the day (UTC); `NaN` where one stream has none. */
  readonly hours: readonly number[];
  /** How many events of the two together are in each hour, where there are fewer. */
  readonly events: readonly number[];
}

/** The times to the next event, ms, by the hour of the day of the first of the two. */
function gapsByHour(times: Float64Array): { all: Float64Array; hours: Float64Array[] } {
  const sorted = times.toSorted();
  const all = sorted.subarray(1).map((time, at) => time - sorted[at]);
  const hourOf = (time: number) => Math.floor((((time % DAY) + DAY) % DAY) / HOUR);
  const counts = new Float64Array(HOURS);
  for (let at = 0; at < all.length; at++) counts[hourOf(sorted[at])]++;
  const hours = Array.from(counts, (count) => new Float64Array(count));
  counts.fill(0);
  for (let at = 0; at < all.length; at++) {
    const hour = hourOf(sorted[at]);
    hours[hour][counts[hour]++] = all[at];
  }
  return { all, hours };
}

/**
 * The distances of Kolmogorov and Smirnov in the times between events, over all and within each hour of
 * the day.
 *
 * @param real Event times, ms since 1970, in any order.
 * @param synthetic Those of the twin.
 */
export function interArrivalDistance(
  real: Float64Array,
  synthetic: Float64Array,
): InterArrivalDistance {
  const [a, b] = [gapsByHour(real), gapsByHour(synthetic)];
  return {
    overall: ksDistance(a.all, b.all),
    hours: a.hours.map((gaps, hour) => ksDistance(gaps, b.hours[hour])),
    events: a.hours.map((gaps, hour) => Math.min(gaps.length, b.hours[hour].length)),
  };
}

/**
 * By how much each record is older than the newest before it, ms; 0 where it is not.
 *
 * @param times Event times in order of arrival.
 */
export function latenessOf(times: Float64Array): Float64Array {
  let newest = -Infinity;
  return times.map((time) => {
    const late = Math.max(0, newest - time);
    newest = Math.max(newest, time);
    return late;
  });
}

/** How far two streams differ in how late records are. */
export interface LatenessDistance {
  /** The distance over late records alone; `NaN` where one stream has none. */
  readonly late: number;
  /** The distance over all records, most of which are not late at all. */
  readonly overall: number;
  /** Which share of the real records is late, and which of the twin's. */
  readonly shares: readonly [number, number];
}

/**
 * The distances of Kolmogorov and Smirnov in how late records are.
 *
 * @param real Event times in order of arrival, ms since 1970.
 * @param synthetic Those of the twin.
 */
export function latenessDistance(real: Float64Array, synthetic: Float64Array): LatenessDistance {
  const [a, b] = [latenessOf(real), latenessOf(synthetic)];
  const late = (all: Float64Array) => all.filter((each) => each > 0);
  return {
    late: ksDistance(late(a), late(b)),
    overall: ksDistance(a, b),
    shares: [late(a).length / a.length, late(b).length / b.length],
  };
}

/**
 * By how much the mean rate of two streams differs in each hour of the day (UTC), in relation to the
 * first; `NaN` where that has no events. Hours count as far as a stream lasts.
 *
 * @param real Event times, ms since 1970, in any order.
 * @param synthetic Those of the twin.
 */
export function rateDistance(real: Float64Array, synthetic: Float64Array): readonly number[] {
  const [a, b] = [ratesByHour(real), ratesByHour(synthetic)];
  return Array.from(a, (rate, hour) => Math.abs(b[hour] - rate) / rate);
}

function ratesByHour(times: Float64Array): Float64Array {
  const { hours } = gapsByHour(times);
  const first = times.reduce((least, time) => Math.min(least, time), Infinity);
  const last = times.reduce((most, time) => Math.max(most, time), -Infinity);
  const days = Math.floor((last - first) / DAY);
  const seen = new Float64Array(HOURS).fill(days * HOUR);
  for (let at = first + days * DAY; at < last;) {
    const end = Math.min(last, (Math.floor(at / HOUR) + 1) * HOUR);
    seen[Math.floor((((at % DAY) + DAY) % DAY) / HOUR)] += end - at;
    at = end;
  }
  return seen.map((ms, hour) => hours[hour].length / ms);
}
