import type { PairQuality } from "../quality_scores.ts";
import type { ScoreColumn } from "../score_columns.ts";

const BINS = 40;
const MOST_CATEGORIES = 12;
/** The share of values at either end that a figure may leave out, so that outliers do not fill it. */
const TAIL = 0.005;

/** A range of numbers, and the shares of values in it. */
export interface FigureBin {
  readonly from: number;
  readonly to: number;
  readonly real: number;
  readonly synthetic: number;
}

/** How numbers or times are spread. */
export interface SpreadFigure {
  readonly kind: "spread";
  readonly name: string;
  /** Whether the numbers are milliseconds since 1970. */
  readonly isTime: boolean;
  readonly bins: readonly FigureBin[];
}

/** How frequent categories are, the most frequent first. */
export interface CategoryFigure {
  readonly kind: "categories";
  readonly name: string;
  readonly categories: readonly {
    readonly label: string;
    readonly real: number;
    readonly synthetic: number;
  }[];
}

/** How columns hang together in one set of rows. */
export interface MatrixFigure {
  readonly kind: "matrix";
  readonly name: string;
  readonly columns: readonly string[];
  /** Correlations from −1 to 1, or Cramér's V; both ways, and 1 of a column with itself. */
  readonly cells: readonly { readonly x: string; readonly y: string; readonly value: number }[];
}

/** Something to draw. */
export type Figure = SpreadFigure | CategoryFigure | MatrixFigure;

function sortedKnown(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value)).sort();
}

function shareIn(sorted: Float64Array, [from, to]: readonly [number, number], isLast: boolean) {
  let count = 0;
  for (const value of sorted) {
    if (value >= from && (value < to || (isLast && value === to))) count++;
  }
  return sorted.length === 0 ? 0 : count / sorted.length;
}

function spreadFigure(column: ScoreColumn, [real, synthetic]: readonly [number, number]): Figure {
  const [a, b] = [real, synthetic].map((set) => sortedKnown(column.sets[set].numbers));
  const { kind } = column.type;
  const scale = kind === "date" ? 86_400_000 : 1;
  const at = (sorted: Float64Array, share: number) =>
    sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  let [low, high] = [at(a, TAIL), at(a, 1 - TAIL)];
  if (!(low < high)) [low, high] = [low - 0.5, low + 0.5];
  const distinct = new Set(a).size;
  const isWhole = a.every(Number.isInteger) && high - low < BINS;
  if (isWhole) [low, high] = [Math.ceil(low) - 0.5, Math.floor(high) + 0.5];
  const count = isWhole ? high - low : Math.min(BINS, Math.max(8, Math.ceil(distinct / 2)));
  const edge = (bin: number) => bin === count ? high : low + bin * (high - low) / count;
  const bins = Array.from({ length: count }, (_, bin) => {
    const range = [edge(bin), edge(bin + 1)] as const;
    const isLast = bin === count - 1;
    return {
      from: range[0] * scale,
      to: range[1] * scale,
      real: shareIn(a, range, isLast),
      synthetic: shareIn(b, range, isLast),
    };
  });
  return {
    kind: "spread",
    name: column.name,
    isTime: kind === "timestamp" || kind === "date",
    bins,
  };
}

function categoryFigure(column: ScoreColumn, sets: readonly [number, number]): Figure {
  const shares = sets.map((set) => {
    const out = new Float64Array(column.texts.length + 1);
    const { codes } = column.sets[set];
    for (const code of codes) out[code < 0 ? column.texts.length : code] += 1 / codes.length;
    return out;
  });
  const order = Array.from(shares[0].keys()).filter((code) => shares[0][code] + shares[1][code] > 0)
    .sort((a, b) => shares[0][b] - shares[0][a] || shares[1][b] - shares[1][a]);
  const shown = order.slice(0, order.length > MOST_CATEGORIES ? MOST_CATEGORIES - 1 : undefined);
  const rest = order.slice(shown.length);
  const one = (code: number) => ({
    label: code === column.texts.length ? "null" : column.texts[code],
    real: shares[0][code],
    synthetic: shares[1][code],
  });
  const sum = (of: Float64Array) => rest.reduce((total, code) => total + of[code], 0);
  const categories = shown.map(one);
  if (rest.length > 0) {
    const label = `${rest.length} others`;
    categories.push({ label, real: sum(shares[0]), synthetic: sum(shares[1]) });
  }
  return { kind: "categories", name: column.name, categories };
}

/** What to draw of a column: of keys nothing, since each value is of one row alone. */
export function columnFigure(
  column: ScoreColumn,
  sets: readonly [number, number],
): Figure | undefined {
  if (column.kind === "key") return undefined;
  return column.kind === "number" || column.kind === "time"
    ? spreadFigure(column, sets)
    : categoryFigure(column, sets);
}

/** How columns hang together, as a table of all pairs. */
export function matrixFigure(
  pairs: readonly PairQuality[],
  columns: readonly string[],
  side: "real" | "synthetic",
): MatrixFigure {
  const cells = columns.map((name) => ({ x: name, y: name, value: 1 }));
  for (const { columns: [x, y], [side]: value } of pairs) {
    if (!Number.isNaN(value)) cells.push({ x, y, value }, { x: y, y: x, value });
  }
  return { kind: "matrix", name: side, columns, cells };
}
