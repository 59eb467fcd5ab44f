/** A little less than the hundredth that is promised, so that rounding does not break it. */
const ACCURACY = 0.009_99;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const LOG_GAMMA = Math.log(GAMMA);
/** What the middle of a bin is of its upper bound, by relative distance from both. */
const MIDDLE = 2 / (1 + GAMMA);
/** Bins side by side of one sign; they reach from the greatest magnitude to 10⁻¹⁷ of it. */
export const MOST_BINS = 2048;
const FIRST_BINS = 16;

/** The number of the bin (γ^(i−1), γ^i] of a magnitude. */
function binOf(magnitude: number): number {
  return Math.ceil(Math.log(magnitude) / LOG_GAMMA);
}

function middleOf(bin: number): number {
  return Math.exp(bin * LOG_GAMMA) * MIDDLE;
}

/** A {@linkcode Bins} as plain data. */
export interface SavedBins {
  readonly lowest: number;
  readonly counts: readonly number[];
}

/**
 * How many magnitudes there are in each bin. Below the highest 2,048 bins all are in the lowest of
 * these (section 2.2 of the paper), which depends on the greatest magnitude and not on what came
 * when.
 */
class Bins {
  /** Of all magnitudes. */
  total = 0;
  #counts = new Float64Array(0);
  /** Number of the bin that the array begins with. */
  #first = 0;
  #highest = -Infinity;
  #lowest = Infinity;

  add(bin: number, count: number): void {
    this.total += count;
    if (bin > this.#highest) this.#raise(bin);
    const kept = Math.max(bin, this.#highest - MOST_BINS + 1);
    if (kept < this.#lowest) {
      this.#lowest = kept;
      this.#reach(kept);
    }
    this.#counts[kept - this.#first] += count;
  }

  /** Makes a bin the highest; what is too far below goes up to the lowest that is kept. */
  #raise(bin: number): void {
    const lowest = bin - MOST_BINS + 1;
    let moved = 0;
    for (; this.#lowest < lowest && this.#lowest <= this.#highest; this.#lowest++) {
      moved += this.#counts[this.#lowest - this.#first];
      this.#counts[this.#lowest - this.#first] = 0;
    }
    this.#highest = bin;
    this.#lowest = moved > 0 ? lowest : Math.min(this.#lowest, bin);
    this.#reach(bin);
    if (moved > 0) this.#counts[lowest - this.#first] += moved;
  }

  /** Makes room for the lowest and highest bins, and some more on the side of this one. */
  #reach(bin: number): void {
    const end = this.#first + this.#counts.length;
    if (this.#lowest >= this.#first && this.#highest < end) return;
    const span = this.#highest - this.#lowest + 1;
    const size = Math.min(MOST_BINS, Math.max(FIRST_BINS, 2 * span));
    const counts = new Float64Array(size);
    const first = bin === this.#highest ? this.#lowest : this.#highest - size + 1;
    for (let at = 0; at < this.#counts.length; at++) {
      if (this.#counts[at] > 0) counts[this.#first + at - first] = this.#counts[at];
    }
    [this.#counts, this.#first] = [counts, first];
  }

  merge(other: Bins): void {
    other.each((bin, count) => this.add(bin, count));
  }

  /** Goes through the bins that have any, from the lowest up. */
  each(visit: (bin: number, count: number) => void): void {
    for (let bin = this.#lowest; bin <= this.#highest; bin++) {
      const count = this.#counts[bin - this.#first];
      if (count > 0) visit(bin, count);
    }
  }

  /** The magnitude at a rank from below, counted from 0. */
  at(rank: number): number {
    let bin = this.#lowest;
    for (let seen = 0; bin < this.#highest; bin++) {
      seen += this.#counts[bin - this.#first];
      if (seen > rank) break;
    }
    return middleOf(bin);
  }

  save(): SavedBins {
    if (this.total === 0) return { lowest: 0, counts: [] };
    const from = this.#lowest - this.#first;
    const counts = [...this.#counts.subarray(from, this.#highest - this.#first + 1)];
    return { lowest: this.#lowest, counts };
  }

  static load({ lowest, counts }: SavedBins): Bins {
    const made = new Bins();
    // The highest first, which says what the lowest can be.
    for (let at = counts.length - 1; at >= 0; at--) {
      if (counts[at] > 0) made.add(lowest + at, counts[at]);
    }
    return made;
  }
}

/** A {@linkcode DdSketch} as plain data. */
export interface SavedSketch {
  readonly negative: SavedBins;
  readonly positive: SavedBins;
  /** How many are −∞, 0, ∞ and NaN. */
  readonly counts: readonly [number, number, number, number];
  /** Least and greatest of those that are finite. */
  readonly range: readonly [number, number];
}

/**
 * A sketch of the quantiles of numbers, each within one hundredth of its value: DDSketch (Masson,
 * Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
 * guarantees", PVLDB 12(12), 2019) with bins for both signs.
 *
 * What it holds depends on the numbers alone, not on their order, or on what was merged how.
 */
export class DdSketch {
  #negative = new Bins();
  #positive = new Bins();
  #low = 0;
  #zero = 0;
  #high = 0;
  #nan = 0;
  #least = Infinity;
  #greatest = -Infinity;

  /** How many numbers there are, NaN left out. */
  get count(): number {
    return this.#negative.total + this.#positive.total + this.#low + this.#zero + this.#high;
  }

  /** Whether there is a NaN. */
  get hasNan(): boolean {
    return this.#nan > 0;
  }

  /** Takes in a number. */
  add(value: number): void {
    if (!Number.isFinite(value)) {
      if (value > 0) this.#high++;
      else if (value < 0) this.#low++;
      else this.#nan++;
      return;
    }
    if (value > 0) this.#positive.add(binOf(value), 1);
    else if (value < 0) this.#negative.add(binOf(-value), 1);
    else this.#zero++;
    if (value < this.#least) this.#least = value + 0;
    if (value > this.#greatest) this.#greatest = value + 0;
  }

  /** Takes in all that another one has. */
  merge(other: DdSketch): void {
    this.#negative.merge(other.#negative);
    this.#positive.merge(other.#positive);
    this.#low += other.#low;
    this.#zero += other.#zero;
    this.#high += other.#high;
    this.#nan += other.#nan;
    this.#least = Math.min(this.#least, other.#least);
    this.#greatest = Math.max(this.#greatest, other.#greatest);
  }

  /** The number at rank ⌊q (n − 1)⌋ of n, counted from 0; there must be one. */
  quantile(q: number): number {
    const rank = Math.floor(q * (this.count - 1));
    if (rank < this.#low) return -Infinity;
    if (rank >= this.count - this.#high) return Infinity;
    if (rank === this.#low) return this.#least;
    if (rank === this.count - this.#high - 1) return this.#greatest;
    return Math.max(this.#least, Math.min(this.#greatest, this.#inside(rank - this.#low)));
  }

  /** The finite number at a rank: those below 0 come first, the greatest magnitude in front. */
  #inside(rank: number): number {
    const negative = this.#negative.total;
    if (rank < negative) return -this.#negative.at(negative - 1 - rank);
    rank -= negative;
    return rank < this.#zero ? 0 : this.#positive.at(rank - this.#zero);
  }

  /** All it holds. */
  save(): SavedSketch {
    return {
      negative: this.#negative.save(),
      positive: this.#positive.save(),
      counts: [this.#low, this.#zero, this.#high, this.#nan],
      range: [this.#least, this.#greatest],
    };
  }

  /** The sketch that {@linkcode save} gave. */
  static load({ negative, positive, counts, range }: SavedSketch): DdSketch {
    const made = new DdSketch();
    made.#negative = Bins.load(negative);
    made.#positive = Bins.load(positive);
    [made.#low, made.#zero, made.#high, made.#nan] = counts;
    [made.#least, made.#greatest] = range;
    return made;
  }
}
