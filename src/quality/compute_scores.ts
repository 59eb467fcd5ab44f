import type { RecordBatch } from "../batch/record_batch.ts";
import { SeededRandom } from "../generators/sampling/seeded_random.ts";
import { shuffle } from "./boosting/boosted_trees.ts";
import { shapeScore } from "./column_shapes.ts";
import { keptTraits } from "./kept_traits.ts";
import { nearestShare } from "./nearest_share.ts";
import { PairTrends, type TrendThresholds } from "./pair_trends.ts";
import type { ColumnQuality, PairQuality, QualityScores } from "./quality_scores.ts";
import { isScored, type ScoreColumn } from "./score_columns.ts";
import { type Pick, twoSampleScore } from "./two_sample_score.ts";

const REAL = 0;
const SYNTHETIC = 1;
const HOLDOUT = 2;
/** Rows of each kind that a classifier is given, at most. */
const MOST_TOLD = 20_000;
/** Synthetic rows, and rows of each kind that they are compared with, at most. */
const MOST_NEAREST = 5_000;

/** What scores are computed from. */
export interface ScoreInput {
  readonly columns: readonly ScoreColumn[];
  /** The real rows, the synthetic ones, and those held out if there are any. */
  readonly batches: readonly RecordBatch[];
  readonly thresholds: TrendThresholds;
  /** 64 bits. */
  readonly seed: bigint;
  /** Awaited now and then, so that others get a turn and it can be stopped. */
  readonly pause: () => Promise<void>;
}

/** The mean of numbers that are not NaN; NaN when there are none. */
export function meanOf(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? NaN : known.reduce((sum, value) => sum + value) / known.length;
}

/** Some rows of a set at random. */
function pick(
  batches: readonly RecordBatch[],
  set: number,
  most: number,
  random: SeededRandom,
): Pick {
  const rows = Uint32Array.from({ length: batches[set].length }, (_, row) => row);
  shuffle(rows, random);
  return { set, rows: rows.slice(0, most) };
}

function columnQualities({ columns, batches }: ScoreInput, against: number): ColumnQuality[] {
  return columns.map((column) => {
    const { name, kind } = column;
    const traits = keptTraits(column, [batches[REAL], batches[SYNTHETIC]]);
    if (!isScored(column)) return { name, kind, ...traits };
    return { name, kind, ...shapeScore(column, against, SYNTHETIC), ...traits };
  });
}

async function pairQualities(
  { columns, thresholds, pause }: ScoreInput,
  against: number,
): Promise<PairQuality[]> {
  const compared = columns.filter(isScored);
  const trends = new PairTrends(compared, [against, SYNTHETIC], thresholds);
  const pairs: PairQuality[] = [];
  for (let first = 0; first < compared.length; first++) {
    for (let second = first + 1; second < compared.length; second++) {
      const names = [compared[first].name, compared[second].name] as const;
      pairs.push({ columns: names, ...trends.score(first, second) });
    }
    await pause();
  }
  return pairs;
}

/** Computes all scores. */
export async function computeScores(input: ScoreInput): Promise<QualityScores> {
  const { columns, batches, seed, pause } = input;
  const against = batches.length > HOLDOUT ? HOLDOUT : REAL;
  const shapes = columnQualities(input, against);
  const pairs = await pairQualities(input, against);
  const columnShapes = meanOf(shapes.map(({ score = NaN }) => score));
  const pairTrends = meanOf(pairs.filter(({ strong }) => strong).map(({ score }) => score));
  const allPairTrends = meanOf(pairs.map(({ score }) => score));
  const random = new SeededRandom(seed, 5);
  const told = Math.min(MOST_TOLD, batches[against].length, batches[SYNTHETIC].length);
  const picks = () =>
    [
      pick(batches, against, told, random),
      pick(batches, SYNTHETIC, told, random),
    ] as const;
  const c2st = await twoSampleScore(columns, { picks, random, pause });
  const rows = { real: batches[REAL].length, synthetic: batches[SYNTHETIC].length };
  const means = {
    overall: meanOf([columnShapes, pairTrends]),
    columnShapes,
    pairTrends,
    allPairTrends,
  };
  const scores = { rows, ...means, columns: shapes, pairs, c2st };
  if (against !== HOLDOUT) return scores;
  const near = Math.min(MOST_NEAREST, batches[REAL].length, batches[HOLDOUT].length);
  const nearest = await nearestShare(
    columns,
    [
      pick(batches, SYNTHETIC, MOST_NEAREST, random),
      pick(batches, REAL, near, random),
      pick(batches, HOLDOUT, near, random),
    ],
    pause,
  );
  return { ...scores, rows: { ...rows, holdout: batches[HOLDOUT].length }, nearest };
}
