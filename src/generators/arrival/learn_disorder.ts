import { TrainingDataError } from "../generator_errors.ts";
import { type DisorderModel, NO_DISORDER } from "./arrivals.ts";

const BINS = 128;
const STEPS = 300;
/** How much of their span records may be late in the mean, to be taken for a stream in disorder. */
const MOST_LATE = 0.1;
const FEWEST_JUDGED = 20;

/** For each record the newest event time before it, and the next that is newer than all. */
function neighbours(times: Float64Array): { newest: Float64Array; newer: Float64Array } {
  const newest = new Float64Array(times.length);
  const newer = new Float64Array(times.length);
  let most = -Infinity;
  times.forEach((time, at) => {
    newest[at] = most;
    most = Math.max(most, time);
  });
  let next = Infinity;
  for (let at = times.length - 1; at >= 0; at--) {
    newer[at] = next;
    if (times[at] > newest[at]) next = times[at];
  }
  return { newest, newer };
}

/**
 * Records of whose delays it is known between which edges of bins they are, counted by these. A lower end
 * of -1 is that of records which may not be delayed at all.
 */
interface DelayIntervals {
  readonly low: number[];
  readonly high: number[];
  readonly counts: number[];
}

function nearest(edges: Float64Array, value: number): number {
  let [low, high] = [0, edges.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= value) low = middle;
    else high = middle;
  }
  return value - edges[low] < edges[high] - value ? low : high;
}

/** Counts the intervals of records by the edges that their ends are nearest to. */
function counted(
  edges: Float64Array,
  inOrder: readonly number[],
  late: LateRecords,
): DelayIntervals {
  const last = edges.length - 1;
  const counts = new Map<number, number>();
  const count = (low: number, high: number) => {
    const key = (low + 1) * edges.length + high;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (const high of inOrder) count(-1, nearest(edges, high));
  late.low.forEach((each, at) => {
    const low = Math.min(last - 1, nearest(edges, each));
    count(low, Math.max(low + 1, nearest(edges, late.high[at])));
  });
  const keys = [...counts.keys()];
  return {
    low: keys.map((key) => Math.floor(key / edges.length) - 1),
    high: keys.map((key) => key % edges.length),
    counts: [...counts.values()],
  };
}

/**
 * The distribution of delays of which only intervals are known (Turnbull, "The empirical distribution
 * function with arbitrarily grouped, censored and truncated data", 1976): shares of no delay at all and
 * of bins, each the mean of what it is expected to be of the records.
 */
function selfConsistent({ low, high, counts }: DelayIntervals, bins: number, late: number) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let none = Math.max(0, 1 - 1.5 * late);
  let shares = new Float64Array(bins).fill((1 - none) / bins);
  for (let step = 0; step < STEPS; step++) {
    const sums = new Float64Array(bins + 1); // of the shares before each edge
    for (let bin = 0; bin < bins; bin++) sums[bin + 1] = sums[bin] + shares[bin];
    const odds = new Float64Array(bins + 1); // begun at low ends, ended at high ones
    let still = 0;
    for (let at = 0; at < counts.length; at++) {
      const from = Math.max(0, low[at]);
      const undelayed = low[at] < 0 ? none : 0;
      const sum = undelayed + sums[high[at]] - sums[from];
      if (!(sum > 0)) continue;
      still += counts[at] * undelayed / sum;
      odds[from] += counts[at] / sum;
      odds[high[at]] -= counts[at] / sum;
    }
    let open = 0;
    shares = shares.map((share, bin) => share * (open += odds[bin]) / total);
    none = still / total;
  }
  return { none, shares: shares.map((share) => Math.max(0, share)) };
}

/** Between which delays each late record is. */
interface LateRecords {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * Edges of bins in which about equally many ends of intervals are. The last is just above the greatest
 * lateness, so that nothing in a twin is later.
 */
function edgesOf({ low, high }: LateRecords): Float64Array {
  const most = low.reduce((most, each) => Math.max(most, each), 0) + 1;
  const ends = Float64Array.from([...low, ...high]).sort().filter((end) => end < most);
  const cuts = Array.from(
    { length: BINS },
    (_, at) => ends[Math.round((at / (BINS - 1)) * (ends.length - 1))],
  );
  return Float64Array.from([0, ...cuts, most])
    .filter((cut, at, all) => at === 0 || cut > all[at - 1]);
}

function checkOrder(times: Float64Array, newest: Float64Array): void {
  if (times.length < FEWEST_JUDGED) return;
  let [least, most, sum] = [Infinity, -Infinity, 0];
  times.forEach((time, at) => {
    [least, most] = [Math.min(least, time), Math.max(most, time)];
    sum += Math.max(0, newest[at] - time);
  });
  const mean = sum / times.length;
  if (!(mean > (most - least) * MOST_LATE)) return;
  throw new TrainingDataError(
    `Cannot learn arrivals: rows are ${
      Math.round(mean)
    } ms older than rows before them in the mean, ` +
      `of ${
        most - least
      } ms that there are, and so in no order of arrival; give them by time, or ` +
      `declare the disorder, as in arrival: { disorder: { share: 0 } }`,
  );
}

/**
 * Learns which share of records is delayed, and by how much. A record that arrives between that with the
 * newest time so far and the next that is newer was delayed by more than from its own time to the one,
 * and by at most as much as to the other.
 *
 * @param times Event times in order of arrival, ms.
 * @throws {TrainingDataError} when they are in no such order.
 */
export function learnDisorder(times: Float64Array): DisorderModel {
  const { newest, newer } = neighbours(times);
  checkOrder(times, newest);
  const inOrder: number[] = [];
  const late = { low: [] as number[], high: [] as number[] };
  times.forEach((time, at) => {
    if (newer[at] === Infinity) return; // nothing tells when it arrived at the latest
    if (newest[at] <= time) inOrder.push(newer[at] - time);
    else {
      late.low.push(newest[at] - time);
      late.high.push(newer[at] - time);
    }
  });
  if (late.low.length === 0) return NO_DISORDER;
  const edges = edgesOf(late);
  const share = late.low.length / (late.low.length + inOrder.length);
  const found = selfConsistent(counted(edges, inOrder, late), edges.length - 1, share);
  const delayed = found.shares.reduce((sum, each) => sum + each, 0);
  return {
    share: Math.min(1, delayed),
    edges,
    weights: found.shares.map((each) => each / delayed),
  };
}
