import { knownOptions, nearestName, received } from "../runtime/known_options.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import { seedBits } from "../generators/fit_options.ts";
import { computeScores } from "./compute_scores.ts";
import { type QualityRows, readQualityRows } from "./quality_rows.ts";
import type { QualityScores } from "./quality_scores.ts";
import { columnFigure, type Figure } from "./page/figures.ts";
import { scoreColumns, type ScoreKind } from "./score_columns.ts";

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
  holdout?: QualityRows;
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

/** Scores, and what to draw beside them. */
export interface Comparison {
  readonly scores: QualityScores;
  /** One for each column. */
  readonly figures: readonly Figure[];
}

/**
 * Compares synthetic rows with real ones.
 *
 * @throws {QualityError} when there are no rows, or columns that cannot be compared.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export async function compareRows(
  real: QualityRows,
  synthetic: QualityRows,
  options: QualityOptions,
): Promise<Comparison> {
  knownOptions(options, { doing: "compare rows", names: OPTIONS, example: "{ holdout: rows }" });
  checkOptions(options);
  const { holdout, columns = {}, seed, maxRows = DEFAULT_MAX_ROWS, signal } = options;
  const thresholds = {
    correlation: checkShare("correlationThreshold", options.correlationThreshold ?? 0.5),
    association: checkShare("associationThreshold", options.associationThreshold ?? 0.3),
  };
  const read = (input: QualityRows, which: string) =>
    readQualityRows(input, { which, maxRows, seed, signal });
  const batches = [await read(real, "real"), await read(synthetic, "synthetic")];
  if (holdout !== undefined) batches.push(await read(holdout, "held-out"));
  checkNames(columns, batches[0].names);
  const pause = async () => {
    await new Promise<void>((resolve) => denoRuntime.soon(resolve)); // so that an abort can come
    signal?.throwIfAborted();
  };
  const scored = scoreColumns(batches, columns);
  const scores = await computeScores({
    columns: scored,
    batches,
    thresholds,
    seed: seedBits(seed),
    pause,
  });
  const against = batches.length === 3 ? 2 : 0;
  return { scores, figures: scored.map((column) => columnFigure(column, [against, 1])) };
}
