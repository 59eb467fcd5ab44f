/**
 * Aggregates by their definitions, over all rows at once: sums, means and moments are exact
 * fractions until the very end.
 *
 * @module
 */
import { SCALE, scaled, toDouble } from "./exact_double.ts";
import type { OracleRow } from "./oracle.ts";

/** An aggregate of rows, which come in the order of their source. */
export type OracleAggregate = (rows: readonly OracleRow[]) => unknown;

type Value = number | bigint;

/** The values of a column that are there. */
function known(rows: readonly OracleRow[], column: string): Value[] {
  return rows.map(({ values }) => values[column] as Value).filter(isThere);
}

function isThere(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function areFinite(values: readonly Value[]): boolean {
  return values.every((value) => typeof value === "bigint" || Number.isFinite(value));
}

function total(values: readonly Value[]): bigint {
  return values.reduce((sum: bigint, value) => sum + scaled(value), 0n);
}

/** Of no values null; otherwise what the function gives. */
function of<T>(column: string, compute: (values: Value[]) => T): OracleAggregate {
  return (rows) => {
    const values = known(rows, column);
    return values.length === 0 ? null : compute(values);
  };
}

/** n Σxy − Σx Σy, exactly, in units of 2⁻²¹⁴⁸. */
function spread(xs: readonly Value[], ys: readonly Value[]): bigint {
  const [a, b] = [xs.map(scaled), ys.map(scaled)];
  const products = a.reduce((sum, x, at) => sum + x * b[at], 0n);
  return BigInt(a.length) * products - total(xs) * total(ys);
}

function variance(values: readonly Value[], less: number): number | null {
  const { length } = values;
  if (length <= less) return null;
  if (!areFinite(values)) return NaN;
  const divisor = BigInt(length) * BigInt(length - less) * SCALE * SCALE;
  return toDouble(spread(values, values), divisor);
}

function rooted(value: number | null): number | null {
  return value === null ? null : Math.sqrt(value);
}

/** Rows in the order of their times, then of their partitions, then of the source. */
function inTime(rows: readonly OracleRow[]): OracleRow[] {
  return rows.toSorted((a, b) => a.time! - b.time! || (a.partition ?? 0) - (b.partition ?? 0));
}

/** What has an order. */
type Ordered = Value | boolean | string | Uint8Array;

/** Text by code points, bytes byte by byte, all else as JavaScript has it; NaN comes first. */
function better(a: Ordered, b: Ordered): number {
  const [x, y] = [Number.isNaN(a), Number.isNaN(b)];
  if (x || y) return Number(y) - Number(x);
  if (typeof a === "string") return betterParts(codePoints(a), codePoints(b as string));
  if (a instanceof Uint8Array) return betterParts([...a], [...b as Uint8Array]);
  return a < b ? -1 : a > b ? 1 : 0;
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

function betterParts(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((part, place) => part !== b[place]);
  if (at < 0) return a.length - b.length;
  return at >= b.length ? 1 : a[at] - b[at];
}

/** The values of one column in the rows where another is least (1) or greatest (-1), in order. */
function ranked(
  column: string,
  by: string,
  sign: 1 | -1,
): (rows: readonly OracleRow[]) => unknown[] {
  return (rows) => {
    const whole = inTime(rows).filter(({ values }) =>
      isThere(values[column]) && isThere(values[by])
    );
    const order = (a: OracleRow, b: OracleRow) => {
      const [x, y] = [a.values[by] as Ordered, b.values[by] as Ordered];
      // NaN comes first either way.
      return Number.isNaN(x) || Number.isNaN(y) ? better(x, y) : sign * better(x, y);
    };
    return whole.toSorted(order).map(({ values }) => values[column]);
  };
}

function chosen(column: string, by: string, sign: 1 | -1): OracleAggregate {
  return (rows) => ranked(column, by, sign)(rows)[0] ?? null;
}

function pairs(rows: readonly OracleRow[], x: string, y: string): [Value[], Value[]] {
  const whole = rows.filter(({ values }) => isThere(values[x]) && isThere(values[y]));
  return [known(whole, x), known(whole, y)];
}

/** The definitions, by the names of the aggregates. */
export const exactly = {
  count(column?: string): OracleAggregate {
    return (rows) => column === undefined ? rows.length : known(rows, column).length;
  },
  sum: (column: string): OracleAggregate =>
    of(column, (values) => {
      if (!areFinite(values)) return (values as number[]).reduce((a, b) => a + b, 0);
      if (typeof values[0] === "bigint") return total(values) / SCALE;
      return toDouble(total(values), SCALE);
    }),
  mean: (column: string): OracleAggregate =>
    of(column, (values) => {
      const { length } = values;
      if (!areFinite(values)) return (values as number[]).reduce((a, b) => a + b, 0) / length;
      return toDouble(total(values), BigInt(length) * SCALE);
    }),
  min: (column: string): OracleAggregate =>
    of(column, (values) => values.reduce((a, b) => better(a, b) <= 0 ? a : b)),
  max: (column: string): OracleAggregate =>
    of(
      column,
      (values) =>
        values.reduce((a, b) => {
          if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? a : b;
          return better(a, b) >= 0 ? a : b;
        }),
    ),
  variance: (column: string): OracleAggregate => of(column, (values) => variance(values, 1)),
  stddev: (column: string): OracleAggregate => of(column, (values) => rooted(variance(values, 1))),
  populationVariance: (column: string): OracleAggregate =>
    of(column, (values) => variance(values, 0)),
  populationStddev: (column: string): OracleAggregate =>
    of(column, (values) => rooted(variance(values, 0))),
  first: (column: string): OracleAggregate => (rows) => known(inTime(rows), column)[0] ?? null,
  last: (column: string): OracleAggregate => (rows) => known(inTime(rows), column).at(-1) ?? null,
  argMin: (column: string, by: string): OracleAggregate => chosen(column, by, 1),
  argMax: (column: string, by: string): OracleAggregate => chosen(column, by, -1),
  /** The values in the n rows where another column is greatest, that of the greatest first. */
  highest: (column: string, by: string, n: number): OracleAggregate => (rows) =>
    ranked(column, by, -1)(rows).slice(0, n),
  lowest: (column: string, by: string, n: number): OracleAggregate => (rows) =>
    ranked(column, by, 1)(rows).slice(0, n),
  covariance: (x: string, y: string): OracleAggregate => (rows) => {
    const [xs, ys] = pairs(rows, x, y);
    const { length } = xs;
    if (length < 2) return null;
    if (!areFinite([...xs, ...ys])) return NaN;
    return toDouble(spread(xs, ys), BigInt(length) * BigInt(length - 1) * SCALE * SCALE);
  },
  /** Null where one of the two never changes. */
  correlation: (x: string, y: string): OracleAggregate => (rows) => {
    const [xs, ys] = pairs(rows, x, y);
    if (xs.length < 2) return null;
    if (!areFinite([...xs, ...ys])) return NaN;
    const [squares, both] = [spread(xs, xs) * spread(ys, ys), spread(xs, ys)];
    if (squares === 0n) return null;
    return Math.sign(Number(both > 0n) - Number(both < 0n)) *
      Math.sqrt(toDouble(both * both, squares));
  },
  countDistinct: (column: string): OracleAggregate => (rows) =>
    new Set(known(rows, column).map((value) => value === 0 ? 0 : value)).size,
  /** The value at rank ⌊q (n − 1)⌋ from below. */
  quantile: (column: string, q: number): OracleAggregate =>
    of(column, (values) => values.toSorted(better)[Math.floor(q * (values.length - 1))]),
  /** The most frequent values, each with how often it came; of equally frequent ones any. */
  counts: (column: string): OracleAggregate => (rows) => {
    const counts = new Map<unknown, number>();
    for (const value of known(rows, column)) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  },
  /** How many values are in each bucket, from an edge up to, and without, the next one. */
  histogram: (column: string, edges: readonly number[]): OracleAggregate => (rows) =>
    edges.slice(0, -1).map((edge, at) =>
      known(rows, column).filter((value) => value >= edge && value < edges[at + 1]).length
    ),
  /** The values in the order of the source. */
  collect: (column: string, limit = Infinity): OracleAggregate => (rows) =>
    known(rows, column).slice(0, limit),
  /** The same of the rows for which a condition holds. */
  where:
    (aggregate: OracleAggregate, holds: (row: OracleRow) => boolean): OracleAggregate => (rows) =>
      aggregate(rows.filter(holds)),
};
