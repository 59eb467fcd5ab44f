import type { Expr } from "../batch/expressions/expr.ts";
import type { DataType, Typed } from "../batch/schema.ts";
import { checkType } from "../batch/schema_check.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import { Aggregate, type AggregateOperand, type ColumnOf } from "../windows/aggregate.ts";
import { wholeOption } from "../windows/aggregate_options.ts";
import type { OrderedOp } from "../windows/aggregate_place.ts";
import { checkInit, describeAggregate } from "./aggregate_spec.ts";
import type { ModuleReference } from "./user_function.ts";

/** What functions of an aggregate are given last. */
export interface AggregateInfo<Context = unknown> {
  /** The plain data given as `context`. */
  readonly context: Context;
}

/**
 * An aggregate of yours. The functions run in the bees, and none may be `async`.
 *
 * `State` is what one window and key has; it can be anything that `structuredClone` copies.
 */
export interface AggregateFunctions<State, Value, Result, Context = unknown> {
  /** The state of no values: a new one each time, never an object that others have too. */
  init(info: AggregateInfo<Context>): State;
  /** The state with one more value: the one that came, changed, or another. */
  add(state: State, value: Value, info: AggregateInfo<Context>): State;
  /** The state of the values of both; `into` may be changed, `from` not. */
  merge(into: State, from: State, info: AggregateInfo<Context>): State;
  /** The result of a state, which must not change; `undefined` is null. */
  result(state: State, info: AggregateInfo<Context>): Result;
  /**
   * The inverse of `merge`: the state of `into` without the values of `from`, which are among them.
   * Windows whose rows leave one by one then need fewer merges; leave it out unless it is exact, as
   * it is of whole numbers and not of fractions.
   */
  retract?(into: State, from: State, info: AggregateInfo<Context>): State;
}

/** Options of aggregates that are made of functions. */
export interface UserAggregateOptions<Of extends AggregateOperand, Context, Result> {
  /** A column, by its name, or an expression, whose nulls are left out. Default: whole rows. */
  readonly of?: Of;
  /** The type of the result. Default `types.mixed`, which takes anything JSON-like. */
  readonly type?: Typed<DataType, NonNullable<Result>>;
  /** Plain data that the functions read as `context` of their last argument; it is copied. */
  readonly context?: Context;
}

/** Options of {@linkcode aggregateRows}. */
export interface AggregateRowsOptions<Of extends AggregateOperand, Context, Result>
  extends UserAggregateOptions<Of, Context, Result> {
  /** Most rows of a window and key; more of them fail the run. Default 1,000,000. */
  readonly limit?: number;
}

const DEFAULT_ROWS = 1_000_000;

const NAMES = { of: true, type: true, context: true } as const;

function optionsOf<Options extends object>(
  op: OrderedOp,
  given: Options,
  names: OptionRule<Options>["names"],
): Options {
  return knownOptions(given, { doing: `make ${op}()`, names, example: '{ of: "price" }' });
}

/** Options of {@linkcode foldRows}. */
export interface FoldRowsOptions<Of extends AggregateOperand, Context, Result>
  extends AggregateRowsOptions<Of, Context, Result> {
  /**
   * What a window and key begin with: plain data, of which each has a copy of its own, or a function
   * that makes it, which is called once, here.
   */
  readonly initialValue: Result | (() => Result);
}

interface Made<Of extends AggregateOperand> {
  readonly op: OrderedOp;
  readonly functions: object;
  readonly options: UserAggregateOptions<Of, unknown, unknown>;
  readonly limit?: number;
  readonly initialValue?: unknown;
}

function made<Op extends OrderedOp, Of extends AggregateOperand, Value>(
  { op, functions, options, limit, initialValue }: Made<Of> & { readonly op: Op },
): Aggregate<Op, ColumnOf<Of>, Value> {
  const { of, type, context } = options;
  if (type !== undefined) checkType(type);
  const spec = describeAggregate(op, functions, context);
  if (spec.kind === "functions") checkInit(op, spec, functions);
  const operands = of === undefined ? [] : [of as string | Expr];
  const data = {
    functions: spec,
    ...(type !== undefined && { type }),
    ...(limit !== undefined && { limit }),
    ...(initialValue !== undefined && { initialValue }),
  };
  return new Aggregate(op, operands, { rows: of === undefined, options: data });
}

/**
 * An aggregate of functions of yours, which run in the bees: `init`, `add`, `merge`, `result`, and
 * `retract` where that is exact. They cross as all functions do: plain functions that use nothing
 * from outside themselves, or a module reference to an export that has them all.
 *
 * It is of whole rows, each a plain object that must not be changed, or with `of` of a column or
 * an expression, whose nulls are left out. Rows come in the order of their source. Of a window and
 * key without values the result is that of `init()`. A function that throws fails the run with a
 * `StreamingError` that names the aggregate, and has what was thrown as its cause.
 *
 * @throws {TypeError} when a function is missing or cannot cross, when `init` gives the same object
 *   twice, or when `of` is neither a column nor an expression.
 *
 * @example
 * ```ts
 * import { aggregateOf, from, TumblingWindow, types as t } from "@waggle/stream";
 *
 * interface Sale {
 *   at: number;
 *   price: number;
 *   pieces: number;
 * }
 * const averagePrice = aggregateOf({
 *   init: () => ({ paid: 0, pieces: 0 }),
 *   add: (state, { price, pieces }: Sale) => {
 *     state.paid += price * pieces;
 *     state.pieces += pieces;
 *     return state;
 *   },
 *   merge: (a, b) => ({ paid: a.paid + b.paid, pieces: a.pieces + b.pieces }),
 *   result: ({ paid, pieces }) => paid / pieces,
 * }, { type: t.f64 });
 *
 * const sales = [{ at: 1, price: 10, pieces: 1 }, { at: 2, price: 20, pieces: 3 }];
 * const perSecond = from(sales, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({ averagePrice });
 * for await (const { averagePrice } of perSecond) console.log(averagePrice); // 17.5
 * ```
 */
export function aggregateOf<
  State,
  Value,
  Result,
  Context = unknown,
  const Of extends AggregateOperand = never,
>(
  functions: AggregateFunctions<State, Value, Result, Context> | ModuleReference,
  options: UserAggregateOptions<Of, Context, Result> = {},
): Aggregate<"aggregateOf", ColumnOf<Of>, Result> {
  optionsOf("aggregateOf", options, NAMES);
  return made({ op: "aggregateOf", functions, options });
}

/**
 * What a function of yours makes of all rows of a window and key, a list in the order in which they
 * came. It runs in the bees, with the rules of {@linkcode aggregateOf}; all rows are kept until the
 * window closes, so prefer that where it will do. Of no rows it gets an empty list.
 *
 * @throws {TypeError | RangeError} when the function cannot cross, `of` is neither a column nor an
 *   expression, or `limit` no count.
 *
 * @example
 * ```ts
 * import { aggregateRows, from, TumblingWindow } from "@waggle/stream";
 *
 * const steps = [{ at: 1, page: "home" }, { at: 2, page: "cart" }, { at: 3, page: "paid" }];
 * const perSecond = from(steps, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({
 *     path: aggregateRows((rows: { page: string }[]) => rows.map(({ page }) => page).join(" > ")),
 *   });
 * for await (const { path } of perSecond) console.log(path); // home > cart > paid
 * ```
 */
export function aggregateRows<
  Value,
  Result,
  Context = unknown,
  const Of extends AggregateOperand = never,
>(
  result: ((values: Value[], info: AggregateInfo<Context>) => Result) | ModuleReference,
  options: AggregateRowsOptions<Of, Context, Result> = {},
): Aggregate<"aggregateRows", ColumnOf<Of>, Result> {
  optionsOf("aggregateRows", options, { ...NAMES, limit: true });
  const limit = limitOf("aggregateRows", options);
  return made({ op: "aggregateRows", functions: result, options, limit });
}

function limitOf(op: OrderedOp, { limit = DEFAULT_ROWS }: { readonly limit?: number }): number {
  wholeOption(op, "limit", limit);
  return limit;
}

/**
 * What a function of yours folds the rows of a window and key into, one after the other in the
 * order in which they came, beginning with `initialValue`. It runs in the bees when a window gives a
 * result, with the rules of {@linkcode aggregateOf}: it may change what it folds into, and must not
 * change rows. All rows are kept until then, so prefer {@linkcode aggregateOf} for large windows. Of
 * no rows the result is the initial value.
 *
 * @throws {TypeError | RangeError} when the function cannot cross, `initialValue` is missing or
 *   cannot be copied, `of` is neither a column nor an expression, or `limit` no count.
 *
 * @example
 * ```ts
 * import { foldRows, from, TumblingWindow } from "@waggle/stream";
 *
 * const deposits = [{ at: 1, amount: 5 }, { at: 2, amount: 7 }, { at: 3, amount: -4 }];
 * const perSecond = from(deposits, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({
 *     least: foldRows((state: { sum: number; least: number }, row: { amount: number }) => {
 *       state.sum += row.amount;
 *       state.least = Math.min(state.least, state.sum);
 *       return state;
 *     }, { initialValue: { sum: 0, least: 0 } }),
 *   });
 * for await (const { least } of perSecond) console.log(least); // { sum: 8, least: 0 }
 * ```
 */
export function foldRows<
  Value,
  Result,
  Context = unknown,
  const Of extends AggregateOperand = never,
>(
  fold:
    | ((accumulator: Result, value: Value, info: AggregateInfo<Context>) => Result)
    | ModuleReference,
  options: FoldRowsOptions<Of, Context, Result>,
): Aggregate<"foldRows", ColumnOf<Of>, Result> {
  optionsOf("foldRows", options, { ...NAMES, limit: true, initialValue: true });
  const limit = limitOf("foldRows", options);
  const initialValue = initialOf(options.initialValue);
  return made({ op: "foldRows", functions: fold, options, limit, initialValue });
}

function initialOf(given: unknown): unknown {
  const value = typeof given === "function" ? given() : given;
  if (value === undefined) {
    throw new TypeError(
      `Cannot make foldRows(): initialValue is missing; pass what a window and key begin with, such ` +
        `as { initialValue: 0 }`,
    );
  }
  try {
    return structuredClone(value);
  } catch (cause) {
    throw new TypeError(
      `Cannot make foldRows(): initialValue must be plain data, which can be copied: ` +
        `${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * What a function of yours folds the rows of a window and key into, two and two: the first row with
 * the second, what came of it with the third, in the order in which they came. The function is to
 * be associative, since parts that were folded apart are folded together. It runs in the bees, with
 * the rules of {@linkcode aggregateOf}, and must not change its arguments. Of no rows the result is
 * null.
 *
 * @throws {TypeError} when the function cannot cross, or `of` is neither a column nor an
 *   expression.
 *
 * @example
 * ```ts
 * import { from, reduce, TumblingWindow } from "@waggle/stream";
 *
 * const bids = [{ at: 1, bid: 7 }, { at: 2, bid: 9 }, { at: 3, bid: 8 }];
 * const perSecond = from(bids, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({ best: reduce((a: { bid: number }, b: { bid: number }) => a.bid < b.bid ? b : a) });
 * for await (const { best } of perSecond) console.log(best); // { at: 2, bid: 9 }
 * ```
 */
export function reduce<Value, Context = unknown, const Of extends AggregateOperand = never>(
  fold: ((a: Value, b: Value, info: AggregateInfo<Context>) => Value) | ModuleReference,
  options: UserAggregateOptions<Of, Context, Value> = {},
): Aggregate<"reduce", ColumnOf<Of>, Value> {
  optionsOf("reduce", options, NAMES);
  return made({ op: "reduce", functions: fold, options });
}
