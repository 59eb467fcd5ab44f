import { type BinnedFeature, MISSING_BIN } from "./feature_bins.ts";

/** Bins of a feature in a histogram, that of missing values included. */
export const BINS = 256;
/** Numbers of a bin: sums of gradients and hessians, and rows. */
export const CELL = 3;
const LEAST_HESSIAN = 1e-3;
const TINY = 1e-15;
/** Rows that a category must have to be put to a side of its own choice; and its smoothing. */
const CATEGORY_SUPPORT = 10;

/** Sums over rows. */
export interface Sums {
  readonly gradient: number;
  readonly hessian: number;
  readonly rows: number;
}

/** A way to split the rows of a node. */
export interface Split {
  /** What it gains; 0 where there is no way. */
  readonly gain: number;
  readonly feature: number;
  /** Rows up to this bin go left. */
  readonly bin: number;
  /** Whether rows without a value go left. */
  readonly missingLeft: boolean;
  /** Of categories: 1 for each bin that goes left. */
  readonly left?: Uint8Array;
}

/** A node, and what a split of it needs. */
interface Node {
  readonly sums: Sums;
  readonly histogram: Float64Array;
  readonly leafRows: number;
}

/** How good rows of these sums are (Friedman, 2001; Ke et al., 2017, without its penalties). */
function quality(gradient: number, hessian: number): number {
  return gradient * gradient / (hessian + TINY);
}

/** What a node gains by rows of these sums going left; 0 where a side is too small. */
function gainOf(left: Sums, { sums, leafRows }: Node): number {
  const right = sums.rows - left.rows;
  const hessian = sums.hessian - left.hessian;
  if (left.rows < leafRows || right < leafRows) return 0;
  if (left.hessian < LEAST_HESSIAN || hessian < LEAST_HESSIAN) return 0;
  return quality(left.gradient, left.hessian) + quality(sums.gradient - left.gradient, hessian) -
    quality(sums.gradient, sums.hessian);
}

/** The sums of a bin. */
function cellOf(histogram: Float64Array, feature: number, bin: number): Sums {
  const cell = (feature * BINS + bin) * CELL;
  return { gradient: histogram[cell], hessian: histogram[cell + 1], rows: histogram[cell + 2] };
}

const NONE: Sums = { gradient: 0, hessian: 0, rows: 0 };

/** Splits a feature between two of its bins, with missing values on one side or the other. */
function splitBins(
  feature: number,
  count: number,
  node: Node,
  { best, missingLeft }: { best: Split; missingLeft: boolean },
): Split {
  const { histogram } = node;
  const missing = cellOf(histogram, feature, MISSING_BIN);
  let { gradient, hessian, rows } = missingLeft ? missing : NONE;
  let found = best;
  const last = missing.rows > 0 && !missingLeft ? count : count - 1; // all values left, none right
  for (let bin = 0; bin < last; bin++) {
    const cell = (feature * BINS + bin) * CELL;
    gradient += histogram[cell];
    hessian += histogram[cell + 1];
    rows += histogram[cell + 2];
    const gain = gainOf({ gradient, hessian, rows }, node);
    if (gain > found.gain) found = { gain, feature, bin, missingLeft };
  }
  return found;
}

/**
 * Splits categories, missing values being one, into two sets: those of enough rows are ordered by
 * their mean gradients, smoothed, and some from either end go left (Fisher, 1958; Ke et al., 2017).
 */
function splitCategories(feature: number, count: number, node: Node, best: Split): Split {
  const { histogram } = node;
  const bins = supportedBins(feature, count, node);
  if (bins.length < 2) return best;
  let found = best;
  for (const order of [bins, bins.toReversed()]) {
    let [gradient, hessian, rows] = [0, 0, 0];
    for (let at = 0; at < (bins.length + 1) >> 1; at++) {
      const cell = (feature * BINS + order[at]) * CELL;
      gradient += histogram[cell];
      hessian += histogram[cell + 1];
      rows += histogram[cell + 2];
      const gain = gainOf({ gradient, hessian, rows }, node);
      if (!(gain > found.gain)) continue;
      const left = new Uint8Array(BINS);
      for (const bin of order.slice(0, at + 1)) left[bin] = 1;
      found = { gain, feature, bin: 0, missingLeft: left[MISSING_BIN] === 1, left };
    }
  }
  return found;
}

/** The categories of enough rows, by their smoothed mean gradients. */
function supportedBins(feature: number, count: number, { sums, histogram }: Node): number[] {
  const least = CATEGORY_SUPPORT * sums.hessian / sums.rows;
  const first = feature * BINS * CELL;
  const bins: number[] = [];
  for (let bin = 0; bin < count; bin++) {
    if (histogram[first + bin * CELL + 1] >= least) bins.push(bin);
  }
  if (histogram[first + MISSING_BIN * CELL + 1] >= least) bins.push(MISSING_BIN);
  const worth = (bin: number) =>
    histogram[first + bin * CELL] / (histogram[first + bin * CELL + 1] + CATEGORY_SUPPORT);
  return bins.sort((a, b) => worth(a) - worth(b));
}

/** The split of a node that gains most. */
export function bestSplit(features: readonly BinnedFeature[], node: Node): Split {
  let best: Split = { gain: 0, feature: -1, bin: 0, missingLeft: false };
  if (node.sums.rows < 2 * node.leafRows) return best;
  features.forEach(({ count, isCategory }, feature) => {
    if (isCategory) {
      best = splitCategories(feature, count, node, best);
      return;
    }
    best = splitBins(feature, count, node, { best, missingLeft: false });
    const hasMissing = cellOf(node.histogram, feature, MISSING_BIN).rows > 0;
    if (hasMissing) best = splitBins(feature, count, node, { best, missingLeft: true });
  });
  return best;
}
