import { columnNames } from "../batch/expressions/node.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { EVENT_TIME } from "../hive/event_times.ts";
import type { OperatorSpec } from "../hive/operator_loader.ts";
import { operatorSchema } from "../hive/operator_schema.ts";
import { OrderedInput, type OrderedSpec, ROW_WATERMARK } from "../hive/ordered_input.ts";
import { makeStep } from "../hive/make_step.ts";
import type { StepSpec } from "../hive/row_steps.ts";
import { RowSteps } from "../hive/row_steps.ts";
import { WindowInput, type WindowSpec } from "../hive/window_input.ts";
import type { WindowsBeside } from "../hive/window_task.ts";
import {
  Aggregate,
  type AggregateSpec,
  columnsOfAggregate,
  type ComputedColumn,
  isComputed,
} from "../windows/aggregate.ts";
import type { Aggregates } from "../windows/aggregates.ts";
import type { CalendarWindow } from "../windows/calendar_window.ts";
import type { CalendarTime } from "../windows/calendar_time.ts";
import { extentOf } from "../windows/plan.ts";
import { tableSchemaOf } from "../windows/table_schema.ts";
import type { WindowAssigner } from "../windows/window_assigner.ts";
import type { RowTeller } from "../windows/watermark_strategy.ts";
import { CALENDAR_BOUNDS, EVEN_TIME } from "./calendar_plan.ts";
import { type LastClosing, lastClosing } from "./jobs/last_closing.ts";
import type { TimestampFormat } from "../hive/event_time.ts";
import type { WatermarkPlan } from "./time_options.ts";
import type { WindowingPlan } from "./window_plan.ts";

/** Where event times come from. */
export interface TimePlan {
  readonly column: string;
  readonly format?: TimestampFormat;
  /** How much the watermark lags behind the greatest time, ms; `Infinity` with `watermarks`. */
  readonly bound: number;
  /** How else watermarks come about. */
  readonly watermarks?: WatermarkPlan;
  /** By how much a source partition may be ahead of others, ms. Default: it does not matter. */
  readonly maxDriftMs?: number;
  /** Whether rows are late by the watermark of their own partition. Default: by that of all. */
  readonly lateBy?: "partition";
  /** Whence they are where no column has them: that of `column` is then made, for windows alone. */
  readonly made?: "results" | "clock";
}

/** Windows over rows in the order of their source. */
export interface OrderedPlan {
  /** Columns that are computed for them. */
  readonly computed: readonly ComputedColumn[];
  /** Columns that they ask for beside the keys. */
  readonly columns: readonly string[];
  /** Whether they ask for all. */
  readonly wholeRows: boolean;
  /** Of calendar windows: whose bounds stand beside the rows. */
  readonly calendar?: CalendarWindow;
  readonly operator: OperatorSpec;
  /** Which windows they are, in words. */
  readonly text: string;
  /** Why the order matters, in words. */
  readonly because: string;
}

/** Windows that share the slices of others, and what is computed of them. */
export interface OtherWindows {
  readonly window: WindowAssigner;
  readonly aggregates: Aggregates;
}

/** Windows with keys and steps of their own, of the same rows and event times as others. */
export type PlanBeside = Pick<PipelinePlan, "steps" | "keys" | "others"> & OtherWindows;

/** What a pipeline does, as it was put together. */
export interface PipelinePlan {
  readonly time?: TimePlan;
  readonly steps: readonly StepSpec[];
  /** Whether other steps go on with the results, and want to know of every watermark. */
  readonly feedsOn?: boolean;
  readonly keys?: readonly string[];
  /** The windows as they were asked for; with the aggregates it is decided how they come about. */
  readonly windowing?: WindowingPlan;
  readonly window?: WindowAssigner;
  /** Of calendar windows: in its even time they are those of `window`. */
  readonly calendar?: CalendarTime;
  readonly aggregates?: Aggregates;
  /** Other windows of the same rows and keys, whose slices they share; not of calendars. */
  readonly others?: readonly OtherWindows[];
  /** Windows that run on the same bees, with keys and steps of their own; no function is in any. */
  readonly beside?: readonly PlanBeside[];
  /** In the place of `window`: what must see rows in order. */
  readonly ordered?: OrderedPlan;
}

/** A plan resolved against the columns of its source. */
export interface ResolvedPlan {
  /** Of the source, event times included. */
  readonly source: Schema;
  /** Of what goes to the bees: only columns that are asked for. */
  readonly schema: Schema;
  /** Their positions in the source's batches. */
  readonly picked: readonly number[];
  readonly steps: readonly StepSpec[];
  /** Absent in a pipeline without windows. */
  readonly window?: WindowSpec;
  /** Windows that run on the same bees, with keys and steps of their own. */
  readonly beside?: readonly WindowsBeside[];
  /** Windows over rows in the order of their source, in the place of `window`. */
  readonly ordered?: OrderedSpec;
  /** When those are gone. */
  readonly lastClosing?: LastClosing;
  /** Of calendar windows. */
  readonly calendar?: CalendarTime;
  /** Tells of the rows of the source's batches; present where watermarks are decided row by row. */
  readonly tellerOf?: (batch: RecordBatch) => RowTeller;
  /** Of what comes out; absent as long as a function's columns have to be learned. */
  readonly resultSchema?: Schema;
}

function windowSpec(plan: PipelinePlan, tellsLate = false): WindowSpec | undefined {
  const { time, keys = [], window, calendar, aggregates, others = [], feedsOn = false } = plan;
  if (!time || !window || !aggregates) return undefined;
  const column = calendar ? EVEN_TIME : time.column;
  const more = others.map(({ window, aggregates }) => ({ window: extentOf(window), aggregates }));
  return {
    time: column,
    keys,
    aggregates,
    ...extentOf(window),
    ...(more.length > 0 && { others: more }),
    bound: time.bound,
    lateAlone: time.lateBy === "partition",
    tellsLate,
    tellsAll: feedsOn,
  };
}

/** What is aggregated, of all windows. */
function aggregatesOf(
  { aggregates = {}, others = [] }: { aggregates?: Aggregates; others?: WindowSpec["others"] },
): AggregateSpec[] {
  return [aggregates, ...others.map(({ aggregates }) => aggregates)].flatMap(Object.values);
}

function orderedSpec(
  { time, keys = [], ordered }: PipelinePlan,
  tellsLate = false,
): OrderedSpec | undefined {
  if (!ordered) return undefined;
  const { columns, wholeRows, calendar, operator } = ordered;
  const beside = calendar ? Object.values(CALENDAR_BOUNDS) : [];
  const asked = { keys, beside, columns, wholeRows };
  const timed = time ? { time: time.column, bound: time.bound } : { bound: 0 };
  return { ...timed, ...asked, tellsLate, operator };
}

/** The steps, and behind them those that make columns for aggregates and windows. */
function stepsOf({ steps, ordered, ...plan }: PipelinePlan): readonly StepSpec[] {
  const computed = [
    ...aggregatesOf(plan).flatMap(({ computed = [] }) => computed),
    ...ordered?.computed ?? [],
  ];
  const columns = new Map(computed.map(({ name, node }) => [name, node]));
  const added = [...columns].map(([name, node]): StepSpec => ({ kind: "withColumn", name, node }));
  return [...steps, ...added];
}

/** The source's columns that a plan asks for; `undefined`: all of them. */
function wantedColumns(plan: PipelinePlan, windows: WindowSpec | OrderedSpec | undefined) {
  const beside = windows && "beside" in windows ? windows.beside : [];
  const names = new Set<string>(windows?.time === undefined ? beside : [windows.time, ...beside]);
  const made = new Set<string>();
  const want = (asked: Iterable<string>) => {
    for (const name of asked) if (!made.has(name)) names.add(name);
  };
  for (const step of stepsOf(plan)) {
    // A function may look at everything.
    if ("fn" in step) return undefined;
    want(columnNames(step.node));
    // What comes behind is made of the selected columns.
    if (step.kind === "select") return names;
    if (step.kind === "withColumn") made.add(step.name);
  }
  if (!windows || ("wholeRows" in windows && windows.wholeRows)) return undefined;
  want(windows.keys);
  want(
    "columns" in windows ? windows.columns : aggregatesOf(windows).flatMap(columnsOfAggregate),
  );
  return names;
}

/** The columns that some aggregates name. */
export function columnsOf(aggregates: Aggregates): string[] {
  return Object.values(aggregates).flatMap(columnsOfAggregate);
}

/** The plan of each of those that run on the same bees. */
function plansIn(plan: PipelinePlan): readonly PipelinePlan[] {
  const { beside = [], others: _, ...common } = plan;
  return [plan, ...beside.map((each) => ({ ...common, ...each }))];
}

/** All windows of a plan, each a kind, in their order. */
export function allWindows(plan: PipelinePlan): readonly WindowAssigner[] {
  return plansIn(plan).flatMap(({ window, others = [] }) =>
    window ? [window, ...others.map(({ window }) => window)] : []
  );
}

/** What all of those that run on the same bees ask for. */
function columnsForAll(plan: PipelinePlan): Set<string> | undefined {
  const all = plansIn(plan).map((each) => wantedColumns(each, windowSpec(each)));
  const known = all.filter((names) => names !== undefined);
  return known.length < all.length ? undefined : new Set(known.flatMap((names) => [...names]));
}

/** The columns that a plan asks its source for; `undefined`: all of them. */
export function askedColumns(plan: PipelinePlan): ReadonlySet<string> | undefined {
  const ordered = orderedSpec(plan);
  const names = ordered ? wantedColumns(plan, ordered) : columnsForAll(plan);
  for (const name of plan.time?.watermarks?.strategy.columns ?? []) names?.add(name);
  if (plan.time) names?.add(plan.time.column);
  return names && new Set([...names].filter((name) => !isComputed(name)));
}

/**
 * Resolves a plan against the columns of its source, event times included.
 *
 * @param options With `whole` all columns go to the bees, so that a record that cannot be used is
 *   known in full; with `tellsLate` too, and they tell which rows are late.
 * @throws {TypeError} when a column is not there or has a type that does not fit its role.
 */
export function resolvePlan(
  plan: PipelinePlan,
  source: Schema,
  options: { whole?: boolean; tellsLate?: boolean } = {},
): ResolvedPlan {
  const steps = stepsOf(plan);
  const { calendar } = plan;
  const aggregates = aggregatesOf(plan);
  const window = windowSpec(plan, options.tellsLate);
  const ordered = orderedSpec(plan, options.tellsLate);
  const windows = window ?? ordered;
  // Checked against all columns first, so that messages list what the user knows.
  const own = withoutComputed(source);
  if (own !== source) new RowSteps(plan.steps, own, { makeStep })[Symbol.dispose]();
  const resultSchema = resultSchemaOf({ window, ordered, steps, aggregates }, source);
  const { watermarks } = plan.time ?? {};
  const { fields } = ordered && watermarks ? withWatermarks(source) : source;
  const asked = () => ordered ? wantedColumns(plan, ordered) : columnsForAll(plan);
  const wanted = options.whole || windows?.tellsLate ? undefined : asked();
  if (ordered && watermarks) wanted?.add(ROW_WATERMARK);
  const picked = fields.flatMap(({ name }, at) => !wanted || wanted.has(name) ? [at] : []);
  const schema = { fields: picked.map((at) => fields[at]) };
  const tellerOf = windows && watermarks?.strategy.teller(source);
  const timing = {
    ...(window && { window }),
    ...(ordered && { ordered, lastClosing: lastClosing(plan.ordered!) }),
    ...(calendar && { calendar }),
    ...(tellerOf && { tellerOf }),
    ...besideOf(plan, source, options.tellsLate),
  };
  return { source: own, schema, picked, steps, ...timing, ...(resultSchema && { resultSchema }) };
}

/** What runs beside the first of some windows. */
function besideOf(plan: PipelinePlan, source: Schema, tellsLate: boolean | undefined) {
  const beside = plansIn(plan).slice(1).map((each): WindowsBeside => {
    const [steps, window, aggregates] = [
      stepsOf(each),
      windowSpec(each, tellsLate)!,
      aggregatesOf(each),
    ];
    resultSchemaOf({ window, ordered: undefined, steps, aggregates }, source);
    return { steps, window };
  });
  return beside.length > 0 ? { beside } : {};
}

/** With watermarks that are decided row by row, behind all other columns. */
function withWatermarks({ fields }: Schema): Schema {
  return { fields: [...fields, { name: ROW_WATERMARK, type: { kind: "f64" }, nullable: false }] };
}

/** Without what was put beside the columns of the user. */
function withoutComputed(schema: Schema): Schema {
  const fields = schema.fields.filter(({ name }) => !isComputed(name));
  return fields.length < schema.fields.length ? { fields } : schema;
}

function resultSchemaOf(
  { window, ordered, steps, aggregates }: {
    window: WindowSpec | undefined;
    ordered: OrderedSpec | undefined;
    steps: readonly StepSpec[];
    aggregates: readonly AggregateSpec[];
  },
  schema: Schema,
): Schema | undefined {
  checkConditions(aggregates, { steps, schema });
  using run = new RowSteps(steps, schema, { makeStep });
  if (!run.isReady) return undefined;
  if (ordered) {
    const input = new OrderedInput(ordered, schema, run);
    const { operator, keys } = ordered;
    const time = ordered.time === undefined ? {} : { time: EVENT_TIME };
    return operatorSchema(operator, { schema: input.schema, ...time, keys });
  }
  if (!window) return run.schema;
  return tableSchemaOf(new WindowInput(window, schema, run).tableOptions);
}

/** Conditions are told by themselves before they are parts of what is computed. */
function checkConditions(
  aggregates: readonly AggregateSpec[],
  { steps, schema }: { steps: readonly StepSpec[]; schema: Schema },
): void {
  const own = steps.filter((step) => !("name" in step && isComputed(step.name)));
  using before = new RowSteps(own, schema, { makeStep });
  if (!before.isReady) return;
  for (const each of aggregates) {
    if (each instanceof Aggregate) each.checkConditions(before.schema);
  }
}
