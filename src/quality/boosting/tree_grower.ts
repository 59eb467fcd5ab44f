import { bestSplit, BINS, CELL, type Split, type Sums } from "./best_split.ts";
import { type BinnedFeature, MISSING_BIN } from "./feature_bins.ts";

const TINY = 1e-15;

/** How trees are grown. */
export interface TreeOptions {
  /** Leaves of a tree, at most. */
  readonly leaves: number;
  /** Rows of a leaf, at least. */
  readonly leafRows: number;
  /** What the values of leaves are multiplied by. */
  readonly rate: number;
}

/** Where a node of a tree sends rows, or the value it gives them. */
export interface TreeNode {
  /** The feature that it asks for, or −1 in a leaf. */
  feature: number;
  /** Rows up to this bin go left. */
  bin: number;
  /** Whether rows without a value go left. */
  missingLeft: boolean;
  /** Of categories: 1 for each bin that goes left. */
  left?: Uint8Array;
  /** The left child; the right one is behind it. */
  child: number;
  /** What a leaf adds. */
  value: number;
}

/** A node that may still be split. */
interface OpenNode {
  readonly node: number;
  /** Its rows, as a part of the grower's order. */
  readonly start: number;
  readonly end: number;
  readonly sums: Sums;
  readonly histogram: Float64Array;
  readonly split: Split;
}

/** Whether a row of this bin goes left. */
function goesLeft(node: TreeNode, bin: number): boolean {
  if (node.left) return node.left[bin] === 1;
  return bin === MISSING_BIN ? node.missingLeft : bin <= node.bin;
}

/** Adds the rows of a node to the histogram of one feature. */
function addRows(
  cells: Float64Array,
  bins: Uint8Array,
  rows: Uint32Array,
  gradients: Float64Array,
  hessians: Float64Array,
): void {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    const cell = bins[row] * CELL;
    cells[cell] += gradients[row];
    cells[cell + 1] += hessians[row];
    cells[cell + 2]++;
  }
}

/**
 * Grows regression trees for boosting: leaf by leaf, the one first whose split gains most, by
 * histograms of gradients (Ke et al., LightGBM, 2017).
 */
export class TreeGrower {
  readonly #features: readonly BinnedFeature[];
  readonly #options: TreeOptions;
  readonly #order: Uint32Array;
  readonly #right: Uint32Array;
  #gradients: Float64Array = new Float64Array(0);
  #hessians: Float64Array = new Float64Array(0);

  /** For rows of features, of which `rows` are learned from. */
  constructor(features: readonly BinnedFeature[], rows: Uint32Array, options: TreeOptions) {
    this.#features = features;
    this.#options = options;
    this.#order = rows.slice();
    this.#right = new Uint32Array(rows.length);
  }

  /** Grows one tree toward the gradients and hessians of a loss, by row. */
  grow(gradients: Float64Array, hessians: Float64Array): TreeNode[] {
    [this.#gradients, this.#hessians] = [gradients, hessians];
    const tree: TreeNode[] = [leafNode()];
    const histogram = this.#histogramOf(0, this.#order.length);
    const open = [this.#open(0, 0, this.#order.length, this.#sumsOf(histogram), histogram)];
    for (let leaves = 1; leaves < this.#options.leaves; leaves++) {
      const best = this.#takeBest(open);
      if (!best) break;
      open.push(...this.#split(tree, best));
    }
    for (const { node, sums } of open) {
      tree[node].value = -this.#options.rate * sums.gradient / (sums.hessian + TINY);
    }
    return tree;
  }

  #takeBest(open: OpenNode[]): OpenNode | undefined {
    let best = -1;
    for (let at = 0; at < open.length; at++) {
      if (open[at].split.gain > (best < 0 ? 0 : open[best].split.gain)) best = at;
    }
    return best < 0 ? undefined : open.splice(best, 1)[0];
  }

  #histogramOf(start: number, end: number): Float64Array {
    const histogram = new Float64Array(this.#features.length * BINS * CELL);
    const rows = this.#order.subarray(start, end);
    this.#features.forEach(({ bins }, feature) => {
      const cells = histogram.subarray(feature * BINS * CELL, (feature + 1) * BINS * CELL);
      addRows(cells, bins, rows, this.#gradients, this.#hessians);
    });
    return histogram;
  }

  /** The sums over a node: those of any feature's bins. */
  #sumsOf(histogram: Float64Array): Sums {
    let [gradient, hessian, rows] = [0, 0, 0];
    for (let cell = 0; cell < BINS * CELL; cell += CELL) {
      gradient += histogram[cell];
      hessian += histogram[cell + 1];
      rows += histogram[cell + 2];
    }
    return { gradient, hessian, rows };
  }

  #open(
    node: number,
    start: number,
    end: number,
    sums: Sums,
    histogram: Float64Array,
  ): OpenNode {
    const { leafRows } = this.#options;
    const split = bestSplit(this.#features, { sums, histogram, leafRows });
    return { node, start, end, sums, histogram, split };
  }

  #split(tree: TreeNode[], { node, start, end, sums, histogram, split }: OpenNode): OpenNode[] {
    const child = tree.length;
    tree[node] = { ...split, child, value: 0 };
    tree.push(leafNode(), leafNode());
    const middle = this.#partition(tree[node], start, end);
    const isLeftSmaller = middle - start <= end - middle;
    const small = isLeftSmaller ? this.#histogramOf(start, middle) : this.#histogramOf(middle, end);
    for (let cell = 0; cell < small.length; cell++) histogram[cell] -= small[cell];
    const smallSums = this.#sumsOf(small);
    const largeSums = {
      gradient: sums.gradient - smallSums.gradient,
      hessian: sums.hessian - smallSums.hessian,
      rows: sums.rows - smallSums.rows,
    };
    return isLeftSmaller
      ? [
        this.#open(child, start, middle, smallSums, small),
        this.#open(child + 1, middle, end, largeSums, histogram),
      ]
      : [
        this.#open(child, start, middle, largeSums, histogram),
        this.#open(child + 1, middle, end, smallSums, small),
      ];
  }

  /** Puts the rows of a node that go left in front of the others. */
  #partition(node: TreeNode, start: number, end: number): number {
    const { bins } = this.#features[node.feature];
    let [left, right] = [start, 0];
    for (let at = start; at < end; at++) {
      const row = this.#order[at];
      if (goesLeft(node, bins[row])) this.#order[left++] = row;
      else this.#right[right++] = row;
    }
    this.#order.set(this.#right.subarray(0, right), left);
    return left;
  }
}

function leafNode(): TreeNode {
  return { feature: -1, bin: 0, missingLeft: false, child: 0, value: 0 };
}

/** Adds what a tree says of rows to their scores. */
export function addTree(
  tree: readonly TreeNode[],
  features: readonly BinnedFeature[],
  rows: Uint32Array,
  scores: Float64Array,
): void {
  for (const row of rows) {
    let node = tree[0];
    while (node.feature >= 0) {
      const isLeft = goesLeft(node, features[node.feature].bins[row]);
      node = tree[node.child + (isLeft ? 0 : 1)];
    }
    scores[row] += node.value;
  }
}
