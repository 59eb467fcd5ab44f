import type { BenchRow } from "./bench.ts";

const SCALES = [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const;

/** A row as `--json` writes it: what is not a number is `null`. */
export interface JsonRow {
  readonly name: string;
  readonly rate: number | null;
  readonly baselineRate: number | null;
  readonly ratio: number | null;
  readonly target: number | null;
  readonly reached: boolean | null;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** The six fields of the JSON report. */
export function toJsonRow(row: BenchRow): JsonRow {
  const { name, rate, baselineRate, ratio, target, reached } = row;
  return {
    name,
    rate: finite(rate),
    baselineRate: finite(baselineRate),
    ratio: finite(ratio),
    target: finite(target),
    reached,
  };
}

/** A number with three significant digits, rates with k, M or G behind it; `–` when it is none. */
export function formatAmount(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "–";
  const scale = unit === "/s" ? SCALES.find(([size]) => Math.abs(value) >= size) : undefined;
  const [size, letter] = scale ?? [1, ""];
  return `${Number((value / size).toPrecision(3))} ${letter}${unit}`.trim();
}

function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `${Number(ratio.toPrecision(3))} ×` : "–";
}

function formatTarget({ target, goal = "atLeast" }: BenchRow): string {
  return target === null ? "–" : `${goal === "atLeast" ? "≥" : "≤"} ${target} ×`;
}

/** `reached` or `short` for a row with a verdict, else its reason or a dash. */
export function outcome({ reached, note }: BenchRow): string {
  if (reached === null) return note?.startsWith("not run:") ? note : "–";
  return reached ? "reached" : "short";
}

function cells(row: BenchRow): string[] {
  const unit = row.unit ?? "/s";
  return [
    row.name,
    formatAmount(row.rate, unit),
    formatAmount(row.baselineRate, unit),
    formatRatio(row.ratio),
    formatTarget(row),
    outcome(row),
  ];
}

/** The final table, one line a row, notes behind the line they belong to. */
export function formatTable(rows: readonly BenchRow[]): string {
  const lines = [["bench", "rate", "baseline", "ratio", "target", "outcome"], ...rows.map(cells)];
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const text = lines.map((line, at) => {
    const note = at === 0 ? undefined : rows[at - 1].note;
    const padded = line.map((cell, i) =>
      i === 0 || i === 5 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])
    ).join("  ");
    return note && note !== line[5] ? `${padded}  ${note}` : padded.trimEnd();
  });
  text.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return text.join("\n");
}
