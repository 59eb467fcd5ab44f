import type { KeyEvents } from "./key_gaps.ts";

/** Events of a key from which on its mean is known well enough to take its level off. */
const LEAST_EVENTS = 16;
const CUT = 0.001;

/** How a column goes on within keys. */
export interface LagStatistics {
  /** The correlation of values with the next of the same key, both less the key's mean. */
  readonly lag: number;
  /** The share of the variance that is between keys. */
  readonly level: number;
}

/** Values without what is far out, which would outweigh all others. */
export function cutValues(values: Float64Array, nulls: Uint8Array): Float64Array {
  const step = Math.max(1, Math.floor(values.length / 20_000));
  const some = values.filter((_, at) => at % step === 0 && nulls[at] === 0).sort();
  if (some.length === 0) return values;
  const low = some[Math.floor(some.length * CUT)];
  const high = some[Math.ceil((some.length - 1) * (1 - CUT))];
  return values.map((value) => Math.min(high, Math.max(low, value)));
}

/** The mean of each key's values, and how many it has. */
export function keyMeans({ keys, counts }: KeyEvents, values: Float64Array, nulls?: Uint8Array) {
  const means = new Float64Array(counts.length);
  const sizes = new Float64Array(counts.length);
  for (let at = 0; at < keys.length; at++) {
    if (nulls && nulls[at] !== 0) continue;
    means[keys[at]] += values[at];
    sizes[keys[at]]++;
  }
  means.forEach((sum, key) => means[key] = sizes[key] > 0 ? sum / sizes[key] : 0);
  return { means, sizes };
}

/**
 * How a column goes on within keys; of keys with few events, where there are no others, levels and
 * what is carried on cannot be told apart, and all is lag.
 */
export function lagStatistics(
  events: KeyEvents,
  values: Float64Array,
  nulls: Uint8Array,
): LagStatistics {
  const { keys, previous } = events;
  const { means, sizes } = keyMeans(events, values, nulls);
  const all = means.reduce((sum, mean, key) => sum + mean * sizes[key], 0) /
    sizes.reduce((a, b) => a + b, 1e-300);
  const hasLong = sizes.some((size) => size >= LEAST_EVENTS);
  const isTaken = (key: number) => !hasLong || sizes[key] >= LEAST_EVENTS;
  let [product, before2, after2, within, between] = [0, 0, 0, 0, 0];
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at];
    if (nulls[at] || !isTaken(key)) continue;
    const mean = hasLong ? means[key] : all;
    within += (values[at] - mean) ** 2;
    between += (mean - all) ** 2;
    const before = previous[at];
    if (before < 0 || nulls[before]) continue;
    product += (values[before] - mean) * (values[at] - mean);
    before2 += (values[before] - mean) ** 2;
    after2 += (values[at] - mean) ** 2;
  }
  const scale = Math.sqrt(before2 * after2);
  const total = within + between;
  return { lag: scale > 0 ? product / scale : 0, level: total > 0 ? between / total : 0 };
}
