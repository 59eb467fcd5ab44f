import {
  Aggregate,
  type AggregateOperand,
  type AggregateSpec,
  type ColumnOf,
  type YieldOf,
} from "./aggregate.ts";

/** Aggregates by the name of their result column. */
export type Aggregates = Readonly<Record<string, AggregateSpec>>;

/** The number that a column of the row holds; any number where the row is not known. */
export type NumberOf<Row, ColumnName> = ColumnName extends keyof Row
  ? Extract<Row[ColumnName], number | bigint>
  : number;

/** The numbers among what an expression yields; any number where that is not known. */
export type NumberIn<Value> = unknown extends Value ? number : Extract<Value, number | bigint>;

/** What an aggregate gives in a result row, for rows of type `Row` going in. */
export type AggregateValue<Row, Spec> = Spec extends
  Aggregate<infer Op, infer ColumnName, infer Value> ? Op extends "count" ? number
  : Op extends "mean" | "variance" | "stddev" ? number | null
  : ([ColumnName] extends [never] ? NumberIn<Value> : NumberOf<Row, ColumnName>) | null
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

/** How many rows there are; of a column or expression, how many of its values are not null. */
export function count<const Of extends AggregateOperand = never>(
  of?: Of,
): Aggregate<"count", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("count", of);
}

/**
 * The sum: of integer columns exact (and an error when it does not fit into 64 bits), of doubles
 * compensated (Neumaier), so that its error does not grow with the number of values.
 */
export function sum<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"sum", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("sum", of);
}

/** The arithmetic mean: the {@linkcode sum} over the number of values. */
export function mean<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"mean", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("mean", of);
}

/** The least value; `NaN` if there is one among them, and 0 for −0. */
export function min<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"min", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("min", of);
}

/** The greatest value; `NaN` if there is one among them, and 0 for −0. */
export function max<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"max", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("max", of);
}

/** The sample variance (over n − 1; Welford, merged by Chan); null of fewer than two values. */
export function variance<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"variance", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("variance", of);
}

/** The sample standard deviation, the root of {@linkcode variance}. */
export function stddev<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"stddev", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("stddev", of);
}

/** The value of least event time; among equal times the lowest (partition, position). */
export function first<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"first", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("first", of);
}

/** The value of greatest event time; among equal times the highest (partition, position). */
export function last<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"last", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("last", of);
}
