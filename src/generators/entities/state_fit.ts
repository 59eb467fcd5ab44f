import type { KeyStates } from "./entities.ts";
import type { KeyEvents } from "./key_gaps.ts";
import { keyMeans } from "./state_statistics.ts";

const LAGS = 8;
const LEAST_EVENTS = 16;
const LEAST_LAG = 0.01;
const MOST_MEMORY = 0.999;
/** Events that the spread and the memory of all keys count as, beside a key's own. */
const PRIOR_EVENTS = 20;
const PRIOR_PAIRS = 200;
/** Pairs from which on a key has a memory of its own. */
const LEAST_PAIRS = 200;
/** Events in keys that are long, from which on others do not count for how scores go on. */
const ENOUGH_EVENTS = 5000;
const LONG = 100;

/** How scores go on. */
export interface FittedWalk {
  readonly level: number;
  readonly carried: number;
  readonly memory: number;
}

interface Deviations {
  readonly of: Float64Array;
  readonly means: Float64Array;
  readonly sizes: Float64Array;
  readonly hasLong: boolean;
}

/** What is left of scores without their keys' means, where these are known well. */
function deviations(events: KeyEvents, scores: Float64Array): Deviations {
  const { means, sizes } = keyMeans(events, scores);
  const inLong = sizes.reduce((sum, size) => size >= LONG ? sum + size : sum, 0);
  const least = inLong >= ENOUGH_EVENTS ? LONG : LEAST_EVENTS;
  const hasLong = sizes.some((size) => size >= least);
  const of = scores.map((score, at) => {
    const key = events.keys[at];
    return !hasLong ? score : sizes[key] >= least ? score - means[key] : NaN;
  });
  return { of, means, sizes, hasLong };
}

/** Autocorrelations within keys at lags from 1. */
function autocorrelations({ previous }: KeyEvents, of: Float64Array): Float64Array {
  const out = new Float64Array(LAGS);
  let square = 0;
  let count = 0;
  for (const each of of) if (each === each) [square, count] = [square + each * each, count + 1];
  const variance = square / Math.max(1, count);
  const before = previous.slice();
  for (let lag = 0; lag < LAGS; lag++) {
    let [product, pairs] = [0, 0];
    for (let at = 0; at < of.length; at++) {
      if (before[at] < 0 || of[at] !== of[at]) continue;
      product += of[at] * of[before[at]];
      pairs++;
    }
    out[lag] = pairs > 0 && variance > 0 ? product / pairs / variance : 0;
    for (let at = before.length - 1; at >= 0; at--) {
      if (before[at] >= 0) before[at] = previous[before[at]];
    }
  }
  return out;
}

/** The share that is carried on and its memory, whose product is the first autocorrelation. */
function carriedOf(lags: Float64Array): { carried: number; memory: number } {
  const first = lags[0];
  if (Math.abs(first) < LEAST_LAG) return { carried: 0, memory: 0 };
  if (first < 0) return { carried: 1, memory: Math.max(-MOST_MEMORY, first) };
  let best = { error: Infinity, memory: first };
  for (let step = 0; step <= 400; step++) {
    const memory = first + (MOST_MEMORY - first) * step / 400;
    let error = 0;
    lags.forEach((lag, at) => error += (lag - first * memory ** at) ** 2);
    if (error < best.error) best = { error, memory };
  }
  return { carried: Math.min(1, first / best.memory), memory: best.memory };
}

/** The variance of keys' levels, without what their means are off by. */
function levelOf(
  { means, sizes, of, hasLong }: Deviations,
  walk: { carried: number; memory: number },
) {
  if (!hasLong) return 0;
  let [square, noise, members] = [0, 0, 0];
  let [within, count] = [0, 0];
  for (const each of of) if (each === each) [within, count] = [within + each * each, count + 1];
  within /= Math.max(1, count);
  const { carried, memory } = walk;
  const longer = 1 + 2 * carried * memory / (1 - memory);
  means.forEach((mean, key) => {
    if (sizes[key] < LEAST_EVENTS) return;
    square += mean * mean;
    noise += within * Math.min(1, longer / sizes[key]);
    members++;
  });
  return members < 2 ? 0 : Math.min(0.999, Math.max(0, (square - noise) / members));
}

/** How scores of a column go on within keys. */
export function fitWalk(events: KeyEvents, scores: Float64Array): FittedWalk {
  const left = deviations(events, scores);
  const walk = carriedOf(autocorrelations(events, left.of));
  return { level: levelOf(left, walk), ...walk };
}

/** The levels, spreads and memories of the keys that have events enough, by key and column. */
export function profilesOf(
  events: KeyEvents,
  { scores, walks, least }: {
    scores: readonly Float64Array[];
    walks: readonly FittedWalk[];
    least: number;
  },
): Pick<KeyStates, "profiles" | "levels" | "spreads" | "memories"> {
  const { counts } = events;
  const found = counts.findIndex((count) => count < Math.max(least, LEAST_EVENTS));
  const profiles = found < 0 ? counts.length : found;
  const wide = scores.length;
  const out = {
    profiles,
    levels: new Float32Array(profiles * wide),
    spreads: new Float32Array(profiles * wide),
    memories: new Float32Array(profiles * wide),
  };
  scores.forEach((of, column) =>
    fillProfiles(events, of, { ...out, ...walks[column], wide, column })
  );
  return out;
}

function fillProfiles(
  { keys, previous, counts }: KeyEvents,
  scores: Float64Array,
  to: Pick<KeyStates, "profiles" | "levels" | "spreads" | "memories"> & FittedWalk & {
    wide: number;
    column: number;
  },
): void {
  const { profiles, wide, column, carried, memory, level } = to;
  const { means } = keyMeans({ keys, previous, counts }, scores);
  const [squares, products, pairs] = [0, 0, 0].map(() => new Float64Array(profiles));
  let within = 0;
  let count = 0;
  keys.forEach((key, at) => {
    if (key >= profiles) return;
    const each = scores[at] - means[key];
    squares[key] += each * each;
    within += each * each;
    count++;
    const before = previous[at];
    if (before < 0) return;
    products[key] += each * (scores[before] - means[key]);
    pairs[key]++;
  });
  const usual = count > 0 ? within / count : 1 - level;
  for (let key = 0; key < profiles; key++) {
    const variance = (squares[key] + PRIOR_EVENTS * usual) / (counts[key] + PRIOR_EVENTS);
    const own = squares[key] > 0 ? products[key] / squares[key] : 0;
    const weight = pairs[key] >= LEAST_PAIRS ? pairs[key] : 0;
    const lag = (own * weight + PRIOR_PAIRS * carried * memory) / (weight + PRIOR_PAIRS);
    const at = key * wide + column;
    to.levels[at] = means[key];
    to.spreads[at] = Math.sqrt(variance);
    const kept = carried > 0 ? lag / carried : 0;
    to.memories[at] = Math.max(-MOST_MEMORY, Math.min(MOST_MEMORY, kept));
  }
}
