import "../../hive/operator_loader.ts"; // windows of all kinds may be asked for
import type { RecordBatch } from "../../batch/record_batch.ts";
import { errorOf } from "../../hive/streaming_error.ts";
import type { Cancel } from "../../runtime/runtime.ts";
import type { Aggregates } from "../../windows/aggregates.ts";
import { PANE_COLUMNS } from "../../windows/pane_columns.ts";
import type { TumblingWindow } from "../../windows/tumbling_window.ts";
import { WatermarkTracker } from "../../windows/watermark_tracker.ts";
import { WHOLE_RECORD } from "../bad_inputs.ts";
import { explain } from "../explain.ts";
import { GivenWatermarks } from "./given_watermarks.ts";
import { type ClosingRecord, type ClosingRule, closingRule, type Closings } from "./closings.ts";
import { partsOf, pipelineFrom } from "../pipeline_builder.ts";
import type { PipelineMetrics } from "../pipeline_metrics.ts";
import { PipelineRun } from "../pipeline_run.ts";
import type { RunSpec } from "../run_spec.ts";
import type { ProcessorAggregation } from "./processor_aggregation.ts";
import { columnsOf, columnsOfWindow, KEY, TIME } from "./processor_columns.ts";
import { decodeKey, encodeKey } from "./processor_key.ts";
import type { ProcessorSettings } from "./processor_options.ts";
import type { WindowPane, WindowResult } from "./processor_types.ts";
import { PushedSource } from "./pushed_source.ts";
import type { Source } from "../source.ts";
import { RecordTeller } from "./record_teller.ts";
import type { Claim, ResultDesk } from "./result_desk.ts";

const READS = /^reads .*\n(?: .*\n)*/m;

/** A row of the pipeline's results. */
interface ResultRow {
  readonly windowStart: number | null;
  readonly windowEnd: number | null;
  readonly [KEY]: string | null;
  readonly paneIndex: number;
  readonly paneTiming: WindowPane["timing"];
  readonly paneRevision: number;
  readonly rowKind?: WindowPane["rowKind"];
  readonly value: unknown;
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
  /** The first record, which tells the columns of windows that look at all. */
  readonly first: object;
}

/** A pipeline into which records are pushed, with what is known of its windows on this side. */
export class ProcessorEngine<In extends object> {
  /** Where results wait for those that asked for them. */
  readonly desk: ResultDesk<WindowResult>;
  readonly #settings: ProcessorSettings<In>;
  readonly #aggregation: ProcessorAggregation;
  readonly #source: PushedSource;
  readonly #spec: RunSpec;
  readonly #run: PipelineRun;
  readonly #tracker: WatermarkTracker;
  readonly #teller: RecordTeller;
  readonly #given: GivenWatermarks;
  readonly #closings: Closings;
  /** Whether results are told to calls by the ends of their windows, and not by what set them off. */
  readonly #isByEnd: boolean;
  readonly #driving: Promise<void>;
  #failure: Error | undefined;
  #isTold = false;
  #rows = 0;
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
    const { aggregation, desk, first } = parts;
    const { watermarks, schema, pipeline: { lateOutput, badRecords, runtime } } = settings;
    const { aggregates, isOfRecords } = aggregation;
    this.desk = desk;
    this.#settings = settings;
    this.#aggregation = aggregation;
    this.#source = new PushedSource({
      names: new Set([...columnsOf(aggregates), ...columnsOfWindow(settings.window, first)]),
      keepsWhole: isOfRecords || lateOutput !== undefined || badRecords === "deadLetter",
      schema,
    });
    this.#tracker = new WatermarkTracker(watermarks, { partitions: 1 });
    this.#teller = new RecordTeller(watermarks, schema);
    this.#given = new GivenWatermarks(watermarks);
    const { spec, rule } = this.#plan(aggregates);
    this.#closings = rule.closings;
    this.#isByEnd = rule.isByEnd;
    this.#spec = spec;
    this.#run = new PipelineRun(spec);
    this.#tracker.elapse({ nowMs: runtime.monotonicMs(), waitedMs: 0 });
    this.#keepTime();
    this.#driving = this.#drive();
  }

  #plan(aggregates: Aggregates): { readonly spec: RunSpec; readonly rule: ClosingRule } {
    const { options, window, trigger } = this.#settings;
    const pipeline = pipelineFrom(this.#source as Source<Columns>, options)
      .timestamps(TIME, { watermarks: this.#given })
      .keyBy(KEY).window(window as TumblingWindow);
    const specs = aggregates as Record<string, never>;
    const { source, plan, settings } = partsOf(
      trigger ? pipeline.trigger(trigger).aggregate(specs) : pipeline.aggregate(specs),
    );
    const { operator } = plan.ordered ?? {};
    const rule = closingRule(window, operator?.kind === "windows" ? operator.windows : undefined);
    const onSettled = rule.isByEnd ? undefined : (rows: number) => this.desk.settled(rows);
    const spec = { source, plan: { ...plan, feedsOn: true }, settings };
    return { spec: { ...spec, ...(onSettled && { onSettled }) }, rule };
  }

  /** Why it does not go on, if it does not. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Takes a record.
   *
   * @returns what results are to come of it; `undefined`: none.
   * @throws {TypeError} when the record has no time or a value of the wrong type: nothing has
   *   changed then.
   */
  accept(record: In): Claim | undefined {
    const { timeOf, keyOf } = this.#settings;
    const time = timeOf(record);
    const key = encodeKey(keyOf(record));
    const told = this.#teller.tell(record);
    this.#guarded(() => this.#elapse());
    const before = this.#tracker.watermark;
    this.#guarded(() => this.#source.push({ time, key, record }), TypeError);
    return this.#guarded(() => {
      this.#tracker.event(0, time, told);
      return this.#taken({ time, key, before });
    });
  }

  /** A record is in; tells what is to come of it. */
  #taken({ time, key, before }: ClosingRecord): Claim | undefined {
    const { watermark } = this.#tracker;
    this.#given.give(watermark);
    this.#rows++;
    const setsOff = this.#closings.add({ time, key, before });
    const closes = watermark > before && this.#close(watermark);
    if (setsOff && !closes) this.#source.seal();
    if (!setsOff && !closes) return undefined;
    return this.#isByEnd ? { upTo: this.#closed } : { rows: this.#rows };
  }

  /** A call that half changed something cannot be gone on from. */
  #guarded<T>(change: () => T, harmless?: typeof TypeError): T {
    try {
      return change();
    } catch (error) {
      if (!harmless || !(error instanceof harmless)) this.#fail(error);
      throw error;
    }
  }

  /** Has the pipeline work off what there is when windows may have closed; whether they may. */
  #close(watermark: number): boolean {
    const end = this.#closings.close(watermark);
    if (end === undefined) return false;
    this.#closed = end;
    this.#source.seal();
    return true;
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

  /** Closes all windows of which it is known when they end; gives what is to come of all so far. */
  flush(): Claim {
    return this.#guarded(() => this.#flushed());
  }

  #flushed(): Claim {
    const end = this.#closings.lastEnd;
    if (end > this.#tracker.watermark) {
      this.#tracker.advance(end);
      this.#raised();
    }
    this.#source.seal();
    if (this.#isByEnd) return { upTo: this.#closed };
    return { upTo: this.#tracker.watermark, rows: this.#rows };
  }

  /** Resolves when one more record may come. */
  async room(): Promise<void> {
    await this.#source.room(this.#settings.bufferSize);
    if (this.#failure) throw this.tell(this.#failure);
  }

  /** No more records will come: resolves when all is done and the bees have ended. */
  async end(): Promise<void> {
    this.#cancelTick?.();
    try {
      this.#source.end();
    } catch (error) {
      this.#fail(error);
    }
    await this.#driving;
    this.#closings.close(this.#closings.lastEnd);
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
    this.#failure ??= errorOf(cause);
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
        windowStart: row.windowStart ?? -Infinity,
        windowEnd: row.windowEnd ?? Infinity,
        value: this.#aggregation.valueOf(
          Object.fromEntries(names.map((name) => [name, row[name as "value"]])),
        ),
        ...(panes && { pane: paneOf(row) }),
      };
    });
  }

  /** The pipeline's plan in words; columns that were made for it are called what they are of. */
  explain(): string {
    const { resolved } = this.#run;
    const text = explain({ ...this.#spec, results: [], ...(resolved && { resolved }) });
    const { timeName, keyName } = this.#settings;
    const names = [[TIME, timeName], [KEY, keyName], [WHOLE_RECORD, "the record"]];
    // What is read is whatever is pushed.
    return names.reduce((all, [column, name]) => {
      return all.replaceAll(JSON.stringify(column), name).replaceAll(column, name);
    }, text.replace(READS, ""));
  }

  /** What is counted on this side. */
  get counts() {
    return {
      late: this.#closings.late ?? this.#run.metrics().late,
      openWindows: this.#closings.count,
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
