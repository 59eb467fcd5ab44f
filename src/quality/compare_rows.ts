import type { RecordBatch } from "../batch/record_batch.ts";
import { several } from "../batch/several.ts";
import { seedBits } from "../generators/fit_options.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import { type Duration, milliseconds } from "../runtime/duration.ts";
import { checkWhole, knownOptions, nearestName, received } from "../runtime/known_options.ts";
import { nextTurn } from "../runtime/next_turn.ts";
import { computeScores } from "./compute_scores.ts";
import { columnFigure, type Figure } from "./page/figures.ts";
import { QualityError } from "./quality_error.ts";
import { type QualityRows, readQualityRows } from "./quality_rows.ts";
import type { QualityScores } from "./quality_scores.ts";
import { scoreColumns, type ScoreKind } from "./score_columns.ts";
import { type StreamQuality, streamQuality } from "./stream_quality.ts";

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
  /**
   * The column that says when events happened, where rows are a stream in the order in which they
   * came: then the report says how far the synthetic one is from it, and the column has no score.
   */
  time?: string;
  /** The column of the keys of such a stream; it has no score either. */
  key?: string;
  /**
   * The longest time between two events of a session of a key. Default: five times the median time
   * between two events of a key.
   */
  sessionGap?: Duration;
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
  time: true,
  key: true,
  sessionGap: true,
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
  checkWhole("maxRows", maxRows, { doing: "compare rows" });
  if (options.time === undefined && (options.key ?? options.sessionGap) !== undefined) {
    throw new TypeError(
      `Cannot compare rows: key and sessionGap are of streams; say by time which column has the times`,
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

/** Times and keys of a stream have no scores as columns. */
function streamKinds({ time, key }: QualityOptions): Record<string, ScoreKind> {
  return Object.fromEntries(
    [time, key].flatMap((name) => name === undefined ? [] : [[name, "key"]]),
  );
}

function streamOf(
  [real, synthetic]: readonly RecordBatch[],
  { time, key, sessionGap, maxRows = DEFAULT_MAX_ROWS }: QualityOptions & { time: string },
): StreamQuality {
  if (real.length === maxRows || synthetic.length === maxRows) {
    throw new QualityError(
      `Cannot compare streams: one has ${
        several(maxRows, "row")
      } or more, of which only a sample is kept, and ` +
        `that is no stream; take fewer rows, or set maxRows to more than there are`,
    );
  }
  const gap = sessionGap === undefined ? undefined : milliseconds(sessionGap, "sessionGap");
  return streamQuality(real, synthetic, { time, key, sessionGap: gap });
}

/** Scores, and what to draw beside them. */
export interface Comparison {
  readonly scores: QualityScores;
  /** One for each column, but for keys. */
  readonly figures: readonly (Figure | undefined)[];
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
  const { holdout, seed, time, maxRows = DEFAULT_MAX_ROWS, signal } = options;
  const thresholds = {
    correlation: checkShare("correlationThreshold", options.correlationThreshold ?? 0.5),
    association: checkShare("associationThreshold", options.associationThreshold ?? 0.3),
  };
  const read = (input: QualityRows, which: string) =>
    readQualityRows(input, { which, maxRows, seed, signal });
  const batches = [await read(real, "real"), await read(synthetic, "synthetic")];
  if (holdout !== undefined) batches.push(await read(holdout, "held-out"));
  const columns = { ...streamKinds(options), ...options.columns };
  checkNames(columns, batches[0].names);
  const pause = async () => {
    await nextTurn(denoRuntime); // so that an abort can come
    signal?.throwIfAborted();
  };
  const scored = scoreColumns(batches, columns);
  // before the scores, which take long: it may be refused
  const stream = time === undefined ? undefined : streamOf(batches, { ...options, time });
  const scores = await computeScores({
    columns: scored,
    batches,
    thresholds,
    seed: seedBits(seed),
    pause,
  });
  const against = batches.length === 3 ? 2 : 0;
  return {
    scores: stream ? { ...scores, stream } : scores,
    figures: scored.map((column) => columnFigure(column, [against, 1])),
  };
}
