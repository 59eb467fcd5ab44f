import { struct } from "../batch/expressions/builders.ts";
import { type Expr, isExpression, toExpr } from "../batch/expressions/expr.ts";
import type { Operand } from "../batch/expressions/expr_types.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { Aggregates } from "../windows/aggregates.ts";
import { received } from "../runtime/known_options.ts";
import { checkAggregates } from "./aggregate_check.ts";
import { checkStage, COMPLETE, type Stage } from "./call_order.ts";
import { checkPublisher } from "./check_publisher.ts";
import { checkDelivery } from "./delivery_guarantee.ts";
import { drained, runAlone, stopSignal } from "./drained.ts";
import { explain } from "./explain.ts";
import type { Explained } from "./explained.ts";
import { type FunctionOptions, functionStep, type MapOptions } from "./function_step.ts";
import { type CanJoin, JOIN, type Joinable, type ResultRun } from "./joint/joinable.ts";
import type { Pipeline } from "./pipeline.ts";
import type { PublishingPipeline, RunnablePipeline } from "./runnable_pipeline.ts";
import type { TimestampOptions } from "./timestamp_options.ts";
import { isMade } from "./made_column.ts";
import { CLOCK_TIMES, RESULT_TIMES } from "./made_time.ts";
import { noPipelineMetrics, type PipelineMetrics } from "./pipeline_metrics.ts";
import {
  type PipelineOptions,
  type PipelineSettings,
  pipelineSettings,
} from "./pipeline_options.ts";
import type { PipelinePlan } from "./pipeline_plan.ts";
import { RestartingRun } from "./restarting_run.ts";
import type { RunOptions } from "./run_options.ts";
import { type ReduceOptions, reducing } from "./reduce_step.ts";
import type { Publisher } from "./publisher.ts";
import {
  type BatchOptions,
  regrouping,
  type ResultStep,
  steppedResults,
  tapping,
} from "./result_steps.ts";
import { acknowledged } from "./settlement/acknowledged.ts";
import { hasPartitions, partitionsText, type Source } from "./source.ts";
import { bothSides, namedConditions } from "./split.ts";
import { StageSource } from "./stage_source.ts";
import { type Unitable, united } from "./union.ts";
import { timePlan } from "./time_options.ts";
import { type TriggerOptions, triggerSpec } from "./trigger_options.ts";
import { type AnyWindow, checkWindow, windowedPlan } from "./window_plan.ts";

/** What a pipeline is made of. */
export interface Parts extends Unitable {
  readonly settings: PipelineSettings;
  readonly stage: Stage;
  /** What is done to result batches, in order. */
  readonly results: readonly ResultStep[];
}

type AnyRow = Record<string, unknown>;

/** Every stage of a pipeline in one: the interfaces say at compile time what comes when. */
class PipelineBuilder implements RunnablePipeline<AnyRow>, CanJoin {
  readonly #parts: Parts;
  #run: ResultRun | undefined;
  #onResults: PipelineBuilder | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What a complete pipeline is made of. */
  static partsOf(pipeline: unknown): Parts {
    if (Object(pipeline) !== pipeline || !(#parts in (pipeline as object))) {
      throw new TypeError(
        `Cannot drive pipeline: pass what from() and the steps behind it give, without to(), ` +
          `received ${received(pipeline)}`,
      );
    }
    const builder = pipeline as PipelineBuilder;
    checkStage(builder.#parts.stage, COMPLETE, "drive pipeline yet");
    return builder.#parts;
  }

  timestamps(column: string, options: TimestampOptions = {}): PipelineBuilder {
    this.#expect("timestamps", "rows");
    const time = { column: checkName("take event times from", column), ...timePlan(options) };
    const { plan: { steps }, source } = this.#parts;
    if (!isMade(column, steps)) return this.#with("timed", { time });
    if (!hasPartitions(source)) return this.#onward({ time });
    throw new TypeError(
      `Cannot take event times from column ${JSON.stringify(column)}: it is made by a step, and ` +
        `${source.name} has ${partitionsText(source)}, whose order is lost behind steps; call ` +
        `timestamps() before them`,
    );
  }

  processingTime(): PipelineBuilder {
    this.#expect("processingTime", "rows");
    return this.#with("timed", { time: CLOCK_TIMES });
  }

  union(...others: PipelineBuilder[]): PipelineBuilder {
    this.#expect("union", "rows", "timed");
    const all = others.map((other) => {
      if (Object(other) === other && #parts in other) return other.#parts;
      throw new TypeError(
        `Cannot unite pipelines: union() takes what from() gives, received ` +
          (other === null ? "null" : typeof other),
      );
    });
    return new PipelineBuilder({ ...this.#parts, source: united(this.#parts, all) });
  }

  filter(condition: unknown, options: FunctionOptions = {}): PipelineBuilder {
    this.#expect("filter", "rows", "timed", "aggregated");
    if (!isExpression(condition)) return this.#function("filterBy", condition, options);
    checkNoOptions("filter", options);
    return this.#step({ kind: "filter", node: condition.node });
  }

  split(given: unknown): readonly PipelineBuilder[] | Record<string, PipelineBuilder> {
    this.#expect("split", "rows", "timed", "aggregated");
    const part = ({ node }: Expr) => this.#step({ kind: "filter", node });
    if (isExpression(given)) return bothSides(given).map(part);
    const named = namedConditions(given).map(([name, condition]) => [name, part(condition)]);
    return Object.fromEntries(named);
  }

  map(fn: unknown, options: MapOptions = {}): PipelineBuilder {
    this.#expect("map", "rows", "timed", "aggregated");
    if (!isExpression(fn)) return this.#function("map", fn, options);
    checkNoOptions("map", options);
    return this.#step({ kind: "select", node: fn.node });
  }

  flatMap(fn: unknown, options: MapOptions = {}): PipelineBuilder {
    this.#expect("flatMap", "rows", "timed", "aggregated");
    return this.#function("flatMap", fn, options);
  }

  select(columns: Readonly<Record<string, Operand>>): PipelineBuilder {
    this.#expect("select", "rows", "timed", "aggregated");
    if (typeof columns !== "object" || columns === null || isExpression(columns)) {
      throw new TypeError(
        `Cannot select: pass columns by their names, such as { total: col("price") }, received ` +
          received(columns),
      );
    }
    return this.#step({ kind: "select", node: struct(columns).node });
  }

  withColumn(name: string, value: Operand): PipelineBuilder {
    this.#expect("withColumn", "rows", "timed", "aggregated");
    const column = checkName("add", name).toWellFormed();
    return this.#step({ kind: "withColumn", name: column, node: toExpr(value).node });
  }

  /** What goes on with the results so far, on bees of its own. */
  #onward(plan: Partial<PipelinePlan>): PipelineBuilder {
    const { plan: before } = this.#parts;
    const source = new StageSource({ ...this.#parts, plan: { ...before, feedsOn: true } });
    return new PipelineBuilder({
      ...this.#parts,
      source,
      plan: { steps: [], ...plan },
      stage: "timed",
    });
  }

  /** What comes behind aggregates is of their results. */
  #rows(): PipelineBuilder {
    if (this.#parts.stage !== "aggregated") return this;
    // Once: what is built on the same results can share them.
    return this.#onResults ??= this.#onward({ time: RESULT_TIMES });
  }

  #function(
    kind: Parameters<typeof functionStep>[0],
    fn: unknown,
    options: MapOptions,
  ): PipelineBuilder {
    const { recordTimeoutMs: timeoutMs } = this.#parts.settings;
    return this.#step(functionStep(kind, fn, { options, timeoutMs }));
  }

  #step(step: PipelinePlan["steps"][number]): PipelineBuilder {
    const rows = this.#rows();
    if (rows !== this) return rows.#step(step);
    const { plan, stage } = this.#parts;
    return this.#with(stage, { steps: [...plan.steps, step] });
  }

  keyBy(...columns: string[]): PipelineBuilder {
    this.#expect("keyBy", "rows", "timed", "aggregated");
    if (columns.length === 0) {
      throw new TypeError(
        "Cannot key by nothing: name a column, or leave keyBy() out for one group a window",
      );
    }
    const keys = columns.map((column) => checkName("key by", column));
    return this.#rows().#with("keyed", { keys });
  }

  window(assigner: AnyWindow): PipelineBuilder {
    this.#expect("window", "rows", "timed", "keyed", "aggregated");
    const rows = this.#rows();
    if (rows !== this) return rows.window(assigner);
    checkWindow(assigner, this.#parts.plan.time);
    return this.#with("windowed", { windowing: { assigner } });
  }

  trigger(options: TriggerOptions): PipelineBuilder {
    this.#expect("trigger", "windowed");
    const { windowing } = this.#parts.plan;
    return this.#with("triggered", { windowing: { ...windowing!, trigger: triggerSpec(options) } });
  }

  aggregate(aggregates: Aggregates): PipelineBuilder {
    this.#expect("aggregate", "windowed", "triggered");
    checkAggregates(aggregates);
    const { plan, settings } = this.#parts;
    return this.#with("aggregated", windowedPlan(plan, { ...aggregates }, settings));
  }

  reduce(fold: unknown, options: ReduceOptions<string> = {}): PipelineBuilder {
    this.#expect("reduce", "windowed", "triggered");
    return this.aggregate(reducing(fold, options));
  }

  tap(callback: (batch: RecordBatch) => void | Promise<void>): PipelineBuilder {
    this.#expect("tap", ...COMPLETE);
    return this.#result(tapping(callback));
  }

  batch(options: BatchOptions): PipelineBuilder {
    this.#expect("batch", ...COMPLETE);
    return this.#result(regrouping(options));
  }

  #result(step: ResultStep): PipelineBuilder {
    const results = [...this.#parts.results, step];
    return new PipelineBuilder({ ...this.#parts, stage: "results", results });
  }

  async *batches(options: RunOptions = {}): AsyncGenerator<RecordBatch, void, undefined> {
    this.#expect("batches", ...COMPLETE);
    const run = new RestartingRun(this.#parts, options);
    yield* acknowledged(this.#stepped(run, options), run);
  }

  /** The results of a run after what is done to them. */
  #stepped(run: ResultRun, options: RunOptions): AsyncGenerator<RecordBatch, void, undefined> {
    this.#run = run;
    const { results, settings: { runtime } } = this.#parts;
    return steppedResults(run, results, { runtime, signal: stopSignal(options) });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AnyRow, void, undefined> {
    checkStage(this.#parts.stage, COMPLETE, "iterate yet");
    // row by row: a batch that is handed on whole has more promises for each of its rows
    for await (const batch of this.batches()) for (const row of batch) yield row;
  }

  run(options: RunOptions = {}): Promise<PipelineMetrics> {
    return runAlone(this, options);
  }

  to(publisher: Publisher): PublishingPipeline & CanJoin {
    this.#expect("to", ...COMPLETE);
    checkPublisher(publisher, "publish", "to()");
    checkDelivery(publisher, this.#parts.settings.deliveryGuarantee);
    const joined = { [JOIN]: () => this.#joinable(publisher) };
    return {
      ...joined,
      run: (options: RunOptions = {}) => runAlone(joined, options),
      metrics: () => this.metrics(),
      explain: () => explain(this.#explained(publisher)),
    };
  }

  explain(): string {
    return explain(this.#explained());
  }

  #explained(publisher?: Publisher): Explained {
    const resolved = this.#run?.resolved;
    return { ...this.#parts, ...(resolved && { resolved }), ...(publisher && { publisher }) };
  }

  [JOIN](): Joinable {
    return this.#joinable();
  }

  #joinable(publisher?: Publisher): Joinable {
    this.#expect("run", ...COMPLETE);
    const batches = (run: ResultRun, options: RunOptions) => this.#stepped(run, options);
    return {
      parts: this.#explained(publisher),
      batches,
      drain: (run, options) => drained(batches(run, options), { run, publisher, options }),
    };
  }

  metrics(): PipelineMetrics {
    return this.#run?.metrics() ?? noPipelineMetrics();
  }

  #with(stage: Stage, more: Partial<PipelinePlan>): PipelineBuilder {
    const { plan } = this.#parts;
    return new PipelineBuilder({ ...this.#parts, stage, plan: { ...plan, ...more } });
  }

  #expect(name: string, ...stages: readonly Stage[]): void {
    checkStage(this.#parts.stage, stages, `call ${name}() here`);
  }
}

/** An expression has its constants in it, and tells its columns. */
function checkNoOptions(name: string, options: object): void {
  const [given] = Object.keys(options);
  if (given === undefined) return;
  throw new TypeError(
    `Cannot ${name}: options are for functions, received the option ${
      JSON.stringify(given)
    } with ` +
      `an expression; write constants with lit()`,
  );
}

function checkName(purpose: string, column: unknown): string {
  if (typeof column === "string") return column;
  throw new TypeError(
    `Cannot ${purpose} a column: it is named by a string, received ${received(column)}`,
  );
}

/**
 * A pipeline that reads a source.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function pipelineFrom<Row>(source: Source<Row>, options: PipelineOptions): Pipeline<Row> {
  const settings = pipelineSettings(options);
  const parts: Parts = {
    source: source as Source,
    settings,
    plan: { steps: [] },
    stage: "rows",
    results: [],
    options,
  };
  const builder: unknown = new PipelineBuilder(parts);
  return builder as Pipeline<Row>;
}

/**
 * What a complete pipeline is made of.
 *
 * @throws {TypeError} when it is none, or not complete.
 */
export function partsOf(pipeline: unknown): Parts {
  return PipelineBuilder.partsOf(pipeline);
}
