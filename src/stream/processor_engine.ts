import type { RecordBatch } from "../batch/record_batch.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import type { Cancel } from "../runtime/runtime.ts";
import type { Aggregates } from "../windows/aggregates.ts";
import { FLINK_SEMANTICS } from "../windows/window_semantics.ts";
import { PANE_COLUMNS } from "../windows/pane_columns.ts";
import { WatermarkTracker } from "../windows/watermark_tracker.ts";
import { GivenWatermarks } from "./given_watermarks.ts";
import { OpenWindows } from "./open_windows.ts";
import { partsOf, pipelineFrom } from "./pipeline_builder.ts";
import type { PipelinePlan } from "./pipeline_plan.ts";
import type { PipelineMetrics } from "./pipeline_metrics.ts";
import { PipelineRun, type RunSpec } from "./pipeline_run.ts";
import type { ProcessorAggregation } from "./processor_aggregation.ts";
import { columnsOf, KEY, TIME } from "./processor_columns.ts";
import { decodeKey, encodeKey } from "./processor_key.ts";
import type { ProcessorSettings } from "./processor_options.ts";
import type { WindowPane, WindowResult } from "./processor_types.ts";
import { PushedSource } from "./pushed_source.ts";
import type { Source } from "./source.ts";
import { RecordTeller } from "./record_teller.ts";
import type { ResultDesk } from "./result_desk.ts";

/** A row of the pipeline's results. */
interface ResultRow {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly [KEY]: string | null;
  readonly paneIndex: number;
  readonly paneTiming: WindowPane["timing"];
  readonly paneRevision: number;
  readonly rowKind?: WindowPane["rowKind"];
  readonly value: unknown;
}

/** @throws {TypeError} when it could not be told on this side which record closes which window. */
function checkPlan({ ordered }: PipelinePlan): void {
  if (ordered?.operator.kind !== "windows") return;
  const { trigger, revisedFor = 0, semantics } = ordered.operator.windows;
  const { closing, negativeStarts } = { ...FLINK_SEMANTICS, ...semantics };
  if (!trigger && revisedFor === 0 && closing === "reached" && negativeStarts) return;
  throw new TypeError(
    `Cannot create EnhancedStreamProcessor: a window gives one result, when the watermark reaches ` +
      `its end; leave lateData "update" and other rules to a pipeline`,
  );
}

function paneOf({ paneIndex, paneTiming, paneRevision, rowKind }: ResultRow): WindowPane {
  return {
    index: paneIndex,
    timing: paneTiming,
    revision: paneRevision,
    ...(rowKind !== undefined && { rowKind }),
  };
}

/** The rows of a pipeline that is made by hand, whatever they are. */
type Columns = Record<typeof TIME | typeof KEY, unknown>;

/** What an engine works with. */
export interface EngineParts {
  readonly aggregation: ProcessorAggregation;
  readonly desk: ResultDesk<WindowResult>;
}

/** A pipeline into which records are pushed, with what is known of its windows on this side. */
export class ProcessorEngine<In extends object> {
  /** Where results wait for those that asked for them. */
  readonly desk: ResultDesk<WindowResult>;
  readonly #settings: ProcessorSettings<In>;
  readonly #aggregation: ProcessorAggregation;
  readonly #source: PushedSource;
  readonly #run: PipelineRun;
  readonly #tracker: WatermarkTracker;
  readonly #teller: RecordTeller;
  readonly #given: GivenWatermarks;
  readonly #open: OpenWindows;
  readonly #driving: Promise<void>;
  #failure: Error | undefined;
  #isTold = false;
  #late = 0;
  #results = 0;
  /** The last end of a window that was closed, ms. */
  #closed = -Infinity;
  #cancelTick: Cancel | undefined;

  /**
   * Begins to run; bees are born with the first rows.
   *
   * @throws {TypeError} when the aggregates cannot be computed in these windows.
   */
  constructor(settings: ProcessorSettings<In>, parts: EngineParts) {
    const { aggregation, desk } = parts;
    const { watermarks, window, schema, pipeline: { lateData, badRecords, runtime } } = settings;
    const { aggregates, isOfRecords } = aggregation;
    this.desk = desk;
    this.#settings = settings;
    this.#aggregation = aggregation;
    this.#source = new PushedSource({
      names: columnsOf(aggregates),
      keepsWhole: isOfRecords || lateData === "sideOutput" || badRecords === "deadLetter",
      schema,
    });
    this.#tracker = new WatermarkTracker(watermarks, { partitions: 1 });
    this.#teller = new RecordTeller(watermarks, schema);
    this.#given = new GivenWatermarks(watermarks);
    this.#open = new OpenWindows(window);
    this.#run = new PipelineRun(this.#spec(aggregates));
    this.#tracker.elapse({ nowMs: runtime.monotonicMs(), waitedMs: 0 });
    this.#keepTime();
    this.#driving = this.#drive();
  }

  #spec(aggregates: Aggregates): RunSpec {
    const { options, window } = this.#settings;
    const pipeline = pipelineFrom(this.#source as Source<Columns>, options)
      .timestamps(TIME, { watermarks: this.#given })
      .keyBy(KEY).window(window).aggregate(aggregates as Record<string, never>);
    const { source, plan, settings } = partsOf(pipeline);
    checkPlan(plan);
    return { source, plan: { ...plan, feedsOn: true }, settings };
  }

  /** Why it does not go on, if it does not. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Takes a record.
   *
   * @returns the last end of a window with records that it has closed, ms; `undefined`: none.
   * @throws {TypeError} when the record has no time or a value of the wrong type: nothing has
   *   changed then.
   */
  accept(record: In): number | undefined {
    const { timeOf, keyOf } = this.#settings;
    const time = timeOf(record);
    const key = encodeKey(keyOf(record));
    const told = this.#teller.tell(record);
    this.#elapse();
    const before = this.#tracker.watermark;
    this.#guarded(() => this.#source.push({ time, key, record }), TypeError);
    this.#guarded(() => this.#tracker.event(0, time, told));
    const { watermark } = this.#tracker;
    this.#given.give(watermark);
    if (this.#open.add(time, before) === "late") this.#late++;
    return watermark > before ? this.#close(watermark) : undefined;
  }

  /** A call that half changed something cannot be gone on from. */
  #guarded(change: () => void, harmless?: typeof TypeError): void {
    try {
      change();
    } catch (error) {
      if (!harmless || !(error instanceof harmless)) this.#fail(error);
      throw error;
    }
  }

  /** Has the pipeline work off what there is when windows have closed. */
  #close(watermark: number): number | undefined {
    const end = this.#open.close(watermark);
    if (end === undefined) return undefined;
    this.#closed = end;
    this.#source.seal();
    return end;
  }

  /** The clock has gone on, which may move the watermark. */
  #elapse(): void {
    const { runtime } = this.#settings.pipeline;
    const before = this.#tracker.watermark;
    this.#tracker.elapse({ nowMs: runtime.monotonicMs(), waitedMs: 0 });
    if (this.#tracker.watermark > before) this.#raised();
  }

  /** The watermark has moved between two records. */
  #raised(): void {
    const { watermark } = this.#tracker;
    this.#source.seal(watermark);
    this.#close(watermark);
  }

  #keepTime(): void {
    const { watermarks: { interval }, pipeline: { runtime } } = this.#settings;
    if (interval === undefined) return;
    this.#cancelTick = runtime.after(interval, () => {
      if (this.#failure) return;
      try {
        this.#guarded(() => this.#elapse());
        this.#keepTime();
      } catch {
        // Whoever calls next is told.
      }
    }, { background: true });
  }

  /** Closes all windows that are open; gives the end of the last that was ever closed, ms. */
  flush(): number {
    const end = this.#open.lastEnd;
    if (end > this.#tracker.watermark) {
      this.#tracker.advance(end);
      this.#raised();
    }
    return this.#closed;
  }

  /** Resolves when one more record may come. */
  async room(): Promise<void> {
    await this.#source.room(this.#settings.bufferSize);
    if (this.#failure) throw this.tell(this.#failure);
  }

  /** No more records will come: resolves when all is done and the bees have ended. */
  async end(): Promise<void> {
    this.#cancelTick?.();
    this.#source.end();
    await this.#driving;
  }

  /** Somebody is told of a failure, which is given back. */
  tell(error: Error): Error {
    if (error === this.#failure) this.#isTold = true;
    return error;
  }

  /** Throws a failure of which nobody was told. */
  throwIfUntold(): void {
    if (this.#failure && !this.#isTold) throw this.tell(this.#failure);
  }

  async #drive(): Promise<void> {
    try {
      for await (const { batch, watermark } of this.#run.reads()) {
        if (batch) this.#arrived(batch);
        if (watermark !== undefined) this.desk.passed(watermark);
        await this.desk.room();
      }
      this.desk.end();
    } catch (error) {
      this.#fail(error);
    }
    this.#cancelTick?.();
  }

  #fail(cause: unknown): void {
    this.#failure ??= cause instanceof Error
      ? cause
      : new StreamingError(`Cannot go on: ${String(cause)} was thrown`, { cause });
    if (this.desk.fail(this.#failure)) this.#isTold = true;
    this.#source.abandon();
  }

  #arrived(batch: RecordBatch): void {
    const results = this.#resultsOf(batch);
    this.#results += results.length;
    this.desk.add(results);
  }

  #resultsOf(batch: RecordBatch): WindowResult[] {
    const names = Object.keys(this.#aggregation.aggregates);
    const panes = batch.names.includes(PANE_COLUMNS[0]);
    return (batch as unknown as RecordBatch<ResultRow>).toRows().map((row) => {
      return {
        key: decodeKey(row[KEY]),
        windowStart: row.windowStart,
        windowEnd: row.windowEnd,
        value: this.#aggregation.valueOf(
          Object.fromEntries(names.map((name) => [name, row[name as "value"]])),
        ),
        ...(panes && { pane: paneOf(row) }),
      };
    });
  }

  /** What is counted on this side. */
  get counts() {
    return {
      late: this.#late,
      openWindows: this.#open.count,
      results: this.#results,
      watermark: this.#tracker.watermark,
      waiting: this.#source.waiting,
    };
  }

  /** What the pipeline has done. */
  metrics(): PipelineMetrics {
    return this.#run.metrics();
  }
}
