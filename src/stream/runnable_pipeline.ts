import type { RecordBatch } from "../batch/record_batch.ts";
import type { PipelineMetrics } from "./pipeline_metrics.ts";
import type { RunOptions } from "./run_options.ts";
import type { Publisher } from "./publisher.ts";
import type { BatchOptions } from "./result_steps.ts";

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
