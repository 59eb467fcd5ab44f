const SUB_BUCKETS = 32; // per power of two: a relative error of at most 1/64
const LOWEST_EXPONENT = -20; // about a nanosecond, when values are milliseconds
const EXPONENTS = 64;

/**
 * Counts values in buckets whose width grows with the value, so that percentiles cost a fixed
 * memory and are off by at most 1.6 %. Values at or below 2⁻²⁰ share the lowest bucket.
 */
export class Histogram {
  readonly #counts = new Float64Array(EXPONENTS * SUB_BUCKETS);
  #count = 0;
  #max = 0;

  /** Values recorded. */
  get count(): number {
    return this.#count;
  }

  /** The greatest value, exactly; 0 before the first. */
  get max(): number {
    return this.#max;
  }

  /** Counts a value, 0 or more, `times` times. */
  record(value: number, times = 1): void {
    this.#counts[bucketOf(value)] += times;
    this.#count += times;
    if (value > this.#max) this.#max = value;
  }

  /**
   * The value at or below which `percent` of all values lie; 0 before the first.
   *
   * @throws {RangeError} when `percent` is not from 0 to 100.
   */
  percentile(percent: number): number {
    if (!(percent >= 0 && percent <= 100)) {
      throw new RangeError(`Cannot read percentile: it must be 0 to 100, received ${percent}`);
    }
    const rank = Math.max(1, Math.ceil(this.#count * percent / 100));
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket];
      if (seen >= rank) return Math.min(this.#max, middleOf(bucket));
    }
    return this.#max;
  }
}

function bucketOf(value: number): number {
  const scaled = value * 2 ** -LOWEST_EXPONENT;
  if (!(scaled >= 1)) return 0;
  const exponent = Math.min(EXPONENTS - 1, Math.floor(Math.log2(scaled)));
  const within = Math.floor((scaled / 2 ** exponent - 1) * SUB_BUCKETS);
  return exponent * SUB_BUCKETS + Math.min(SUB_BUCKETS - 1, Math.max(0, within));
}

function middleOf(bucket: number): number {
  const exponent = Math.floor(bucket / SUB_BUCKETS);
  const within = (bucket % SUB_BUCKETS + 0.5) / SUB_BUCKETS;
  return (1 + within) * 2 ** (exponent + LOWEST_EXPONENT);
}
