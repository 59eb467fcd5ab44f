import type { KeptTraits } from "./kept_traits.ts";
import type { NearestShare } from "./nearest_share.ts";
import type { PairScore } from "./pair_trends.ts";
import type { ScoreKind } from "./score_columns.ts";
import type { StreamQuality } from "./stream_quality.ts";
import type { TwoSampleScore } from "./two_sample_score.ts";

/** How alike one column is. */
export interface ColumnQuality extends KeptTraits {
  /** The column's name. */
  readonly name: string;
  /** What it was taken for. */
  readonly kind: ScoreKind;
  /** SDMetrics' name of the score; none of keys and texts. */
  readonly metric?: "KSComplement" | "TVComplement";
  /** From 0 to 1, which is alike; none of keys and texts, NaN where there are no values. */
  readonly score?: number;
}

/** How alike two columns hang together. */
export interface PairQuality extends PairScore {
  /** The names of the columns. */
  readonly columns: readonly [string, string];
}

/** All scores of synthetic rows. */
export interface QualityScores {
  /** How many rows were compared. */
  readonly rows: { readonly real: number; readonly synthetic: number; readonly holdout?: number };
  /**
   * The mean of `columnShapes` and `pairTrends`, from 0 to 1, and of shapes alone where no pair is
   * strong: the score of SDMetrics' `QualityReport` (0.29 to 0.32).
   */
  readonly overall: number;
  /** The mean score of the columns. */
  readonly columnShapes: number;
  /**
   * The mean score of the strong pairs, which hang together in the real rows by more than the
   * thresholds; NaN where there are none.
   */
  readonly pairTrends: number;
  /** The mean score of all pairs, strong or not; NaN where there are none. */
  readonly allPairTrends: number;
  /** Column by column. */
  readonly columns: readonly ColumnQuality[];
  /** Pair by pair. */
  readonly pairs: readonly PairQuality[];
  /** How well a classifier tells synthetic rows from real ones. */
  readonly c2st: TwoSampleScore;
  /** How often synthetic rows are nearer to learned rows than to others; only with `holdout`. */
  readonly nearest?: NearestShare;
  /** How far a twin is from the stream; only with `time`. */
  readonly stream?: StreamQuality;
}
