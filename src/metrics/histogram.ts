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
 * higher has one bucket each, where a percentile is the least or the greatest value. The count and
 * the greatest value are exact.
 */
export class Histogram {
  /** The most that a percentile differs from a recorded value, as a share of it: 1/128. */
  static readonly RELATIVE_ERROR: number = 2 ** -(SUB_BITS + 1);

  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #min = Infinity;
  #max = -Infinity;

  /** How many values were recorded. */
  get count(): number {
    return this.#count;
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
