import { ksDistance } from "../arrival/arrival_distance.ts";
import { keyEvents } from "./key_gaps.ts";
import { cutValues, lagStatistics } from "./state_statistics.ts";

/** Median gaps after which a key's next event begins a new session, where nothing else is said. */
const SESSION_MEDIANS = 5;

/** Events with keys, in any order. */
export interface KeyedEvents {
  /** Event times, ms since 1970. */
  readonly times: Float64Array;
  /** What is the same for events of the same key. */
  readonly keys: ArrayLike<unknown>;
}

/** How far the keys of two streams differ: distances of Kolmogorov and Smirnov, 0 to 1. */
export interface KeyDistances {
  /** In the rank of events' keys by how frequent they are. */
  readonly frequencies: number;
  /** In how many events keys have. */
  readonly counts: number;
  /** In the time between two events of a key. */
  readonly gaps: number;
  /** In how many events a key has in a session. */
  readonly sessions: number;
  /** The longest time between two events of a session, ms. */
  readonly sessionGap: number;
}

interface Numbered {
  readonly times: Float64Array;
  readonly codes: Int32Array;
  readonly size: number;
}

/** Events in the order of their times, keys by number. */
function numbered({ times, keys }: KeyedEvents): Numbered & { order: Uint32Array } {
  const order = Uint32Array.from(times, (_, at) => at).sort((a, b) => times[a] - times[b] || a - b);
  const numbers = new Map<unknown, number>();
  const codes = Int32Array.from(order, (at) => {
    const key = keys[at];
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key)!;
  });
  return { times: times.map((_, at) => times[order[at]]), codes, size: numbers.size, order };
}

/** The times between two events of a key. */
function gapsOf({ times, codes, size }: Numbered): Float64Array {
  const { previous } = keyEvents(codes, size);
  const gaps = new Float64Array(times.length);
  let count = 0;
  previous.forEach((before, at) => {
    if (before >= 0) gaps[count++] = times[at] - times[before];
  });
  return gaps.slice(0, count);
}

/** How many events each session has. */
function sessionsOf({ times, codes, size }: Numbered, gap: number): Float64Array {
  const last = new Float64Array(size).fill(-Infinity);
  const open = new Float64Array(size);
  const lengths: number[] = [];
  codes.forEach((code, at) => {
    if (times[at] - last[code] > gap) {
      if (open[code] > 0) lengths.push(open[code]);
      open[code] = 0;
    }
    last[code] = times[at];
    open[code]++;
  });
  for (const length of open) if (length > 0) lengths.push(length);
  return Float64Array.from(lengths);
}

function median(values: Float64Array): number {
  return values.length === 0 ? 0 : values.toSorted()[values.length >> 1];
}

/**
 * How far the keys of two streams differ.
 *
 * @param sessionGap The longest time between two events of a session, ms. Default: five times the
 *   median time between two events of a key in the first stream.
 */
export function keyDistances(
  real: KeyedEvents,
  synthetic: KeyedEvents,
  { sessionGap }: { sessionGap?: number } = {},
): KeyDistances {
  const [one, other] = [numbered(real), numbered(synthetic)];
  const [a, b] = [keyEvents(one.codes, one.size), keyEvents(other.codes, other.size)];
  const [gapsA, gapsB] = [gapsOf(one), gapsOf(other)];
  const gap = sessionGap ?? SESSION_MEDIANS * median(gapsA);
  return {
    frequencies: ksDistance(Float64Array.from(a.keys), Float64Array.from(b.keys)),
    counts: ksDistance(a.counts, b.counts),
    gaps: ksDistance(gapsA, gapsB),
    sessions: ksDistance(sessionsOf(one, gap), sessionsOf(other, gap)),
    sessionGap: gap,
  };
}

/** How a column of numbers goes on within keys. */
export interface KeyAutocorrelation {
  /** The correlation of a value with the next of the same key, both less the key's mean. */
  readonly lag: number;
  /** The share of the variance that is between keys, 0 to 1. */
  readonly level: number;
}

/**
 * The lag-1 autocorrelation of a column within keys, over all keys of 16 events and more together; the
 * thousandth of values at either end is cut off.
 *
 * @param values Numbers, `NaN` where there is none.
 */
export function keyAutocorrelation(events: KeyedEvents, values: Float64Array): KeyAutocorrelation {
  const { codes, size, order } = numbered(events);
  const sorted = values.map((_, at) => values[order[at]]);
  const nulls = Uint8Array.from(sorted, (value) => Number.isNaN(value) ? 1 : 0);
  return lagStatistics(keyEvents(codes, size), cutValues(sorted, nulls), nulls);
}
