import type { DistinctValue } from "./distinct_values.ts";

/** A value with how often it came at most, and by how much that may be too much. */
export interface Counter {
  readonly value: DistinctValue;
  readonly count: number;
  readonly error: number;
}

interface Counted {
  value: DistinctValue;
  count: number;
  error: number;
  /** Place in the heap. */
  at: number;
}

/**
 * The most frequent values in bounded memory: Space-Saving (Metwally, Agrawal and El Abbadi,
 * "Efficient computation of frequent and top-k elements in data streams", ICDT 2005). Of n values
 * with m counters each that came more than n / m times is there, and a value came at most `count`
 * and at least `count − error` times. Up to m different values all counts are exact.
 *
 * Merged as in Agarwal, Cormode et al., "Mergeable summaries" (PODS 2012), which keeps the bounds.
 */
export class SpaceSaving {
  readonly #most: number;
  readonly #byValue = new Map<DistinctValue, Counted>();
  /** The least count first, each before those at twice its place and one more, and two more. */
  readonly #heap: Counted[] = [];

  /** With so many counters at most. */
  constructor(counters: number) {
    this.#most = counters;
  }

  /** Takes in a value that came so many times. */
  add(value: DistinctValue, times = 1): void {
    const known = this.#byValue.get(value);
    if (known) {
      known.count += times;
      this.#sink(known);
    } else if (this.#heap.length < this.#most) {
      this.#append({ value, count: times, error: 0 });
    } else {
      this.#replace(this.#heap[0], value, times);
    }
  }

  #append({ value, count, error }: Counter): void {
    const counted = { value, count, error, at: this.#heap.length };
    this.#heap.push(counted);
    this.#byValue.set(value, counted);
    this.#rise(counted);
  }

  #replace(least: Counted, value: DistinctValue, times: number): void {
    this.#byValue.delete(least.value);
    least.value = value;
    least.error = least.count;
    least.count += times;
    this.#byValue.set(value, least);
    this.#sink(least);
  }

  #put(counted: Counted, at: number): void {
    this.#heap[at] = counted;
    counted.at = at;
  }

  #rise(counted: Counted): void {
    let { at } = counted;
    while (at > 0) {
      const above = this.#heap[(at - 1) >> 1];
      if (above.count <= counted.count) break;
      this.#put(above, at);
      at = (at - 1) >> 1;
    }
    this.#put(counted, at);
  }

  #sink(counted: Counted): void {
    const heap = this.#heap;
    let { at } = counted;
    while (2 * at + 1 < heap.length) {
      let below = heap[2 * at + 1];
      const other = heap[2 * at + 2];
      if (other !== undefined && other.count < below.count) below = other;
      if (below.count >= counted.count) break;
      const next = below.at;
      this.#put(below, at);
      at = next;
    }
    this.#put(counted, at);
  }

  /** How often a value that has no counter may have come. */
  get #unseen(): number {
    return this.#heap.length < this.#most ? 0 : this.#heap[0].count;
  }

  /** Takes in all that another one has, which has as many counters. */
  merge(other: SpaceSaving): void {
    const [own, others] = [this.#unseen, other.#unseen];
    const merged = new Map<DistinctValue, Counter>();
    for (const { value, count, error } of this.#heap) {
      const more = other.#byValue.get(value) ?? { count: others, error: others };
      merged.set(value, { value, count: count + more.count, error: error + more.error });
    }
    for (const { value, count, error } of other.#heap) {
      if (merged.has(value)) continue;
      merged.set(value, { value, count: count + own, error: error + own });
    }
    this.#load(ranked([...merged.values()]).slice(0, this.#most));
  }

  #load(counters: readonly Counter[]): void {
    this.#heap.length = 0;
    this.#byValue.clear();
    for (const counter of counters) this.#append(counter);
  }

  /** The most frequent values, the most frequent first. */
  top(k: number): Counter[] {
    return ranked(this.save()).slice(0, k);
  }

  /** All counters. */
  save(): Counter[] {
    return this.#heap.map(({ value, count, error }) => ({ value, count, error }));
  }

  /** Counters that were saved. */
  static load(counters: readonly Counter[], most: number): SpaceSaving {
    const made = new SpaceSaving(most);
    made.#load(counters);
    return made;
  }
}

/** By count from the highest, then by the surest, then by the least value. */
function ranked(counters: readonly Counter[]): Counter[] {
  return counters.toSorted((a, b) =>
    b.count - a.count || a.error - b.error || compared(a.value, b.value)
  );
}

function compared(a: DistinctValue, b: DistinctValue): number {
  const nans = Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return nans !== 0 ? nans : Number(a > b) - Number(a < b);
}
