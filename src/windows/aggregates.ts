import type { AggregateOp } from "../kernel/window_types.ts";

/**
 * One aggregate of a windowed aggregation: what is computed, and of which column.
 *
 * Made by {@linkcode count}, {@linkcode sum} and their like. Nulls are skipped as SQL does, and
 * of no values every aggregate but `count` is null.
 */
export interface AggregateSpec<
  Op extends AggregateOp = AggregateOp,
  ColumnName extends string = string,
> {
  /** What is computed. */
  readonly op: Op;
  /** Absent for a count of rows. */
  readonly column?: ColumnName;
}

/** Aggregates by the name of their result column. */
export type Aggregates = Readonly<Record<string, AggregateSpec>>;

/** The number that a column of the row holds; any number where the row is not known. */
export type NumberOf<Row, ColumnName> = ColumnName extends keyof Row
  ? Extract<Row[ColumnName], number | bigint>
  : number;

/** What an aggregate gives in a result row, for rows of type `Row` going in. */
export type AggregateValue<Row, Spec> = Spec extends AggregateSpec<infer Op, infer ColumnName>
  ? Op extends "count" ? number
  : Op extends "mean" | "variance" | "stddev" ? number | null
  : NumberOf<Row, ColumnName> | null
  : never;

/** The aggregates' part of a result row. */
export type AggregateRow<Row, Specs extends Aggregates> = {
  [Name in keyof Specs]: AggregateValue<Row, Specs[Name]>;
};

/** A result row: the window, the keys, and the aggregates. */
export type WindowRow<Row, Key extends keyof Row, Specs extends Aggregates> =
  & {
    /** Start of the window, ms, inclusive. */
    windowStart: number;
    /** End of the window, ms, exclusive. */
    windowEnd: number;
  }
  & Pick<Row, Key>
  & AggregateRow<Row, Specs>;

/** How many rows there are; with a column, how many of its values are not null. */
export function count<ColumnName extends string = never>(
  column?: ColumnName,
): AggregateSpec<"count", ColumnName> {
  return column === undefined ? { op: "count" } : { op: "count", column };
}

/**
 * The sum: of integer columns exact (and an error when it does not fit into 64 bits), of doubles
 * compensated (Neumaier), so that its error does not grow with the number of values.
 */
export function sum<ColumnName extends string>(
  column: ColumnName,
): AggregateSpec<"sum", ColumnName> {
  return { op: "sum", column };
}

/** The arithmetic mean: the {@linkcode sum} over the number of values. */
export function mean<ColumnName extends string>(
  column: ColumnName,
): AggregateSpec<"mean", ColumnName> {
  return { op: "mean", column };
}

/** The least value; `NaN` if there is one among them, and 0 for −0. */
export function min<ColumnName extends string>(
  column: ColumnName,
): AggregateSpec<"min", ColumnName> {
  return { op: "min", column };
}

/** The greatest value; `NaN` if there is one among them, and 0 for −0. */
export function max<ColumnName extends string>(
  column: ColumnName,
): AggregateSpec<"max", ColumnName> {
  return { op: "max", column };
}

/** The sample variance (over n − 1; Welford, merged by Chan); null of fewer than two values. */
export function variance<ColumnName extends string>(
  column: ColumnName,
): AggregateSpec<"variance", ColumnName> {
  return { op: "variance", column };
}

/** The sample standard deviation, the root of {@linkcode variance}. */
export function stddev<ColumnName extends string>(
  column: ColumnName,
): AggregateSpec<"stddev", ColumnName> {
  return { op: "stddev", column };
}

/** The value of least event time; among equal times the lowest (partition, position). */
export function first<ColumnName extends string>(
  column: ColumnName,
): AggregateSpec<"first", ColumnName> {
  return { op: "first", column };
}

/** The value of greatest event time; among equal times the highest (partition, position). */
export function last<ColumnName extends string>(
  column: ColumnName,
): AggregateSpec<"last", ColumnName> {
  return { op: "last", column };
}
