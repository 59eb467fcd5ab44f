import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { Duration } from "../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import type { LateRow } from "../stream/late_output.ts";
import type { RunnablePipeline } from "../stream/runnable_pipeline.ts";
import { partsOf } from "../stream/pipeline_builder.ts";
import type { PipelineMetrics } from "../stream/pipeline_metrics.ts";
import { askedColumns } from "../stream/pipeline_plan.ts";
import type { ResultStep } from "../stream/result_steps.ts";
import { DrivenStages, partsInOrder } from "./driven_stages.ts";
import { RowBatcher } from "./row_batcher.ts";
import { TestClock } from "./test_clock.ts";
import { TestRuntime } from "./test_runtime.ts";

/** Options of a {@linkcode PipelineDriver}. */
export interface PipelineDriverOptions {
  /** The columns of the rows to come. Default: those of the source, else of the first rows. */
  schema?: Schema;
  /** The clock of the pipeline. Default: one of its own. */
  clock?: TestClock;
}

const OPTIONS: OptionRule<PipelineDriverOptions> = {
  doing: "drive pipeline",
  names: { schema: true, clock: true },
  example: "{ clock: new TestClock() }",
};

/** Where piped rows come from. */
export interface PipeOptions {
  /** The source partition that they come from. Default 0. */
  partition?: number;
}

const PIPE_OPTIONS: OptionRule<PipeOptions> = {
  doing: "pipe rows",
  names: { partition: true },
  example: "{ partition: 1 }",
};

/**
 * Drives a pipeline step by step in one thread, without workers and without waiting: when a call
 * returns, all that it set off has happened. The plan, and what the bees do, are those of a run.
 *
 * Rows come from {@linkcode PipelineDriver.pipe}; the pipeline's own source is not opened, and says
 * only how many partitions there are, and which columns if it knows. Results, late rows and metrics
 * are those of one run.
 *
 * @example
 * ```ts
 * import { count, from, TumblingWindow } from "@waggle/stream";
 * import { PipelineDriver } from "@waggle/stream/testing";
 *
 * const perSecond = from([{ at: 0 }]).timestamps("at")
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({ n: count() });
 * const driver = new PipelineDriver(perSecond);
 * driver.pipe([{ at: 100 }, { at: 900 }]);
 * console.log(driver.results()); // []
 * driver.pipe([{ at: 1_000 }]);
 * console.log(driver.results()); // [{ windowStart: 0, windowEnd: 1000, n: 2 }]
 * driver.end();
 * console.log(driver.results()); // [{ windowStart: 1000, windowEnd: 2000, n: 1 }]
 * ```
 */
export class PipelineDriver<Row> {
  /** The clock of the pipeline; see {@linkcode PipelineDriver.advanceTime}. */
  readonly clock: TestClock;
  readonly #runtime: TestRuntime;
  readonly #stages: DrivenStages;
  readonly #steps: readonly ResultStep[];
  readonly #batcher: RowBatcher;
  #results: RecordBatch[] = [];
  #late: LateRow[] = [];
  #hasEnded = false;

  /**
   * A driver of a pipeline before its first row.
   *
   * @throws {TypeError} when it is no complete pipeline, ends in `to()`, or an option is none that
   *   it can be.
   */
  constructor(pipeline: RunnablePipeline<Row>, options: PipelineDriverOptions = {}) {
    const { results, ...given } = partsOf(pipeline);
    const parts = partsInOrder({ ...given, results });
    const [{ source, plan }] = parts;
    const { schema = source.schema, clock = new TestClock() } = knownOptions(
      options,
      OPTIONS,
    );
    if (!(clock instanceof TestClock)) {
      throw new TypeError(
        `Cannot drive pipeline: clock must be a TestClock, received ${received(clock)}`,
      );
    }
    this.clock = clock;
    this.#runtime = new TestRuntime(clock);
    this.#steps = results;
    this.#batcher = new RowBatcher("pipe rows", { schema, columns: askedColumns(plan) });
    const runtime = this.#runtime;
    const late = (row: LateRow) => void this.#late.push(row);
    this.#stages = new DrivenStages(parts, { schema, runtime, late });
    runtime.passed = () => this.#settle();
  }

  /**
   * Takes rows in, in their order: objects, or a batch.
   *
   * @throws {TypeError} when a row does not fit the columns.
   * @throws {RangeError} when there is no such partition.
   * @throws the failure of the pipeline, now and whenever it is driven on.
   */
  pipe(rows: Iterable<object> | RecordBatch, options: PipeOptions = {}): void {
    const { partition = 0 } = knownOptions(options, PIPE_OPTIONS);
    this.#expectOpen("pipe rows");
    this.#stages.offer({ batch: this.#batcher.batch(rows), partition });
    this.#settle();
  }

  /**
   * Raises the watermark, of all partitions, to a time in milliseconds; one that is not higher than
   * it is changes nothing. Rows go on to raise it as they do.
   *
   * @throws {TypeError} when the pipeline has no event times.
   * @throws {RangeError} when that is no time.
   */
  advanceWatermark(watermark: number): void {
    this.#expectOpen("advance the watermark");
    if (!this.#stages.isTimed) {
      throw new TypeError(
        `Cannot advance the watermark: the pipeline has no event times; call timestamps()`,
      );
    }
    if (!Number.isFinite(watermark)) {
      throw new RangeError(
        `Cannot advance the watermark: it is milliseconds since 1970, received ` +
          `${received(watermark)}; for the end of all rows call end()`,
      );
    }
    this.#stages.advance(watermark);
    this.#settle();
  }

  /**
   * Lets time pass: what goes by the clock happens.
   *
   * @throws {TypeError | RangeError} when that is no duration.
   */
  advanceTime(by: Duration): void {
    this.clock.advance(by);
    this.#settle();
  }

  /** Nothing more comes of a partition: it holds the watermark back no longer. */
  endPartition(partition: number): void {
    this.#expectOpen("end a partition");
    this.#stages.offer({ partition, ended: true });
    this.#settle();
  }

  /** Nothing more comes at all: all windows close. */
  end(): void {
    this.#expectOpen("end");
    this.#hasEnded = true;
    this.#stages.end();
    this.#settle();
  }

  /** The result rows since the last call, in their order. */
  results(): Row[] {
    this.#settle();
    return this.batches().flatMap((batch) => batch.toRows());
  }

  /** As {@linkcode PipelineDriver.results}, as batches. */
  batches(): RecordBatch<Row>[] {
    this.#settle();
    const batches = this.#results;
    this.#results = [];
    return batches as unknown as RecordBatch<Row>[];
  }

  /** The late rows since the last call, in their order, whatever `lateData` says. */
  late(): LateRow[] {
    this.#settle();
    const late = this.#late;
    this.#late = [];
    return late;
  }

  /** What has been done so far. */
  metrics(): PipelineMetrics {
    return this.#stages.metrics();
  }

  /**
   * Resolves when functions of the user that have to be imported are there, and all that waited for
   * them is done; of asynchronous ones when none of their promises is pending. Only pipelines with
   * functions need it, after their first rows, and with asynchronous ones after all rows.
   */
  async ready(): Promise<void> {
    this.#settle();
    await this.#runtime.born();
    this.#settle();
    while (await this.#runtime.settled()) this.#settle();
  }

  #expectOpen(doing: string): void {
    if (!this.#hasEnded) return;
    throw new TypeError(`Cannot ${doing}: the driver has ended; make a new one`);
  }

  #settle(): void {
    for (const batch of this.#stages.settle()) {
      for (const { see } of this.#steps) void see?.(batch);
      this.#results.push(batch);
    }
  }
}
