import { SCALE, scaled, toDouble } from "./exact_double.ts";
import type { AggregateOp, WindowExtent } from "../../src/kernel/window_types.ts";
import type { Plain } from "../../src/windows/plain_columns.ts";
import { nameOf, type PlainRow, type WindowCase } from "./window_cases.ts";

const SPREADS: ReadonlySet<AggregateOp> = new Set([
  ...["variance", "stddev", "populationVariance", "populationStddev"] as const,
]);

/** A result with the error that it may have; 0 is exact, NaN takes any number. */
export interface Expected {
  readonly value: Plain;
  readonly error: number;
}

/** What is to come out of a case. */
export interface OracleResult {
  /** Aggregates by {@linkcode nameOf} window and keys. */
  readonly groups: Map<string, Expected[]>;
  readonly late: number;
  readonly untimed: number;
  /** Rows between windows. */
  readonly outside: number;
  readonly watermark: number;
}

type Cell = { value: number | bigint; time: number; at: number };

/** The sum of doubles, exactly and then rounded, with the error that a compensated sum may have. */
export function sumOf(values: readonly number[]): Expected {
  if (values.some((value) => !Number.isFinite(value))) {
    return { value: values.reduce((a, b) => a + b, 0), error: 0 };
  }
  const exact = toDouble(values.reduce((sum, value) => sum + scaled(value), 0n), SCALE);
  const size = values.reduce((sum, value) => sum + Math.abs(value), 0);
  const error = Math.abs(exact) * 2 ** -51 + size * values.length ** 2 * 2 ** -104;
  return { value: exact, error };
}

function varianceOf(values: readonly number[], divisor: number): Expected {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const size = Math.max(...values.map(Math.abs));
  return { value: squares / divisor, error: size * size * 1e-12 * values.length };
}

function spreadOf(op: AggregateOp, values: readonly number[]): Expected {
  const isSample = op === "variance" || op === "stddev";
  if (isSample && values.length < 2) return { value: null, error: 0 };
  const { value, error } = varianceOf(values, values.length - (isSample ? 1 : 0));
  if (op === "variance" || op === "populationVariance") return { value, error };
  return { value: Math.sqrt(value as number), error: Math.sqrt(error) };
}

function addUp(op: "sum" | "mean", cells: readonly Cell[], integer: boolean): Expected {
  const { length } = cells;
  if (integer) {
    const sum = cells.reduce((total, { value }) => total + BigInt(value), 0n);
    if (op === "sum") return { value: sum, error: 0 };
    return { value: Number(sum) / length, error: Math.abs(Number(sum)) * 2 ** -51 };
  }
  const { value, error } = sumOf(cells.map(({ value }) => value as number));
  if (op === "sum") return { value, error };
  return { value: (value as number) / length, error: error + Math.abs(value as number) * 2 ** -51 };
}

function extreme(op: "min" | "max", cells: readonly Cell[], integer: boolean): Expected {
  const values = cells.map(({ value }) => value);
  if (!integer) return { value: Math[op](...values as number[]) + 0, error: 0 };
  const better = (a: number | bigint, b: number | bigint) => op === "min" ? a < b : a > b;
  return { value: values.reduce((best, value) => better(value, best) ? value : best), error: 0 };
}

function aggregate(op: AggregateOp, cells: readonly Cell[], integer: boolean): Expected {
  if (op === "count") return { value: BigInt(cells.length), error: 0 };
  if (cells.length === 0) return { value: null, error: 0 };
  if (op === "sum" || op === "mean") return addUp(op, cells, integer);
  if (op === "min" || op === "max") return extreme(op, cells, integer);
  if (SPREADS.has(op)) {
    return spreadOf(op, cells.map(({ value }) => Number(value)));
  }
  const inOrder = [...cells].sort((a, b) => a.time - b.time || a.at - b.at);
  return { value: inOrder.at(op === "first" ? 0 : -1)!.value, error: 0 };
}

/** A row with its time and its place among all. */
export interface TimedRow {
  readonly row: PlainRow;
  readonly time: number;
  readonly at: number;
}

/** A row that has both values. */
interface PairedCell {
  readonly x: number | bigint;
  readonly y: number | bigint;
  readonly time: number;
  readonly at: number;
}

function pairResult(
  op: AggregateOp,
  rows: readonly TimedRow[],
  [x, y]: readonly [number, number],
): Expected {
  const cells = rows.filter(({ row: { values } }) => values[x] !== null && values[y] !== null)
    .map(({ row: { values }, time, at }): PairedCell => {
      return { x: values[x] as number, y: values[y] as number, time, at };
    });
  if (op === "argMin" || op === "argMax") return chosen(op, cells);
  if (cells.length < 2) return { value: null, error: 0 };
  return together(op, cells.map(({ x }) => Number(x)), cells.map(({ y }) => Number(y)));
}

function chosen(op: "argMin" | "argMax", cells: readonly PairedCell[]): Expected {
  const sign = op === "argMin" ? 1 : -1;
  const compare = (a: number | bigint, b: number | bigint) => {
    if (Number.isNaN(a) || Number.isNaN(b)) {
      return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
    }
    return a < b ? -sign : a > b ? sign : 0;
  };
  const inOrder = cells.toSorted((a, b) => compare(a.y, b.y) || a.time - b.time || a.at - b.at);
  return { value: inOrder[0]?.x ?? null, error: 0 };
}

/** Covariance and correlation in two passes: the means, then the differences from them. */
function together(op: AggregateOp, xs: readonly number[], ys: readonly number[]): Expected {
  const { length } = xs;
  const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / length;
  const sizeOf = (values: readonly number[]) => Math.max(...values.map(Math.abs));
  const isFlat = (values: readonly number[]) =>
    (Math.max(...values) - Math.min(...values)) ** 2 === 0;
  if (op === "correlation" && (isFlat(xs) || isFlat(ys))) return { value: null, error: 0 };
  if (![...xs, ...ys].every(Number.isFinite)) return { value: NaN, error: 0 };
  const [xMean, yMean] = [meanOf(xs), meanOf(ys)];
  const [xSize, ySize] = [sizeOf(xs), sizeOf(ys)];
  if (Math.max(xSize, ySize) > 1e150) return { value: NaN, error: NaN }; // squares overflow
  const products = xs.reduce((sum, x, at) => sum + (x - xMean) * (ys[at] - yMean), 0);
  const doubt = 1e-12 * length;
  // A product below the least double may be rounded up to it.
  const least = Number.MIN_VALUE * length;
  if (op === "covariance") {
    return { value: products / (length - 1), error: xSize * ySize * doubt + least };
  }
  const xSquares = xs.reduce((sum, x) => sum + (x - xMean) ** 2, 0);
  const ySquares = ys.reduce((sum, y) => sum + (y - yMean) ** 2, 0);
  const root = Math.sqrt(xSquares) * Math.sqrt(ySquares);
  const error = doubt *
    (xSize ** 2 / xSquares + ySize ** 2 / ySquares + xSize * ySize / root + 1);
  return { value: products / root, error };
}

/** The aggregates of rows of one window and key. */
export function expectedOf(
  { plan }: Pick<WindowCase, "plan">,
  rows: readonly TimedRow[],
): Expected[] {
  return plan.aggregates.map(({ op, value, by }) => {
    if (value < 0) return { value: BigInt(rows.length), error: 0 };
    if (by !== undefined) return pairResult(op, rows, [value, by]);
    const { kind } = plan.values[value].type;
    const cells = rows.filter(({ row }) => row.values[value] !== null)
      .map(({ row, time, at }): Cell => {
        return { value: row.values[value] as number | bigint, time, at };
      });
    return aggregate(op, cells, kind !== "f64" && kind !== "f32");
  });
}

/** A window. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Every window that holds a time, by looking at each that may. */
export function windowsAt({ size, offset, slide = size, step = size }: WindowExtent, time: number) {
  const windows: Span[] = [];
  let start = offset + slide * Math.floor((time - offset) / slide);
  for (; start + size > time; start -= slide) {
    for (let end = start + step; end <= start + size; end += step) {
      if (time < end) windows.push({ start, end });
    }
  }
  return windows;
}

/** What a case gives, computed in the plainest way. */
export function oracle(given: WindowCase): OracleResult {
  const { plan, rows, bound } = given;
  const groups = new Map<string, TimedRow[]>();
  let [late, untimed, outside, watermark] = [0, 0, 0, -Infinity];
  rows.forEach((row, at) => {
    const time = Math.floor(Number(row.time ?? NaN));
    if (!(Math.abs(time) <= 8.64e15)) {
      untimed++;
      return;
    }
    const windows = windowsAt(plan, time);
    const open = windows.filter(({ end }) => watermark < end + plan.allowedLateness);
    if (windows.length === 0) outside++;
    else if (open.length === 0) late++;
    for (const window of open) {
      const name = nameOf(window, row.keys);
      groups.set(name, [...groups.get(name) ?? [], { row, time, at }]);
    }
    watermark = Math.max(watermark, time - bound);
  });
  const expected = new Map([...groups].map(([name, rows]) => [name, expectedOf(given, rows)]));
  return { groups: expected, late, untimed, outside, watermark };
}
