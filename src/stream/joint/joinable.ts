import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Explained } from "../explained.ts";
import type { PipelineMetrics } from "../pipeline_metrics.ts";
import type { RunOptions } from "../run_options.ts";
import type { ResolvedPlan } from "../pipeline_plan.ts";
import type { AcknowledgedRun } from "../settlement/result_account.ts";

/** A run as those see it who take its results. */
export interface ResultRun extends AcknowledgedRun {
  /** The plan, once the columns of the source are known. */
  readonly resolved: ResolvedPlan | undefined;
  /** The results, in order; ends with the source. May be called once. */
  batches(): AsyncGenerator<RecordBatch, void, undefined>;
  /** Nobody wants more: a wait for the next batch ends, and fails. */
  leave(): void;
  /** What has been done so far. */
  metrics(): PipelineMetrics;
}

/** A complete pipeline, to be run together with others. */
export interface Joinable {
  /** What it is made of; with its publisher, if it has one. */
  readonly parts: Explained;
  /** Takes the results of a run, after what is done to them. */
  batches(run: ResultRun, options: RunOptions): AsyncGenerator<RecordBatch, void, undefined>;
  /** Takes all results of a run: to the publisher, or they are counted and dropped. */
  drain(run: ResultRun, options: RunOptions): Promise<void>;
}

/** Gives the {@linkcode Joinable} of a pipeline; for the name of no method that users see. */
export const JOIN: unique symbol = Symbol("join");

/** What can be run together with others. */
export interface CanJoin {
  /** @throws {TypeError} when the pipeline is not complete. */
  [JOIN](): Joinable;
}

/** Whether something can be run together with others. */
export function canJoin(value: unknown): value is CanJoin {
  return Object(value) === value && JOIN in (value as object);
}
