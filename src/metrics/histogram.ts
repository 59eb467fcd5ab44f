/** Buckets in each doubling of the value are 2^6. */
const SUB_BITS = 6;
const MANTISSA_BITS_IN_HIGH_WORD = 20;
const SHIFT = MANTISSA_BITS_IN_HIGH_WORD - SUB_BITS;
/** Values below a microsecond, in milliseconds a 1,024th, fall into one bucket. */
const LOWEST = 2 ** -10;
/** So do values from here on: in milliseconds some four and a half hours. */
const HIGHEST = 2 ** 24;

const scratch = new Float64Array(1);
const words = new Int32Array(scratch.buffer);
const HIGH_WORD = new Uint8Array(new Int32Array([1]).buffer)[0] === 1 ? 1 : 0;

function highWord(value: number): number {
  scratch[0] = value;
  return words[HIGH_WORD];
}

const FIRST_KEY = highWord(LOWEST) >>> SHIFT;
/** One for all that is lower, one for all that is higher. */
const BUCKETS = (highWord(HIGHEST) >>> SHIFT) - FIRST_KEY + 2;
const LAST_BUCKET = BUCKETS - 1;

/** Words before the buckets: version, first and last used bucket, and four numbers of two words. */
const HEADER_WORDS = 12;
const VERSION = 0;
const MAX_ATTEMPTS = 1_000;

/** What a histogram comes to, for reports; `null` where nothing was recorded. */
export interface HistogramSummary {
  readonly count: number;
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
}

/** Exponent and leading bits of the mantissa, which grow with the value: a log-linear scale. */
function bucketOf(value: number): number {
  if (value < LOWEST) return 0;
  return value < HIGHEST ? (highWord(value) >>> SHIFT) - FIRST_KEY + 1 : LAST_BUCKET;
}

function startOf(bucket: number): number {
  scratch[0] = 0;
  words[HIGH_WORD] = (bucket - 1 + FIRST_KEY) << SHIFT;
  return scratch[0];
}

/**
 * A histogram of latencies or other non-negative numbers in fixed memory (17 KiB).
 *
 * Each doubling of the value has 64 buckets of equal width, as in HdrHistogram, so that from 2^-10
 * to 2^24 a percentile is within {@linkcode Histogram.RELATIVE_ERROR} of a recorded value of that
 * rank; with milliseconds that is from a microsecond to four hours and a half. What is lower or
 * higher has one bucket each, where a percentile is the least or the greatest value. Count, sum,
 * least and greatest are exact.
 */
export class Histogram {
  /** The most that a percentile differs from a recorded value, as a share of it: 1/128. */
  static readonly RELATIVE_ERROR: number = 2 ** -(SUB_BITS + 1);
  /** The 32-bit words that {@linkcode Histogram.encodeTo} needs. */
  static readonly ENCODED_WORDS: number = HEADER_WORDS + 2 * BUCKETS;

  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  /** How many values were recorded. */
  get count(): number {
    return this.#count;
  }

  /** The sum of the values. */
  get sum(): number {
    return this.#sum;
  }

  /** The mean of the values; `NaN` when there are none. */
  get mean(): number {
    return this.#sum / this.#count;
  }

  /** The least value; `NaN` when there are none. */
  get min(): number {
    return this.#count === 0 ? NaN : this.#min;
  }

  /** The greatest value; `NaN` when there are none. */
  get max(): number {
    return this.#count === 0 ? NaN : this.#max;
  }

  /**
   * Counts `value`, `times` times.
   *
   * @throws {RangeError} when the value is negative or not finite, or `times` no whole number.
   */
  record(value: number, times: number = 1): void {
    if (!(value >= 0 && value < Infinity)) {
      throw new RangeError(
        `Cannot record in histogram: a value must be finite and 0 or more, received ${value}`,
      );
    }
    if (!(Number.isSafeInteger(times) && times >= 0)) {
      throw new RangeError(
        `Cannot record in histogram: times must be a whole number from 0, received ${times}`,
      );
    }
    if (times === 0) return;
    this.#counts[bucketOf(value)] += times;
    this.#count += times;
    this.#sum += value * times;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /**
   * The value that `p` percent of the values do not exceed (nearest rank: the ⌈p/100 · count⌉-th
   * smallest, at least the first), within the relative error; `NaN` when there are none.
   *
   * @throws {RangeError} when `p` is not from 0 to 100.
   */
  percentile(p: number): number {
    if (!(p >= 0 && p <= 100)) {
      throw new RangeError(`Cannot take percentile: p must be from 0 to 100, received ${p}`);
    }
    if (this.#count === 0) return NaN;
    const rank = Math.max(1, Math.ceil(p / 100 * this.#count));
    if (rank >= this.#count) return this.#max;
    return this.#valueIn(this.#bucketOfRank(rank));
  }

  /** Adds all that `other` recorded. */
  merge(other: Histogram): void {
    for (let i = 0; i < BUCKETS; i++) this.#counts[i] += other.#counts[i];
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Forgets everything. */
  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#min = Infinity;
    this.#max = -Infinity;
  }

  /** The usual figures; `JSON.stringify` uses it. */
  toJSON(): HistogramSummary {
    const orNull = (value: number) => Number.isNaN(value) ? null : value;
    const at = (p: number) => orNull(this.percentile(p));
    return {
      count: this.#count,
      mean: orNull(this.mean),
      min: orNull(this.min),
      max: orNull(this.max),
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
    };
  }

  /**
   * Writes everything to the start of `target`, {@linkcode Histogram.ENCODED_WORDS} words of shared
   * memory; one thread writes, others may read meanwhile with {@linkcode Histogram.decodeFrom}.
   */
  encodeTo(target: Int32Array): void {
    checkWords(target);
    const [first, last] = this.#usedBuckets();
    // Odd while writing, also after a writer that was lost half way.
    const writing = Atomics.load(target, VERSION) | 1;
    Atomics.store(target, VERSION, writing);
    Atomics.store(target, 1, first);
    Atomics.store(target, 2, last);
    [this.#count, this.#sum, this.#min, this.#max].forEach((value, i) => {
      storeNumber(target, 4 + 2 * i, value);
    });
    for (let i = first; i <= last; i++) storeNumber(target, HEADER_WORDS + 2 * i, this.#counts[i]);
    Atomics.store(target, VERSION, writing + 1);
  }

  /**
   * Replaces everything by what another thread encoded into `source`. Memory that nobody has
   * written yet is an empty histogram.
   *
   * @returns `false`, with this histogram emptied, when the writer was never between two writes.
   */
  decodeFrom(source: Int32Array): boolean {
    checkWords(source);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const version = Atomics.load(source, VERSION);
      if (version % 2 !== 0) continue;
      this.reset();
      this.#load(source);
      if (Atomics.load(source, VERSION) === version) return true;
    }
    this.reset();
    return false;
  }

  #load(source: Int32Array): void {
    const first = Math.max(0, Atomics.load(source, 1));
    const last = Math.min(LAST_BUCKET, Atomics.load(source, 2));
    this.#count = loadNumber(source, 4);
    if (this.#count === 0) return;
    this.#sum = loadNumber(source, 6);
    this.#min = loadNumber(source, 8);
    this.#max = loadNumber(source, 10);
    for (let i = first; i <= last; i++) this.#counts[i] = loadNumber(source, HEADER_WORDS + 2 * i);
  }

  /** The first and last bucket in use; none is from 0 to −1. */
  #usedBuckets(): [first: number, last: number] {
    return this.#count === 0 ? [0, -1] : [bucketOf(this.#min), bucketOf(this.#max)];
  }

  #bucketOfRank(rank: number): number {
    let below = 0;
    for (let i = bucketOf(this.#min); i < LAST_BUCKET; i++) {
      below += this.#counts[i];
      if (below >= rank) return i;
    }
    return LAST_BUCKET;
  }

  /** The middle of a bucket, as far as it lies between the least and the greatest value. */
  #valueIn(bucket: number): number {
    if (bucket === 0) return this.#min;
    if (bucket === LAST_BUCKET) return this.#max;
    const middle = (startOf(bucket) + startOf(bucket + 1)) / 2;
    return Math.min(this.#max, Math.max(this.#min, middle));
  }
}

function checkWords(cells: Int32Array): void {
  if (cells.length >= Histogram.ENCODED_WORDS) return;
  throw new RangeError(
    `Cannot encode histogram: it needs ${Histogram.ENCODED_WORDS} words, received ${cells.length}`,
  );
}

/** A number as two words, each of which another thread reads whole. */
function storeNumber(target: Int32Array, at: number, value: number): void {
  scratch[0] = value;
  Atomics.store(target, at, words[0]);
  Atomics.store(target, at + 1, words[1]);
}

function loadNumber(source: Int32Array, at: number): number {
  words[0] = Atomics.load(source, at);
  words[1] = Atomics.load(source, at + 1);
  return scratch[0];
}
