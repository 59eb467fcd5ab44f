import type { InferredRow, RecordBatch } from "../batch/record_batch.ts";
import type { Expr, ExprValue, Operand } from "../batch/expressions/expr.ts";
import type { AggregateInfo } from "../hive/aggregate_of.ts";
import type { ModuleReference } from "../hive/user_function.ts";
import type { Duration } from "../runtime/duration.ts";
import type { Aggregate } from "../windows/aggregate.ts";
import type { AnyAggregateOp } from "../windows/aggregate_place.ts";
import type { WindowRow } from "../windows/aggregates.ts";
import type { WatermarkStrategy } from "../windows/watermark_strategy.ts";
import type { CustomWindow } from "../windows/custom_window.ts";
import type { GlobalWindow } from "../windows/global_window.ts";
import type { PaneMode } from "../windows/window_spec.ts";
import type { TimestampFormat } from "../hive/event_time.ts";
import type { FunctionOptions, MapOptions, StepInfo } from "./function_step.ts";
import type { Reduced, ReduceOptions } from "./reduce_step.ts";
import type { PipelineMetrics } from "./pipeline_metrics.ts";
import type { RunOptions } from "./pipeline_run.ts";
import type { Publisher } from "./publisher.ts";
import type { BatchOptions } from "./result_steps.ts";
import type { TriggerOptions } from "./trigger_options.ts";
import type { AnyWindow, UntimedWindow } from "./window_plan.ts";

/** Options of {@linkcode Pipeline.timestamps}. */
export interface TimestampOptions {
  /** How the times are written. Default: `"iso"` for text, `"date"` for dates, `"ms"` otherwise. */
  format?: TimestampFormat;
  /**
   * By how much a row may be older than the newest before it without being late: the watermark
   * is the greatest time so far less this. Default 0. Short for
   * `watermarks: new BoundedDisorder({ maxDisorder })`.
   */
  maxDisorder?: Duration;
  /** How watermarks come about, instead of `maxDisorder`. */
  watermarks?: WatermarkStrategy;
  /** When a source partition without rows no longer holds the watermark back. Default: never. */
  idle?: IdleOptions;
  /** How far a source partition may be ahead of others. Default: as far as it comes. */
  alignment?: AlignmentOptions;
  /**
   * By what a row of a source with several partitions is late for a window: when the watermark of
   * all partitions has reached its end, so that it has closed (`"window"`, default), or when that of
   * the row's own partition has (`"partition"`), which is no later. Then it does not depend on how
   * the partitions take turns which rows are late, and the same rows read again give the same
   * results; but a row may be late for a window that other partitions still hold open. Not for
   * windows that see rows in the order of the source, and not with `idle`.
   */
  lateBy?: LateBy;
}

/** By which watermark a row is late: that of all partitions, or that of its own. */
export type LateBy = "window" | "partition";

/** When a source partition is ahead of others: it is not read until they have caught up. */
export interface AlignmentOptions {
  /**
   * By how much its watermark is ahead of the least of the others that are neither idle nor at
   * their end, at least 1 ms. What was under way then still comes, a batch at most.
   */
  maxDrift: Duration;
}

/** When a source partition is idle; it holds the watermark back again once it has rows. */
export interface IdleOptions {
  /** For how long it has had no rows, at least 1 ms. */
  after: Duration;
  /**
   * By which time: `"stream"` (default), the greatest event time of all partitions, or `"wall"`,
   * the clock while the source is waited for, with which results depend on when rows come.
   */
  clock?: "stream" | "wall";
}

/** Something that gives rows of type `Row` when it is iterated or run; each time from the start. */
export interface RunnablePipeline<Row> extends AsyncIterable<Row> {
  /** The results as batches; leaving the loop early ends the run and releases all it holds. */
  batches(options?: RunOptions): AsyncGenerator<RecordBatch<Row>, void, undefined>;
  /**
   * Calls back with each batch of results, in order, on the main thread; a promise is waited for.
   * Nothing of the batch may be changed.
   *
   * @throws {TypeError} when the callback is no function.
   * @throws in a run: a `StreamingError` when the callback fails, with what it threw as its cause.
   */
  tap(callback: (batch: RecordBatch<Row>) => void | Promise<void>): RunnablePipeline<Row>;
  /**
   * Gives the results in batches of so many rows, the last one excepted, and with `within` also
   * those that were not filled so long after their first row came.
   *
   * @throws {TypeError | RangeError} when `rows` is no count, or `within` no duration.
   */
  batch(options: BatchOptions): RunnablePipeline<Row>;
  /**
   * Where the results of {@linkcode RunnablePipeline.run} go.
   *
   * @throws {TypeError} when it is no publisher, or cannot keep what `deliveryGuarantee` promises.
   */
  to(publisher: Publisher): PublishingPipeline;
  /** Runs to the end of the source; what comes out is counted and dropped. */
  run(options?: RunOptions): Promise<PipelineMetrics>;
  /** What the last run has done, or does; all zero before the first. */
  metrics(): PipelineMetrics;
  /**
   * The plan in words, step by step: what is read, computed and promised, and what of it runs in
   * the kernel, what in JavaScript, and why. Where no schema tells the columns, some of it is known
   * only after a run.
   *
   * @throws {TypeError} when the columns are known and the plan does not fit them.
   */
  explain(): string;
}

/** A pipeline whose results go to a publisher. */
export interface PublishingPipeline {
  /**
   * Runs to the end of the source, at the pace of the publisher, which is flushed at the end.
   *
   * @throws the first failure of source, bees or publisher; by then everything is released.
   */
  run(options?: RunOptions): Promise<PipelineMetrics>;
  /** What the last run has done, or does; all zero before the first. */
  metrics(): PipelineMetrics;
  /** As {@linkcode RunnablePipeline.explain}, with the publisher. */
  explain(): string;
}

/** The columns that {@linkcode Pipeline.select} makes. */
export type Selected<Columns extends Readonly<Record<string, Operand>>> = {
  -readonly [Name in keyof Columns]: ExprValue<Columns[Name]>;
};

/** Rows with a column `Name` of `Value`, whether they had one of that name or not. */
export type WithColumn<Row, Name extends string, Value> =
  & Omit<Row, Name>
  & { [K in Name]: Value };

/** Rows whose column `Name` has become milliseconds. */
export type WithTime<Row, Name extends PropertyKey> = {
  [K in keyof Row]: K extends Name ? number | null : Row[K];
};

/** Aggregates by result name, of columns that there are. */
export type AggregatesOf<Row> = Readonly<
  Record<string, Aggregate<AnyAggregateOp, keyof Row & string, unknown, keyof Row & string>>
>;

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

/** Rows with an event time and a key. */
export interface KeyedPipeline<Row, Key extends keyof Row> {
  /** Says into which windows the rows go; a {@linkcode GlobalWindow} has no bounds. */
  window(assigner: GlobalWindow): WindowedPipeline<Row, Key, null>;
  /** Says into which windows the rows go. */
  window<Context = unknown>(
    assigner: AnyWindow | CustomWindow<Row, Context>,
  ): WindowedPipeline<Row, Key>;
}

/** Rows with a key and without an event time. */
export interface UntimedKeyedPipeline<Row, Key extends keyof Row> {
  /** Says into which windows the rows go, whose bounds are null. */
  window(assigner: UntimedWindow): WindowedPipeline<Row, Key, null>;
}

/** Rows in windows, whose bounds are `Bound`. */
export interface WindowedPipeline<
  Row,
  Key extends keyof Row,
  Bound extends number | null = number,
> {
  /**
   * Says when windows give results besides the one at their end, and what these hold. Results then
   * say which pane of their window they are, and the rows of a key go to its owner in their order.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be; a run, when the windows
   *   cannot have the trigger.
   */
  trigger<const Panes extends PaneMode = "accumulating">(
    options: TriggerOptions & { panes?: Panes },
  ): TriggeredPipeline<Row, Key, Panes, Bound>;
  /**
   * Says what is computed of each window and key. Results leave when the watermark reaches the end
   * of their window, in the order of these ends and then of keys, whatever the number of bees; those
   * of windows that end with a row in the order of these rows.
   *
   * @throws {TypeError} when nothing is to be computed, or a function cannot work in a bee.
   */
  aggregate<const Specs extends AggregatesOf<Row>>(
    aggregates: Specs,
  ): ResultPipeline<Bounded<WindowRow<Row, Key, Specs>, Bound>>;
  /**
   * Folds the rows of each window and key by a function, in the bees: the first row with the second,
   * what came of it with the third, in the order of the source. It is to be associative, gives what
   * could be a row again, and must not change its arguments. Short for the aggregate `reduce` alone.
   *
   * @throws {TypeError} when the function cannot work in a bee, or an option is none that it can be.
   */
  reduce<Value = Row, const As extends string = "value", Context = unknown>(
    fold: ((a: Value, b: Value, info: AggregateInfo<Context>) => Value) | ModuleReference,
    options?: ReduceOptions<As, Context, Value>,
  ): ResultPipeline<Bounded<WindowRow<Row, Key, Reduced<As, Value>>, Bound>>;
}

/** Rows in windows that give several results. */
export interface TriggeredPipeline<
  Row,
  Key extends keyof Row,
  Panes extends PaneMode,
  Bound extends number | null = number,
> {
  /**
   * Says what is computed of each window and key. Results leave in the order in which rows and the
   * watermark set them off, then of the ends of their windows and of keys, whatever the number of
   * bees. Where they go on to further steps, each result is a row, also one that replaces another.
   *
   * @throws {TypeError} as {@linkcode WindowedPipeline.aggregate} does.
   */
  aggregate<const Specs extends AggregatesOf<Row>>(
    aggregates: Specs,
  ): ResultPipeline<PaneRow<Panes> & Bounded<WindowRow<Row, Key, Specs>, Bound>>;
  /**
   * As {@linkcode WindowedPipeline.reduce}.
   *
   * @throws {TypeError} as that does.
   */
  reduce<Value = Row, const As extends string = "value", Context = unknown>(
    fold: ((a: Value, b: Value, info: AggregateInfo<Context>) => Value) | ModuleReference,
    options?: ReduceOptions<As, Context, Value>,
  ): ResultPipeline<PaneRow<Panes> & Bounded<WindowRow<Row, Key, Reduced<As, Value>>, Bound>>;
}

/** Result rows of windows whose bounds are `Bound`. */
export type Bounded<Row, Bound extends number | null> = number extends Bound ? Row
  : Omit<Row, "windowStart" | "windowEnd"> & { windowStart: Bound; windowEnd: Bound };

/** What a result row says about its pane, where a window gives several results. */
export type PaneRow<Panes extends PaneMode = "accumulating"> =
  & {
    /** How many panes of its window and key came before it. */
    paneIndex: number;
    /** When it came, next to the end of its window. */
    paneTiming: "early" | "onTime" | "late";
    /** How many earlier results it replaces; 0 where panes discard. */
    paneRevision: number;
  }
  & (Panes extends "retracting" ? {
      /**
       * What the row does to those before it: adds a result, takes one back that the next row of
       * the window and key replaces, is that one, or takes one back for good.
       */
      rowKind: "insert" | "updateBefore" | "updateAfter" | "delete";
    }
    : unknown);
