import { normalBelow, normalQuantile } from "../normal.ts";

const RADIX_BITS = 11;
const RADIX = 1 << RADIX_BITS;
const SIGN = 0x8000_0000;

/** Words in the order of numbers: of 32-bit floats, the greatest for what is null. */
export function sortWords(values: Float32Array, nulls?: Uint8Array): Uint32Array {
  const words = new Uint32Array(values.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    words[i] = bits[i] >= SIGN ? ~bits[i] : bits[i] | SIGN;
    if (nulls?.[i]) words[i] = 0xffff_ffff;
  }
  return words;
}

/** Puts rows in order, again and again. */
class Sorter {
  readonly #counts = new Uint32Array(RADIX + 1);
  readonly #first: Uint32Array | undefined;
  #from: Uint32Array;
  #to: Uint32Array;
  #slabCounts = new Uint32Array(0);

  /** @param first The order of rows that are equal. Default: their own. */
  constructor(length: number, first?: Uint32Array) {
    this.#first = first;
    this.#from = new Uint32Array(length);
    this.#to = new Uint32Array(length);
  }

  /** The rows by slab, and within a slab by word. */
  order(words: Uint32Array, slabs: Uint32Array, slabCount: number): Uint32Array {
    if (this.#first) this.#from.set(this.#first);
    else for (let i = 0; i < this.#from.length; i++) this.#from[i] = i;
    for (let shift = 0; shift < 32; shift += RADIX_BITS) this.#byDigit(words, shift);
    if (slabCount > 1) this.#bySlab(slabs, slabCount);
    return this.#from.slice();
  }

  #byDigit(words: Uint32Array, shift: number): void {
    const counts = this.#counts.fill(0);
    const [from, to] = [this.#from, this.#to];
    for (let i = 0; i < from.length; i++) counts[((words[i] >>> shift) & (RADIX - 1)) + 1]++;
    for (let digit = 1; digit < RADIX; digit++) counts[digit] += counts[digit - 1];
    for (let i = 0; i < from.length; i++) {
      to[counts[(words[from[i]] >>> shift) & (RADIX - 1)]++] = from[i];
    }
    [this.#from, this.#to] = [to, from];
  }

  #bySlab(slabs: Uint32Array, slabCount: number): void {
    if (this.#slabCounts.length <= slabCount) this.#slabCounts = new Uint32Array(slabCount + 1);
    const counts = this.#slabCounts.fill(0);
    const [from, to] = [this.#from, this.#to];
    for (let i = 0; i < from.length; i++) counts[slabs[i] + 1]++;
    for (let slab = 1; slab < slabCount; slab++) counts[slab] += counts[slab - 1];
    for (let i = 0; i < from.length; i++) to[counts[slabs[from[i]]]++] = from[i];
    [this.#from, this.#to] = [to, from];
  }
}

/**
 * The share of rows below each of so many slabs: narrower ones in the middle than at the ends, so that
 * normal scores differ least within them (points as dense as the cube root of the density; Panter,
 * Dite, "Quantization distortion in pulse-count modulation", 1951).
 */
function slabShares(slabs: number): Float64Array {
  return Float64Array.from(
    { length: slabs },
    (_, at) => at === 0 ? 0 : normalBelow(Math.sqrt(3) * normalQuantile(at / slabs)),
  );
}

/** Where the slabs of rows in order begin when each is cut at these shares. */
function cutSlabs(starts: readonly number[], shares: Float64Array, length: number): number[] {
  const out: number[] = [];
  starts.forEach((start, at) => {
    const size = (starts[at + 1] ?? length) - start;
    for (const share of shares) out.push(start + Math.round(size * share));
  });
  return out;
}

/** Where they begin when each is cut where the word of rows in order changes. */
function cutByWord(starts: readonly number[], words: Uint32Array, order: Uint32Array): number[] {
  const out: number[] = [];
  starts.forEach((start, at) => {
    const end = starts[at + 1] ?? order.length;
    for (let i = start; i < end; i++) {
      if (i === start || words[order[i]] !== words[order[i - 1]]) out.push(i);
    }
  });
  return out;
}

function fillSlabs(slabs: Uint32Array, order: Uint32Array, starts: readonly number[]): void {
  starts.forEach((start, slab) => {
    const end = starts[slab + 1] ?? order.length;
    for (let i = start; i < end; i++) slabs[order[i]] = slab;
  });
}

/** How many slabs each of so many columns is cut into, for rows that are matched together. */
export function slabsFor(columns: number, rows: number): number {
  return Math.max(2, Math.round(rows ** (1 / (columns + 1))));
}

/** How rows are cut into slabs. */
export interface SlabPlan {
  /** How many columns, from the first, are cut where their words change: those of few categories. */
  readonly exact: number;
  /** Into how many slabs rows are cut by each other column. */
  readonly slabs: number;
}

/**
 * The rank of rows by each column among those that are alike in the columns before, as shares between
 * 0 and 1: what Rosenblatt's transformation is of a sample (Rosenblatt, "Remarks on a multivariate
 * transformation", 1952). Alike are those in the same slab of all columns before.
 *
 * @param first The order of rows whose words are equal.
 */
export function conditionalRanks(
  columns: readonly Uint32Array[],
  { exact, slabs }: SlabPlan,
  first: Uint32Array,
): Float64Array[] {
  const { length } = first;
  const shares = slabShares(slabs);
  const sorter = new Sorter(length, first);
  const of = new Uint32Array(length);
  let starts: number[] = [0];
  return columns.map((words, at) => {
    const order = sorter.order(words, of, starts.length);
    const ranks = new Float64Array(length);
    starts.forEach((start, slab) => {
      const end = starts[slab + 1] ?? length;
      for (let i = start; i < end; i++) ranks[order[i]] = (i - start + 0.5) / (end - start);
    });
    starts = at < exact ? cutByWord(starts, words, order) : cutSlabs(starts, shares, length);
    fillSlabs(of, order, starts);
    return ranks;
  });
}

/**
 * Gives each event a row: one that has, by each column, the rank among the rows which the event's
 * target has among the targets, slab by slab as in {@linkcode conditionalRanks}. Each row is taken
 * once, so whatever columns have to do with each other within a row stays.
 */
export class RowMatcher {
  readonly #events: Sorter;
  readonly #rows: Sorter;
  readonly #length: number;
  readonly #plan: SlabPlan;

  /** For as many events as rows. */
  constructor(length: number, plan: SlabPlan) {
    this.#events = new Sorter(length);
    this.#rows = new Sorter(length);
    this.#length = length;
    this.#plan = plan;
  }

  /** The row of each event, by the words of targets and rows. */
  match(targets: readonly Uint32Array[], rows: readonly Uint32Array[]): Uint32Array {
    const length = this.#length;
    const { exact, slabs } = this.#plan;
    const shares = slabShares(slabs);
    const [ofEvents, ofRows] = [new Uint32Array(length), new Uint32Array(length)];
    const picked = new Uint32Array(length);
    let starts: number[] = [0];
    targets.forEach((words, at) => {
      const events = this.#events.order(words, ofEvents, starts.length);
      const order = this.#rows.order(rows[at], ofRows, starts.length);
      if (at === targets.length - 1) {
        for (let i = 0; i < length; i++) picked[events[i]] = order[i];
        return;
      }
      starts = at < exact ? cutByWord(starts, rows[at], order) : cutSlabs(starts, shares, length);
      fillSlabs(ofEvents, events, starts);
      fillSlabs(ofRows, order, starts);
    });
    return picked;
  }
}
