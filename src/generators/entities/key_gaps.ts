import { lowerBound } from "../../batch/sorted_numbers.ts";
import { gapClass } from "./key_draws.ts";
import { INTERVALS, type KeyGaps, type Newcomers, quantilesOf } from "./entities.ts";
import { normalQuantile } from "../normal.ts";

/** A greatest distance of distribution functions at which keys count as drawn independently. */
const INDEPENDENT = 0.025;
const LEAST_GAPS = 500;
const LEAST_KEYS = 20;
/** Keys that stay for less of the time than this are taken for such that come and go. */
const LASTING = 0.6;
const LEAST_MEMORY = 0.05;
const EIGHTHS = 8;
const LEAST_SPREAD_COUNT = 16;

/** The keys of events, as numbers from 0 in order of how frequent they are. */
export interface KeyEvents {
  /** The key of each event, in order of event times. */
  readonly keys: Int32Array;
  /** How many events each key has. */
  readonly counts: Float64Array;
  /** The event before of the same key, −1 for none. */
  readonly previous: Int32Array;
}

/** Numbers keys by how frequent they are. */
export function keyEvents(codes: Int32Array, size: number): KeyEvents & { order: Int32Array } {
  const counts = new Float64Array(size);
  for (const code of codes) counts[code]++;
  const order = Int32Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b);
  const ranks = new Int32Array(size);
  order.forEach((code, rank) => ranks[code] = rank);
  const keys = codes.map((code) => ranks[code]);
  const last = new Int32Array(size).fill(-1);
  const previous = keys.map((key, at) => {
    const before = last[key];
    last[key] = at;
    return before;
  });
  return { keys, counts: counts.slice().sort().reverse(), previous, order };
}

/** Which keys come, have some events, and never come again: by classes of how many events they have. */
export function transientKeys({ keys, counts, previous }: KeyEvents): Uint8Array {
  const first = new Int32Array(counts.length);
  const last = new Int32Array(counts.length);
  keys.forEach((key, at) => {
    if (previous[at] < 0) first[key] = at;
    last[key] = at;
  });
  const classOf = (count: number) => Math.floor(Math.log2(count));
  const classes = classOf(counts[0] ?? 1) + 1;
  const [spans, members] = [new Float64Array(classes), new Float64Array(classes)];
  counts.forEach((count, key) => {
    members[classOf(count)]++;
    if (count < 2) return;
    const expected = (count - 1) / (count + 1) * keys.length;
    spans[classOf(count)] += (last[key] - first[key]) / expected;
  });
  const comes = Array.from(
    members,
    (n, at) => at > 0 && n >= LEAST_KEYS && spans[at] < LASTING * n,
  );
  // of keys of one event nothing is known but what keys of two or three do
  comes[0] = (members[1] ?? 0) >= LEAST_KEYS ? comes[1] : members[0] * 2 > counts.length;
  return Uint8Array.from(counts, (count) => comes[classOf(count)] ? 1 : 0);
}

/**
 * What the variance of a key's count of events is of its mean: 1 where events are anywhere, less where
 * they are at even distances, more where they come in bursts. Taken from eighths of the events.
 */
export function dispersionOf({ keys, counts }: KeyEvents, transient: Uint8Array): number {
  const parts = new Float64Array(counts.length * EIGHTHS);
  keys.forEach((key, at) => parts[key * EIGHTHS + Math.floor(at * EIGHTHS / keys.length)]++);
  let [sum, members] = [0, 0];
  counts.forEach((count, key) => {
    if (transient[key] || count < LEAST_SPREAD_COUNT) return;
    const mean = count / EIGHTHS;
    let squares = 0;
    for (let at = key * EIGHTHS; at < (key + 1) * EIGHTHS; at++) squares += (parts[at] - mean) ** 2;
    // a key's share of all events is a share of a fixed number
    const rest = Math.max(0.01, 1 - count / keys.length);
    sum += squares / (EIGHTHS - 1) / mean / rest;
    members++;
  });
  const dispersion = members < LEAST_KEYS ? 1 : sum / members;
  const noise = 3 * Math.sqrt(2 / (EIGHTHS - 1) / Math.max(1, members));
  return Math.abs(dispersion - 1) < noise ? 1 : Math.min(100, Math.max(0.01, dispersion));
}

/** What newcomers are like. */
export function learnNewcomers(events: KeyEvents, transient: Uint8Array): Newcomers | undefined {
  const lives = events.counts.filter((_, key) => transient[key] === 1).sort();
  if (lives.length === 0) return undefined;
  const gaps: number[] = [];
  events.previous.forEach((before, at) => {
    if (before >= 0 && transient[events.keys[at]]) gaps.push(at - before);
  });
  const sorted = Float64Array.from(gaps.length > 0 ? gaps : [1]).sort();
  return {
    rate: lives.length / events.keys.length,
    lives: quantilesOf(lives, INTERVALS),
    gaps: quantilesOf(sorted, INTERVALS),
  };
}

/** Gaps as shares, which are uniform where the events of a key are anywhere. */
function gapShares({ keys, counts, previous }: KeyEvents, transient: Uint8Array): Float64Array {
  const shares: number[] = [];
  previous.forEach((before, at) => {
    if (before < 0 || transient[keys[at]]) return;
    // a place within the event, which differs from gap to gap
    const within = (at * 0.6180339887498949) % 1;
    shares.push(1 - (1 - (at - before - within) / keys.length) ** counts[keys[at]]);
  });
  return Float64Array.from(shares).sort();
}

function isIndependent(shares: Float64Array): boolean {
  const chance = 1.63 / Math.sqrt(Math.max(1, shares.length));
  let distance = 0;
  shares.forEach((share, i) => {
    const [low, high] = [i / shares.length, (i + 1) / shares.length];
    distance = Math.max(distance, share - low, high - share);
  });
  return distance <= Math.max(INDEPENDENT, chance);
}

/** The least share of each class: powers of two apart, each with gaps enough. */
function classLimits({ counts, keys }: KeyEvents, transient: Uint8Array): Float64Array {
  const limits: number[] = [];
  let gaps = 0;
  let least = Infinity;
  counts.forEach((count, key) => {
    if (transient[key] || count < 2) return;
    if (gaps >= LEAST_GAPS && count < least / 2) {
      limits.push(least / keys.length);
      gaps = 0;
      least = Infinity;
    }
    gaps += count - 1;
    if (least === Infinity) least = count;
    if (gaps < LEAST_GAPS) least = Math.min(least, count);
  });
  return Float64Array.from([...limits, 0]);
}

/** The correlation of the ranks of a gap and the next, as that of normal scores. */
function memoryOf(pairs: readonly (readonly [number, number])[], sorted: Float64Array): number {
  const score = (gap: number) =>
    normalQuantile((lowerBound(sorted, gap) + 0.5) / (sorted.length + 1));
  let [product, square] = [0, 0];
  for (const [gap, next] of pairs) {
    const [a, b] = [score(gap), score(next)];
    product += a * b;
    square += (a * a + b * b) / 2;
  }
  const memory = square > 0 ? product / square : 0;
  return pairs.length >= LEAST_GAPS && Math.abs(memory) >= LEAST_MEMORY
    ? Math.max(-0.95, Math.min(0.95, memory))
    : 0;
}

/** How far the events of lasting keys are apart; undefined where they are anywhere. */
export function learnGaps(events: KeyEvents, transient: Uint8Array): KeyGaps | undefined {
  const shares = gapShares(events, transient);
  if (shares.length < LEAST_GAPS || isIndependent(shares)) return undefined;
  const { keys, counts, previous } = events;
  const limits = classLimits(events, transient);
  const empty = { limits, knots: new Float64Array(), memories: new Float64Array() };
  const gaps = Array.from(limits, (): number[] => []);
  const pairs = Array.from(limits, (): [number, number][] => []);
  previous.forEach((before, at) => {
    const key = keys[at];
    if (before < 0 || transient[key]) return;
    const share = counts[key] / keys.length;
    const of = gapClass(empty, share);
    const gap = (at - before) * share;
    gaps[of].push(gap);
    if (previous[before] >= 0) pairs[of].push([(before - previous[before]) * share, gap]);
  });
  const knots = new Float64Array(limits.length * (INTERVALS + 1));
  const memories = Float64Array.from(limits, (_, of) => {
    const sorted = Float64Array.from(gaps[of].length > 0 ? gaps[of] : [1]).sort();
    const quantiles = quantilesOf(sorted, INTERVALS);
    const mean = quantiles.reduce((a, b) => a + b) / quantiles.length;
    knots.set(quantiles.map((each) => each / mean), of * (INTERVALS + 1));
    return memoryOf(pairs[of], sorted);
  });
  return { limits, knots, memories };
}
