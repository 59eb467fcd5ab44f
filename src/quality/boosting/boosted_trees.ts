import type { SeededRandom } from "../../generators/sampling/seeded_random.ts";
import { binnedFeature, type Feature } from "./feature_bins.ts";
import { addTree, TreeGrower } from "./tree_grower.ts";

const TREES = 100;
const TREE = { leaves: 31, leafRows: 20, rate: 0.1 } as const;
/** More rows than this are learned from with an eye on rows held out. */
const STOPPING_ROWS = 10_000;
const STOPPING_SHARE = 0.1;
const PATIENCE = 10;
const LEAST_IMPROVEMENT = 1e-7;

/** Rows as numbers, and which of two kinds they are of. */
export interface LabelledRows {
  readonly features: readonly Feature[];
  /** 0 or 1 for each row. */
  readonly labels: Uint8Array;
}

/** Rows to learn from, some of which may be watched instead. */
interface TrainingSplit {
  readonly rows: Uint32Array;
  readonly watched: Uint32Array;
}

/** What is learned from, and how. */
export interface Boosting {
  /** The rows to learn from. */
  readonly training: Uint32Array;
  /** The rows to tell. */
  readonly others: Uint32Array;
  readonly random: SeededRandom;
  /** Awaited after each tree, so that others get a turn and it can be stopped. */
  readonly pause: () => Promise<void>;
}

/** Puts rows in a random order. */
export function shuffle(rows: Uint32Array, random: SeededRandom): void {
  for (let at = rows.length - 1; at > 0; at--) {
    const other = Math.floor(random.next() * (at + 1));
    [rows[at], rows[other]] = [rows[other], rows[at]];
  }
}

/** A tenth of the rows of each kind to watch, where there are many. */
function splitOf(rows: Uint32Array, labels: Uint8Array, random: SeededRandom): TrainingSplit {
  if (rows.length <= STOPPING_ROWS) return { rows, watched: new Uint32Array(0) };
  const kinds = [0, 1].map((label) => rows.filter((row) => labels[row] === label));
  for (const kind of kinds) shuffle(kind, random);
  const cut = kinds.map((kind) => Math.round(kind.length * STOPPING_SHARE));
  const join = (parts: Uint32Array[]) =>
    Uint32Array.from(parts.flatMap((part) => Array.from(part)));
  return {
    rows: join(kinds.map((kind, label) => kind.subarray(cut[label]))),
    watched: join(kinds.map((kind, label) => kind.subarray(0, cut[label]))),
  };
}

/** The logistic loss of rows, a mean. */
function lossOf(rows: Uint32Array, labels: Uint8Array, scores: Float64Array): number {
  let sum = 0;
  for (const row of rows) {
    const score = labels[row] === 1 ? -scores[row] : scores[row];
    sum += score > 30 ? score : Math.log1p(Math.exp(score));
  }
  return sum / rows.length;
}

/** Whether none of the last losses is better than the one before them. */
function hasSettled(losses: readonly number[]): boolean {
  if (losses.length <= PATIENCE) return false;
  const before = losses[losses.length - PATIENCE - 1];
  return losses.slice(-PATIENCE).every((loss) => loss >= before - LEAST_IMPROVEMENT);
}

/** Gradients and hessians of the logistic loss. */
function setGradients(
  rows: Uint32Array,
  labels: Uint8Array,
  scores: Float64Array,
  [gradients, hessians]: readonly [Float64Array, Float64Array],
): void {
  for (const row of rows) {
    const share = 1 / (1 + Math.exp(-scores[row]));
    gradients[row] = share - labels[row];
    hessians[row] = share * (1 - share);
  }
}

/**
 * Learns from some rows to tell of which kind they are, by gradient boosting of 100 trees of 31
 * leaves at a rate of 0.1 on histograms of 256 bins, as scikit-learn's HistGradientBoostingClassifier
 * does by default; from more than 10,000 rows it stops when a tenth of them, held out, are no longer
 * told apart better.
 *
 * @returns For each of the other rows, and only for these, how much it seems to be of kind 1: the
 *   logarithm of the odds.
 */
export async function boostedScores(
  { features, labels }: LabelledRows,
  { training, others, random, pause }: Boosting,
): Promise<Float64Array> {
  const bins = features.map((feature) => binnedFeature(feature, training));
  const { rows, watched } = splitOf(training, labels, random);
  const ones = rows.reduce((sum, row) => sum + labels[row], 0);
  const scores = new Float64Array(labels.length).fill(Math.log(ones / (rows.length - ones)));
  const grower = new TreeGrower(bins, rows, TREE);
  const slopes = [new Float64Array(labels.length), new Float64Array(labels.length)] as const;
  const losses = watched.length > 0 ? [lossOf(watched, labels, scores)] : [];
  for (let tree = 0; tree < TREES && !hasSettled(losses); tree++) {
    setGradients(rows, labels, scores, slopes);
    const grown = grower.grow(slopes[0], slopes[1]);
    for (const part of [rows, watched, others]) addTree(grown, bins, part, scores);
    if (watched.length > 0) losses.push(lossOf(watched, labels, scores));
    await pause();
  }
  return scores;
}
