import type { SeededRandom } from "../generators/sampling/seeded_random.ts";
import { boostedScores, type LabelledRows, shuffle } from "./boosting/boosted_trees.ts";
import type { Feature } from "./boosting/feature_bins.ts";
import { isScored, type ScoreColumn } from "./score_columns.ts";

/** As many as there are bins. */
const MOST_CATEGORIES = 255;
const FOLDS = 5;
/** Of few rows the area is uncertain: it is a mean over rounds, up to so many rows in all. */
const ROUND_ROWS = 5_000;
const MOST_ROUNDS = 5;
const DAY_MS = 86_400_000;

/** How well a classifier tells synthetic rows from real ones. */
export interface TwoSampleScore {
  /** From 0, told apart always, to 1, not at all: 2 (1 − AUC), at most 1. */
  readonly score: number;
  /** The area under the curve of the classifier: 0.5 where it can only guess. */
  readonly auc: number;
  /** Rows of each kind. */
  readonly rows: number;
  /** How often it was done, with other rows where there are more, for a mean. */
  readonly rounds: number;
}

/**
 * Categories by how frequent they are, the most frequent 0, and NaN for null. Of too many the ranks
 * are numbers.
 */
function categoryFeature({ texts }: ScoreColumn, parts: readonly Int32Array[]): Feature {
  const counts = new Float64Array(texts.length);
  for (const codes of parts) for (const code of codes) if (code >= 0) counts[code]++;
  const order = Array.from(texts.keys()).sort((a, b) =>
    counts[b] - counts[a] || (texts[a] < texts[b] ? -1 : 1)
  );
  const ranks = new Float64Array(texts.length);
  order.forEach((code, rank) => ranks[code] = rank);
  const out = new Float64Array(parts.reduce((sum, codes) => sum + codes.length, 0));
  let at = 0;
  for (const codes of parts) for (const code of codes) out[at++] = code < 0 ? NaN : ranks[code];
  const used = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  return used <= MOST_CATEGORIES ? { values: out, categories: used } : { values: out };
}

/** A column of numbers in both kinds of rows. */
function joined(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** What a classifier is told of a column: of times also weekday and time of day, if they vary. */
function featuresOf(column: ScoreColumn, picks: readonly Pick[]): Feature[] {
  if (column.kind === "category" || column.kind === "boolean") {
    const parts = picks.map(({ set, rows }) =>
      Int32Array.from(rows, (row) => column.sets[set].codes[row])
    );
    return [categoryFeature(column, parts)];
  }
  const values = joined(
    picks.map(({ set, rows }) => Float64Array.from(rows, (row) => column.sets[set].numbers[row])),
  );
  const { kind } = column.type;
  if (kind !== "timestamp" && kind !== "date") return [{ values }];
  const days = kind === "date" ? values : values.map((value) => value / DAY_MS);
  const weekdays = days.map((day) => (((Math.floor(day) + 4) % 7) + 7) % 7);
  const clock = days.map((day) => day - Math.floor(day));
  const isDaily = clock.every((part) => part === 0 || Number.isNaN(part));
  const all = isDaily ? [values, weekdays] : [values, weekdays, clock];
  return all.map((each) => ({ values: each }));
}

/** Some rows of a set. */
export interface Pick {
  readonly set: number;
  readonly rows: Uint32Array;
}

/** Features and labels of rows to be told apart: first those of one kind, then of the other. */
export function labelledRows(
  columns: readonly ScoreColumn[],
  real: Pick,
  synthetic: Pick,
): LabelledRows {
  const features = columns.filter(isScored)
    .flatMap((column) => featuresOf(column, [real, synthetic]));
  const labels = new Uint8Array(real.rows.length + synthetic.rows.length);
  labels.fill(1, real.rows.length);
  return { features, labels };
}

/** The area under the curve: how often a row of kind 1 has a higher score, ties counting half. */
export function areaUnderCurve(scores: Float64Array, labels: Uint8Array): number {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  let [rankSum, ones] = [0, 0];
  for (let at = 0; at < order.length;) {
    let end = at + 1;
    while (end < order.length && scores[order[end]] === scores[order[at]]) end++;
    const rank = (at + 1 + end) / 2;
    for (; at < end; at++) {
      if (labels[order[at]] === 0) continue;
      rankSum += rank;
      ones++;
    }
  }
  return (rankSum - ones * (ones + 1) / 2) / (ones * (order.length - ones));
}

/** Which fifth each row belongs to, as many of each kind in each. */
export function foldsOf(labels: Uint8Array, random: SeededRandom): Uint8Array {
  const folds = new Uint8Array(labels.length);
  for (const label of [0, 1]) {
    const rows = Uint32Array.from(labels.keys()).filter((row) => labels[row] === label);
    shuffle(rows, random);
    rows.forEach((row, at) => folds[row] = at % FOLDS);
  }
  return folds;
}

/**
 * Tells rows apart, each fifth by a classifier that has learned from the other four.
 *
 * @param pause Awaited now and then, so that others get a turn and it can be stopped.
 */
export async function crossValidatedArea(
  rows: LabelledRows,
  random: SeededRandom,
  pause: () => Promise<void>,
): Promise<number> {
  const folds = foldsOf(rows.labels, random);
  const scores = new Float64Array(rows.labels.length);
  const all = Uint32Array.from(folds.keys());
  for (let fold = 0; fold < FOLDS; fold++) {
    const others = all.filter((row) => folds[row] === fold);
    const training = all.filter((row) => folds[row] !== fold);
    const found = await boostedScores(rows, { training, others, random, pause });
    for (const row of others) scores[row] = found[row];
  }
  return areaUnderCurve(scores, rows.labels);
}

/** What a two-sample test is made of. */
export interface TwoSampleInput {
  /** As many real rows as synthetic ones, others each time where there are more. */
  readonly picks: () => readonly [real: Pick, synthetic: Pick];
  readonly random: SeededRandom;
  /** Awaited now and then, so that others get a turn and it can be stopped. */
  readonly pause: () => Promise<void>;
}

/**
 * The classifier two-sample test (Lopez-Paz and Oquab, 2017) with boosted trees: how well synthetic
 * rows are told from as many real ones. NaN where no column has a score.
 */
export async function twoSampleScore(
  columns: readonly ScoreColumn[],
  { picks, random, pause }: TwoSampleInput,
): Promise<TwoSampleScore> {
  if (!columns.some(isScored)) return { score: NaN, auc: NaN, rows: 0, rounds: 0 };
  const areas: number[] = [];
  let [rows, rounds] = [0, 1];
  for (let round = 0; round < rounds; round++) {
    const [real, synthetic] = picks();
    rows = real.rows.length;
    rounds = Math.max(1, Math.min(MOST_ROUNDS, Math.round(ROUND_ROWS / rows)));
    areas.push(await crossValidatedArea(labelledRows(columns, real, synthetic), random, pause));
  }
  const auc = areas.reduce((sum, area) => sum + area) / rounds;
  return { score: Math.min(1, 2 * (1 - auc)), auc, rows, rounds };
}
