import type { Expr } from "../batch/expressions/expr.ts";
import type { ExprValue, Operand } from "../batch/expressions/expr_types.ts";
import type { InferredRow } from "../batch/record_batch.ts";
import type { ModuleReference } from "../hive/user_function.ts";
import type { CustomWindow } from "../windows/custom_window.ts";
import type { GlobalWindow } from "../windows/global_window.ts";
import type { FunctionOptions, MapOptions, StepInfo } from "./function_step.ts";
import type { Selected, WithColumn, WithTime } from "./pipeline_rows.ts";
import type { RunnablePipeline } from "./runnable_pipeline.ts";
import type { TimestampOptions } from "./timestamp_options.ts";
import type { AnyWindow, UntimedWindow } from "./window_plan.ts";
import type { KeyedPipeline, UntimedKeyedPipeline, WindowedPipeline } from "./windowed_pipeline.ts";

/** Rows of a source, on their way. */
export interface Pipeline<Row> extends RunnablePipeline<Row> {
  /**
   * Says which column is the event time. A row without one (null) is counted as `untimed` and in
   * no window; what is there and is no time (a text of another format, `NaN`, more than 8.64e15 ms
   * from 1970) goes the way of `badRecords`.
   *
   * @throws {TypeError | RangeError} when `column` is no name, or an option none that it can be.
   */
  timestamps<const Name extends keyof Row & string>(
    column: Name,
    options?: TimestampOptions,
  ): TimedPipeline<WithTime<Row, Name>>;
  /**
   * Takes the time of the clock when a row is read for its time, whatever stands in it, and the
   * clock for the watermark. So windows leave when the clock reaches their end, also while the
   * source is silent; no row is late; and what is in which window depends on when rows come.
   */
  processingTime(): TimedPipeline<Row>;
  /**
   * The rows of other pipelines beside these: sources of the same columns, of the same types, are
   * read at once. Each keeps its order and its watermark, and the least watermark of those that
   * have not ended counts; how they come between each other is left open. The columns stand in the
   * order of the first, before whose columns are known nothing leaves. Steps come after it, and
   * options are those of the first.
   *
   * @throws {TypeError} when one has steps, or others have options of their own, or columns that are
   *   known not to be the same; a run, when they turn out not to be, naming the column.
   */
  union(...others: readonly Pipeline<Row>[]): Pipeline<Row>;
  /**
   * Keeps the rows for which the condition is true: an expression, or a function that says true or
   * false of each row, in the bees. A function is as for {@linkcode Pipeline.map}.
   *
   * @throws {TypeError} as that does.
   */
  filter<Context = unknown>(
    condition:
      | Expr<boolean | null>
      | Expr
      | ((row: Row, info: StepInfo<Context>) => boolean | Promise<boolean>)
      | ModuleReference,
    options?: FunctionOptions<Context>,
  ): Pipeline<Row>;
  /**
   * Makes another row of each by a function, in the bees: a self-contained one, the export of a
   * module, or an expression, `struct()`, which is as `select()`. The function gets the row and
   * `{ context }`; it gives an object, or a promise of one, of which `concurrency` may be pending in
   * each bee; rows stay in their order. Its columns are `schema`, or those of the first row that it
   * gives. A row for which it fails, takes longer than `recordTimeout`, or that fits no column, goes
   * the way of `badRecords`. A run in which a bee is lost may call it again.
   *
   * @throws {TypeError} when it cannot work in a bee, naming what it reaches out for, or when an
   *   option is none that it can be; a run, when it reaches out for a variable that is not there.
   */
  map<Out extends object = Record<string, unknown>, Made = InferredRow<Out>, Context = unknown>(
    fn: ((row: Row, info: StepInfo<Context>) => Out | Promise<Out>) | ModuleReference | Expr<Out>,
    options?: MapOptions<Made, Context>,
  ): Pipeline<Made>;
  /**
   * Makes any number of rows of each, up to 65,536, as {@linkcode Pipeline.map} makes one: the
   * function gives an array, or something else that can be iterated. They have the event time of
   * the row that they are made of.
   *
   * @throws {TypeError} as that does.
   */
  flatMap<Out extends object = Record<string, unknown>, Made = InferredRow<Out>, Context = unknown>(
    fn:
      | ((row: Row, info: StepInfo<Context>) => Iterable<Out> | Promise<Iterable<Out>>)
      | ModuleReference,
    options?: MapOptions<Made, Context>,
  ): Pipeline<Made>;
  /**
   * Two pipelines of the same rows: those for which the condition is true, and all others, also
   * those for which it is null. Each may be run alone, and is then a filter; run by
   * {@linkcode together} they read the source once.
   *
   * @throws {TypeError} when the condition is no expression.
   */
  split(condition: Expr<boolean | null> | Expr): [Pipeline<Row>, Pipeline<Row>];
  /**
   * Pipelines of the same rows by name: of those for which the condition of that name is true. A
   * row may be in several or in none.
   *
   * @throws {TypeError} when there is no condition, or one is no expression.
   */
  split<const Names extends string>(
    conditions: Readonly<Record<Names, Expr<boolean | null> | Expr>>,
  ): { [Name in Names]: Pipeline<Row> };
  /** Makes these the columns. */
  select<const Columns extends Readonly<Record<string, Operand>>>(
    columns: Columns,
  ): Pipeline<Selected<Columns>>;
  /**
   * Adds a column; one that has its name already is replaced.
   *
   * @throws {TypeError} when `name` is no string, or `value` can be no part of an expression.
   */
  withColumn<const Name extends string, const Value extends Operand>(
    name: Name,
    value: Value,
  ): Pipeline<WithColumn<Row, Name, ExprValue<Value>>>;
  /** Says by which columns windows group their rows that need no event times. */
  keyBy<const Names extends readonly (keyof Row & string)[]>(
    ...columns: Names
  ): UntimedKeyedPipeline<Row, Names[number]>;
  /** Says into which windows the rows go, whose bounds are null. */
  window(assigner: UntimedWindow): WindowedPipeline<Row, never, null>;
}

/**
 * Rows with an event time, results of windows among them: these have the last millisecond of their
 * window, and what is done to them is done on bees of its own, as many as there were before.
 */
export interface ResultPipeline<Row> extends RunnablePipeline<Row> {
  /**
   * Keeps the rows for which the condition is true: an expression, or a function that says true or
   * false of each row, in the bees. A function is as for {@linkcode ResultPipeline.map}.
   *
   * @throws {TypeError} as that does.
   */
  filter<Context = unknown>(
    condition:
      | Expr<boolean | null>
      | Expr
      | ((row: Row, info: StepInfo<Context>) => boolean | Promise<boolean>)
      | ModuleReference,
    options?: FunctionOptions<Context>,
  ): TimedPipeline<Row>;
  /**
   * Makes another row of each by a function, in the bees: a self-contained one, the export of a
   * module, or an expression, `struct()`, which is as `select()`. The function gets the row and
   * `{ context }`; it gives an object, or a promise of one, of which `concurrency` may be pending in
   * each bee; rows stay in their order. Its columns are `schema`, or those of the first row that it
   * gives. A row for which it fails, takes longer than `recordTimeout`, or that fits no column, goes
   * the way of `badRecords`. A run in which a bee is lost may call it again.
   *
   * @throws {TypeError} when it cannot work in a bee, naming what it reaches out for, or when an
   *   option is none that it can be; a run, when it reaches out for a variable that is not there.
   */
  map<Out extends object = Record<string, unknown>, Made = InferredRow<Out>, Context = unknown>(
    fn: ((row: Row, info: StepInfo<Context>) => Out | Promise<Out>) | ModuleReference | Expr<Out>,
    options?: MapOptions<Made, Context>,
  ): TimedPipeline<Made>;
  /**
   * Makes any number of rows of each, up to 65,536, as {@linkcode ResultPipeline.map} makes one: the
   * function gives an array, or something else that can be iterated. They have the event time of
   * the row that they are made of.
   *
   * @throws {TypeError} as that does.
   */
  flatMap<Out extends object = Record<string, unknown>, Made = InferredRow<Out>, Context = unknown>(
    fn:
      | ((row: Row, info: StepInfo<Context>) => Iterable<Out> | Promise<Iterable<Out>>)
      | ModuleReference,
    options?: MapOptions<Made, Context>,
  ): TimedPipeline<Made>;
  /** As {@linkcode Pipeline.split}. */
  split(condition: Expr<boolean | null> | Expr): [TimedPipeline<Row>, TimedPipeline<Row>];
  /** As {@linkcode Pipeline.split}. */
  split<const Names extends string>(
    conditions: Readonly<Record<Names, Expr<boolean | null> | Expr>>,
  ): { [Name in Names]: TimedPipeline<Row> };
  /** Makes these the columns; the event time stays with the row, whether selected or not. */
  select<const Columns extends Readonly<Record<string, Operand>>>(
    columns: Columns,
  ): TimedPipeline<Selected<Columns>>;
  /** As {@linkcode Pipeline.withColumn}; the event time stays what it is. */
  withColumn<const Name extends string, const Value extends Operand>(
    name: Name,
    value: Value,
  ): TimedPipeline<WithColumn<Row, Name, ExprValue<Value>>>;
  /** Says by which columns windows group their rows. */
  keyBy<const Names extends readonly (keyof Row & string)[]>(
    ...columns: Names
  ): KeyedPipeline<Row, Names[number]>;
  /** Says into which windows the rows go; a {@linkcode GlobalWindow} has no bounds. */
  window(assigner: GlobalWindow): WindowedPipeline<Row, never, null>;
  /** Says into which windows the rows go. */
  window<Context = unknown>(
    assigner: AnyWindow | CustomWindow<Row, Context>,
  ): WindowedPipeline<Row, never>;
}

/** Rows of a source with an event time. */
export interface TimedPipeline<Row> extends ResultPipeline<Row> {
  /**
   * As {@linkcode Pipeline.union}, of pipelines whose event times are taken the same way.
   *
   * @throws {TypeError} as that does, and when they are not.
   */
  union(...others: readonly TimedPipeline<Row>[]): TimedPipeline<Row>;
}
