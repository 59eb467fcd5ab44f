/**
 * How good synthetic rows are.
 *
 * @module
 */
import { nearestName, received } from "../runtime/known_options.ts";
import { knownOptions } from "../runtime/known_options.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import { seedBits } from "../generators/fit_options.ts";
import type { PipelineInput } from "../sources/from.ts";
import { computeScores } from "./compute_scores.ts";
import { readQualityRows } from "./quality_rows.ts";
import type { QualityScores } from "./quality_scores.ts";
import { qualityText } from "./quality_text.ts";
import { scoreColumns, type ScoreKind } from "./score_columns.ts";

export { QualityError } from "./quality_error.ts";
export type { ColumnQuality, PairQuality, QualityScores } from "./quality_scores.ts";
export type { KeptTraits, Trait } from "./kept_traits.ts";
export type { NearestShare } from "./nearest_share.ts";
export type { PairScore } from "./pair_trends.ts";
export type { ScoreKind } from "./score_columns.ts";
export type { TwoSampleScore } from "./two_sample_score.ts";
export type { PipelineInput };

const DEFAULT_MAX_ROWS = 250_000;
const KINDS: readonly string[] = [
  ...[
    "number",
    "time",
    "category",
    "boolean",
    "text",
    "key",
    "ignore",
  ] satisfies (ScoreKind | "ignore")[],
];

/** Options of {@linkcode qualityReport}. */
export interface QualityOptions {
  /**
   * Real rows that nothing was learned from. With them the synthetic rows are compared with these,
   * and the report says how many are nearer to those that were learned from. Default: none; the
   * synthetic rows are then compared with the real ones.
   */
  holdout?: PipelineInput;
  /** What columns are, where types and values do not tell. */
  columns?: Readonly<Record<string, ScoreKind | "ignore">>;
  /** Decides which rows are taken where not all are. Default 0. */
  seed?: number | bigint;
  /** Rows of each kind that are compared, at most. Default 250,000. */
  maxRows?: number;
  /** The correlation that two columns must exceed in the real rows to be a strong pair. Default 0.5. */
  correlationThreshold?: number;
  /** The association (Cramér's V) that two others must exceed. Default 0.3. */
  associationThreshold?: number;
  /** Stops it, which rejects with the signal's reason. */
  signal?: AbortSignal;
}

const OPTIONS: Readonly<Record<keyof QualityOptions, true>> = {
  holdout: true,
  columns: true,
  seed: true,
  maxRows: true,
  correlationThreshold: true,
  associationThreshold: true,
  signal: true,
};

/** The scores of synthetic rows, for programs and for people. */
export class QualityReport {
  /** All of them. */
  readonly scores: QualityScores;

  /** Use {@linkcode qualityReport}. */
  constructor(scores: QualityScores) {
    this.scores = scores;
  }

  /** Shapes and trends together, from 0 to 1. */
  get overall(): number {
    return this.scores.overall;
  }

  /** What `JSON.stringify` writes: the scores; NaN becomes null. */
  toJSON(): QualityScores {
    return this.scores;
  }

  /** A summary for a terminal. */
  toString(): string {
    return qualityText(this.scores);
  }
}

function checkShare(name: string, value: number): number {
  if (value >= 0 && value <= 1) return value;
  throw new RangeError(
    `Cannot compare rows: ${name} must be a number from 0 to 1, received ${received(value)}`,
  );
}

function checkOptions(options: QualityOptions): void {
  const { maxRows = DEFAULT_MAX_ROWS, columns = {}, seed } = options;
  seedBits(seed);
  if (!(Number.isSafeInteger(maxRows) && maxRows >= 1)) {
    throw new RangeError(
      `Cannot compare rows: maxRows must be a whole number from 1, received ${received(maxRows)}`,
    );
  }
  for (const [name, kind] of Object.entries(columns)) {
    if (KINDS.includes(kind)) continue;
    throw new TypeError(
      `Cannot compare rows: columns[${JSON.stringify(name)}] must be one of ${KINDS.join(", ")}, ` +
        `received ${received(kind)}`,
    );
  }
}

function checkNames(columns: object, names: readonly string[]): void {
  const unknown = Object.keys(columns).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const meant = nearestName(unknown, names);
  throw new TypeError(
    `Cannot compare rows: the real ones have no column ${JSON.stringify(unknown)}; ` +
      (meant ? `did you mean ${JSON.stringify(meant)}?` : `they have ${names.join(", ")}`),
  );
}

/**
 * Compares synthetic rows with real ones, by the definitions of SDMetrics' quality report, by a
 * classifier that tries to tell them apart, and by what is nearest to them.
 *
 * @param real The rows that were learned from.
 * @param synthetic Rows with the same columns.
 * @throws {QualityError} when there are no rows, or columns that cannot be compared.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 *
 * @example
 * ```ts
 * import { SyntheticGenerator } from "@waggle/stream";
 * import { qualityReport } from "@waggle/stream/quality";
 *
 * const rows = Array.from({ length: 600 }, (_, i) => ({ x: i % 7, y: (i % 7) * 3 + (i % 2) }));
 * const holdout = rows.splice(400);
 * const generator = await SyntheticGenerator.fit(rows, { seed: 1 });
 * const report = await qualityReport(rows, generator.sample(400, { seed: 2 }), { holdout });
 * console.log(report.overall, report.scores.c2st.score);
 * console.log(String(report));
 * ```
 */
export async function qualityReport(
  real: PipelineInput,
  synthetic: PipelineInput,
  options: QualityOptions = {},
): Promise<QualityReport> {
  knownOptions(options, { doing: "compare rows", names: OPTIONS, example: "{ holdout: rows }" });
  checkOptions(options);
  const { holdout, columns = {}, seed, maxRows = DEFAULT_MAX_ROWS, signal } = options;
  const thresholds = {
    correlation: checkShare("correlationThreshold", options.correlationThreshold ?? 0.5),
    association: checkShare("associationThreshold", options.associationThreshold ?? 0.3),
  };
  const read = (input: PipelineInput, which: string) =>
    readQualityRows(input, { which, maxRows, seed, signal });
  const batches = [await read(real, "real"), await read(synthetic, "synthetic")];
  if (holdout !== undefined) batches.push(await read(holdout, "held-out"));
  checkNames(columns, batches[0].names);
  const pause = async () => {
    await new Promise<void>((resolve) => denoRuntime.soon(resolve)); // so that an abort can come
    signal?.throwIfAborted();
  };
  const scored = scoreColumns(batches, columns);
  const bits = seedBits(seed);
  return new QualityReport(
    await computeScores({ columns: scored, batches, thresholds, seed: bits, pause }),
  );
}
