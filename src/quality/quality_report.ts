/**
 * How good synthetic rows are.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom/worker";
import { compareRows, type Comparison, type QualityOptions } from "./compare_rows.ts";
import type { CategoryFigure, Figure, MatrixFigure, SpreadFigure } from "./page/figures.ts";
import { qualityPage, visible } from "./page/quality_page.ts";
import type { QualityRows } from "./quality_rows.ts";
import type { QualityScores } from "./quality_scores.ts";
import { qualityText } from "./quality_text.ts";

export type { Duration } from "../runtime/duration.ts";
export type { QualityOptions } from "./compare_rows.ts";
export { QualityError } from "./quality_error.ts";
export type { ColumnQuality, PairQuality, QualityScores } from "./quality_scores.ts";
export type { KeptTraits, Trait } from "./kept_traits.ts";
export type { NearestShare } from "./nearest_share.ts";
export type { PairScore } from "./pair_trends.ts";
export type { ScoreKind } from "./score_columns.ts";
export type { KeyQuality, StreamQuality } from "./stream_quality.ts";
export type { TwoSampleScore } from "./two_sample_score.ts";
export type { QualityRows, QualitySource } from "./quality_rows.ts";

const REAL = "var(--real)";
const SYNTHETIC = "var(--made)";
const WIDTH = 360;
const LABEL_CHARACTERS = 18;

/** A text that fits beside an axis, in one line. */
function short(text: string): string {
  const characters = Array.from(visible(text.replace(/\s+/g, " ")));
  if (characters.length <= LABEL_CHARACTERS) return characters.join("");
  return `${characters.slice(0, LABEL_CHARACTERS - 1).join("")}…`;
}

function percent(share: number): string {
  return share === 0 ? "0" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** A number with two places, without a sign of nothing. */
function signed(value: number): string {
  return value.toFixed(2).replace(/^-(0\.00)$/, "$1");
}

/** A histogram of the real rows with the synthetic ones as a line over it. */
function spreadPlot({ bins, isTime }: SpreadFigure): Plot.PlotOptions {
  const at = (x: number) => isTime ? new Date(x) : x;
  const steps = bins.flatMap(({ from, to, synthetic }) => [
    { x: at(from), y: synthetic },
    { x: at(to), y: synthetic },
  ]);
  const bars = bins.map(({ from, to, real }) => ({ x1: at(from), x2: at(to), real }));
  return {
    width: WIDTH,
    height: 170,
    marginLeft: 44,
    x: { label: null, ticks: 5, ...(isTime ? { type: "utc" } : {}) },
    y: { label: null, ticks: 4, tickFormat: percent, grid: true },
    marks: [
      Plot.rectY(bars, { x1: "x1", x2: "x2", y: "real", fill: REAL, inset: 0 }),
      Plot.line(steps, { x: "x", y: "y", stroke: SYNTHETIC, strokeWidth: 1.75 }),
      Plot.ruleY([0]),
    ],
  };
}

/** A bar of each category in the real rows, with the synthetic ones as a dot. */
function categoryPlot({ categories }: CategoryFigure): Plot.PlotOptions {
  const places = categories.map((each, place) => ({ ...each, place: String(place) }));
  return {
    width: WIDTH,
    height: 40 + 18 * places.length,
    marginLeft: 136,
    marginRight: 16,
    x: { label: null, ticks: 4, tickFormat: percent, grid: true },
    y: {
      label: null,
      domain: places.map(({ place }) => place),
      tickFormat: (place: string) => short(categories[Number(place)].label),
      tickSize: 0,
    },
    marks: [
      Plot.barX(places, { y: "place", x: "real", fill: REAL, insetTop: 2, insetBottom: 2 }),
      Plot.dot(places, { y: "place", x: "synthetic", fill: SYNTHETIC, r: 4 }),
      Plot.ruleX([0]),
    ],
  };
}

/** How columns hang together, as coloured cells. */
function matrixPlot({ columns, cells }: MatrixFigure): Plot.PlotOptions {
  const places = new Map(columns.map((name, place) => [name, String(place)]));
  const placed = cells.map(({ x, y, value }) => ({
    x: places.get(x),
    y: places.get(y),
    value,
    shade: Math.abs(value) > 0.55 ? "white" : "#1d232c",
  }));
  const axis = {
    label: null,
    domain: [...places.values()],
    tickSize: 0,
    tickFormat: (place: string) => short(columns[Number(place)]),
  };
  const size = Math.max(22, Math.min(48, Math.floor(360 / columns.length)));
  const labels = columns.length > 8 ? [] : [
    Plot.text(placed, {
      x: "x",
      y: "y",
      text: ({ value }: { value: number }) => signed(value),
      fill: "shade",
    }),
  ];
  return {
    width: 150 + size * columns.length,
    height: 130 + size * columns.length,
    marginLeft: 136,
    marginBottom: 120,
    x: { ...axis, tickRotate: -55 },
    y: axis,
    color: { type: "diverging", scheme: "PuOr", domain: [-1, 1], reverse: true, legend: false },
    marks: [Plot.cell(placed, { x: "x", y: "y", fill: "value", inset: 0.5, rx: 2 }), ...labels],
  };
}

/** Draws by Observable Plot on a document that is none of a browser's. */
function draw(figure: Figure): string {
  const options = figure.kind === "spread"
    ? spreadPlot(figure)
    : figure.kind === "categories"
    ? categoryPlot(figure)
    : matrixPlot(figure);
  const { document } = parseHTML("<!doctype html><html><body></body></html>") as unknown as {
    document: Plot.PlotOptions["document"];
  };
  return (Plot.plot({ ...options, document }) as unknown as { outerHTML: string }).outerHTML;
}

/** Options of {@linkcode QualityReport.toHtml}. */
export interface QualityPageOptions {
  /** What the page is called. Default: `"Quality of synthetic rows"`. */
  title?: string;
}

/** The scores of synthetic rows, for programs and for people. */
export class QualityReport {
  /** All of them. */
  readonly scores: QualityScores;
  readonly #figures: readonly (Figure | undefined)[];

  /** Use {@linkcode qualityReport}. */
  constructor({ scores, figures }: Comparison) {
    this.scores = scores;
    this.#figures = figures;
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

  /**
   * A page with a verdict in words, a plot of each column, and how columns hang together. It is one
   * file that loads nothing and runs nothing.
   */
  toHtml({ title }: QualityPageOptions = {}): string {
    return qualityPage({ scores: this.scores, figures: this.#figures, title, draw });
  }
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
  real: QualityRows,
  synthetic: QualityRows,
  options: QualityOptions = {},
): Promise<QualityReport> {
  return new QualityReport(await compareRows(real, synthetic, options));
}
