import { knownOptions } from "../runtime/known_options.ts";
import {
  Aggregate,
  type AggregateOperand,
  type AggregateSpec,
  type ColumnOf,
  type YieldOf,
} from "./aggregate.ts";
import type { Histogram } from "./histogram.ts";
import type { TopValue } from "./top_k.ts";

/** Aggregates by the name of their result column. */
export type Aggregates = Readonly<Record<string, AggregateSpec>>;

/** The number that a column of the row holds; any number where the row is not known. */
export type NumberOf<Row, ColumnName> = ColumnName extends keyof Row
  ? Extract<Row[ColumnName], number | bigint>
  : number;

/** The numbers among what an expression yields; any number where that is not known. */
export type NumberIn<Value> = unknown extends Value ? number : Extract<Value, number | bigint>;

/** What there is of a column or expression where it is not null; rows where it is of neither. */
export type PresentIn<Row, ColumnName, Value> = [ColumnName] extends [never]
  ? ([Value] extends [never] ? Row : unknown extends Value ? unknown : NonNullable<Value>)
  : ColumnName extends keyof Row ? NonNullable<Row[ColumnName]>
  : unknown;

/** What is kept of a column or expression; any number where neither is known. */
export type KeptOf<Row, ColumnName, Value> = [ColumnName] extends [never]
  ? (unknown extends Value ? number : NonNullable<Value>)
  : ColumnName extends keyof Row ? NonNullable<Row[ColumnName]>
  : number;

/** The aggregates that give one of the values that they are of. */
export type KeepingOp = "min" | "max" | "first" | "last" | "argMin" | "argMax";

/** The aggregates that count. */
export type CountOp = "count" | "countDistinct" | "approxCountDistinct";

/** The aggregates that are doubles whatever they are of. */
export type DoubleOp =
  | "mean"
  | "variance"
  | "stddev"
  | "populationVariance"
  | "populationStddev"
  | "covariance"
  | "correlation"
  | "quantile";

/** What the aggregates give that keep more than a number. */
export interface ListValues<Present> {
  /** Of {@linkcode quantiles}. */
  readonly quantiles: number[] | null;
  /** Of {@linkcode topK}. */
  readonly topK: TopValue<Present>[];
  /** Of {@linkcode histogram}. */
  readonly histogram: Histogram;
  /** Of {@linkcode collect}. */
  readonly collect: Present[];
  /** Of {@linkcode highest}. */
  readonly highest: Present[];
  /** Of {@linkcode lowest}. */
  readonly lowest: Present[];
}

/** The aggregates that give what a user's functions give. */
export type UserOp = "aggregateOf" | "aggregateRows" | "foldRows" | "reduce";

/** What an aggregate gives in a result row, for rows of type `Row` going in. */
export type AggregateValue<Row, Spec> = Spec extends
  Aggregate<infer Op, infer ColumnName, infer Value, string> ? Op extends CountOp ? number
  : Op extends DoubleOp ? number | null
  : Op extends UserOp ? Value | (Op extends "reduce" ? null : never)
  : Op extends KeepingOp ? KeptOf<Row, ColumnName, Value> | null
  : Op extends keyof ListValues<unknown> ? ListValues<PresentIn<Row, ColumnName, Value>>[Op]
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

/**
 * How many rows there are; of a column or expression, how many of its values are not null.
 *
 * @throws {TypeError} when it is of neither a column, by its name, nor an expression.
 */
export function count<const Of extends AggregateOperand = never>(
  of?: Of,
): Aggregate<"count", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("count", of === undefined ? [] : [of]);
}

/**
 * The sum: of integer columns exact (and an error when it does not fit into 64 bits), of doubles
 * compensated (Neumaier), so that its error does not grow with the number of values.
 *
 * @throws {TypeError} when it is of neither a column, by its name, nor an expression.
 */
export function sum<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"sum", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("sum", [of]);
}

/**
 * The arithmetic mean: the {@linkcode sum} over the number of values.
 *
 * @throws {TypeError} when it is of neither a column, by its name, nor an expression.
 */
export function mean<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"mean", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("mean", [of]);
}

/**
 * The least value; `NaN` if there is one among them, and 0 for −0.
 *
 * Text is compared by code points, as SQL does with a binary collation and `lt()` of expressions,
 * bytes are byte by byte, decimals by their value, and false is less than true. Lists, structs, maps
 * and columns of mixed types have no order, and are refused.
 *
 * @throws {TypeError} when it is of neither a column, by its name, nor an expression.
 */
export function min<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"min", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("min", [of]);
}

/**
 * The greatest value; `NaN` if there is one among them, and 0 for −0. What has an order, and which,
 * is as with {@linkcode min}.
 *
 * @throws {TypeError} when it is of neither a column, by its name, nor an expression.
 */
export function max<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"max", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("max", [of]);
}

/** Options of {@linkcode variance} and {@linkcode stddev}. */
export interface SpreadOptions {
  /**
   * Whether the values are all there are, so that it is divided by n and one value has the spread
   * 0, or a sample of more, so that it is by n − 1. Default `false`: a sample.
   */
  readonly population?: boolean;
}

function spreadOptions(op: string, options: SpreadOptions): SpreadOptions {
  return knownOptions(options, {
    doing: `take ${op}`,
    names: { population: true },
    example: "{ population: true }",
  });
}

/**
 * The variance of a sample, or of a population (Welford, merged by Chan); null of fewer than two
 * values of a sample, of no values of a population; `NaN` when one is `NaN` or infinite. With n
 * values its error is below n · 10⁻¹² times the greatest of their squares; on other numbers of bees
 * it may differ by as much.
 *
 * @throws {TypeError} when it is of neither a column, by its name, nor an expression, or an option
 *   is not known.
 */
export function variance<const Of extends AggregateOperand>(
  of: Of,
  options: SpreadOptions = {},
): Aggregate<"variance" | "populationVariance", ColumnOf<Of>, YieldOf<Of>> {
  const { population = false } = spreadOptions("variance", options);
  return new Aggregate(population ? "populationVariance" : "variance", [of]);
}

/**
 * The standard deviation, the root of {@linkcode variance}, of a sample or a population.
 *
 * @throws {TypeError} when it is of neither a column, by its name, nor an expression, or an option
 *   is not known.
 */
export function stddev<const Of extends AggregateOperand>(
  of: Of,
  options: SpreadOptions = {},
): Aggregate<"stddev" | "populationStddev", ColumnOf<Of>, YieldOf<Of>> {
  const { population = false } = spreadOptions("stddev", options);
  return new Aggregate(population ? "populationStddev" : "stddev", [of]);
}

/**
 * The value of least event time, of whatever type; among equal times the lowest (partition,
 * position).
 *
 * @throws {TypeError} when it is of neither a column, by its name, nor an expression.
 */
export function first<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"first", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("first", [of]);
}

/**
 * The value of greatest event time, of whatever type; among equal times the highest (partition,
 * position).
 *
 * @throws {TypeError} when it is of neither a column, by its name, nor an expression.
 */
export function last<const Of extends AggregateOperand>(
  of: Of,
): Aggregate<"last", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("last", [of]);
}

/**
 * The sample covariance (over n − 1) of two columns or expressions; null of fewer than two rows
 * that have both, `NaN` when a value is `NaN`, infinite, or so large that squares overflow (some
 * 1e154).
 *
 * Computed in one pass around the means, so that it does not suffer from values far from 0, and
 * merged (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983; for two
 * variables Schubert and Gertz, "Numerically stable parallel computation of (co-)variance", 2018,
 * section 3). With n rows its error is below n · 10⁻¹² times the greatest |x| and the greatest |y|;
 * on other numbers of bees it may differ by as much.
 *
 * @throws {TypeError} when one of the two is neither the name of a column nor an expression.
 */
export function covariance<const X extends AggregateOperand, const Y extends AggregateOperand>(
  x: X,
  y: Y,
): Aggregate<"covariance", ColumnOf<X>, YieldOf<X>, ColumnOf<Y>> {
  return new Aggregate("covariance", [x, y]);
}

/**
 * Pearson's correlation coefficient of two columns or expressions, from −1 to 1, with the rules
 * and sources of {@linkcode covariance}; null also where one of the two is the same in all rows.
 *
 * @throws {TypeError} when one of the two is neither the name of a column nor an expression.
 *
 * @example
 * ```ts
 * import { correlation, from, TumblingWindow } from "@waggle/stream";
 *
 * const readings = [1, 2, 3].map((n) => ({ at: n, load: n, heat: 20 + 5 * n }));
 * const perSecond = from(readings, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({ r: correlation("load", "heat") });
 * for await (const { r } of perSecond) console.log(r?.toFixed(6)); // 1.000000
 * ```
 */
export function correlation<const X extends AggregateOperand, const Y extends AggregateOperand>(
  x: X,
  y: Y,
): Aggregate<"correlation", ColumnOf<X>, YieldOf<X>, ColumnOf<Y>> {
  return new Aggregate("correlation", [x, y]);
}

/**
 * The value of `of` in the row where `by` is least, among several such rows in the one of least
 * event time, then of lowest (partition, position). Rows that lack one of the two are left out;
 * null without any. `NaN` comes before all numbers, as it is what {@linkcode min} gives then; −0
 * is 0. `of` may be of any type, `by` of those that {@linkcode min} takes, in the same order.
 *
 * @throws {TypeError} when one of the two is neither the name of a column nor an expression.
 *
 * @example
 * ```ts
 * import { argMax, argMin, from, TumblingWindow } from "@waggle/stream";
 *
 * const offers = [
 *   { at: 1, seller: 7, price: 12.5 },
 *   { at: 2, seller: 3, price: 11.0 },
 * ];
 * const perSecond = from(offers, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({ cheapest: argMin("seller", "price"), dearest: argMax("seller", "price") });
 * for await (const { cheapest, dearest } of perSecond) console.log(cheapest, dearest); // 3 7
 * ```
 */
export function argMin<const Of extends AggregateOperand, const By extends AggregateOperand>(
  of: Of,
  by: By,
): Aggregate<"argMin", ColumnOf<Of>, YieldOf<Of>, ColumnOf<By>> {
  return new Aggregate("argMin", [of, by]);
}

/**
 * The value of `of` in the row where `by` is greatest, with the rules of {@linkcode argMin}; `NaN`
 * comes before all numbers here too, as it is what {@linkcode max} gives then.
 *
 * @throws {TypeError} when one of the two is neither the name of a column nor an expression.
 */
export function argMax<const Of extends AggregateOperand, const By extends AggregateOperand>(
  of: Of,
  by: By,
): Aggregate<"argMax", ColumnOf<Of>, YieldOf<Of>, ColumnOf<By>> {
  return new Aggregate("argMax", [of, by]);
}
