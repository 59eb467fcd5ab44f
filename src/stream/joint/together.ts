import type { RecordBatch } from "../../batch/record_batch.ts";
import { canJoin, JOIN, type Joinable } from "./joinable.ts";
import type { PublishingPipeline, RunnablePipeline } from "../runnable_pipeline.ts";
import type { PipelineMetrics } from "../pipeline_metrics.ts";
import type { RunOptions } from "../run_options.ts";
import { JointRun } from "./joint_run.ts";
import { explainJoint } from "./joint_explain.ts";

/** A complete pipeline, with or without a publisher. */
export type TogetherPart =
  | PublishingPipeline
  | Pick<RunnablePipeline<never>, "run" | "metrics" | "explain">;

/** Options of a run of several pipelines. */
export interface TogetherOptions extends Omit<RunOptions, "onProgress"> {
  /** Called with the metrics of all pipelines some ten times a second, and at the end. */
  onProgress?: (metrics: readonly PipelineMetrics[]) => void;
}

/** The metrics of each pipeline, in the order in which they were passed. */
export type MetricsOf<Parts extends readonly unknown[]> = {
  readonly [At in keyof Parts]: PipelineMetrics;
};

/** The results of each pipeline, in the order in which they were passed. */
export type BatchesOf<Parts extends readonly unknown[]> = {
  readonly [At in keyof Parts]: Parts[At] extends RunnablePipeline<infer Row>
    ? AsyncGenerator<RecordBatch<Row>, void, undefined>
    : never;
};

/** Pipelines that run together; each time from the start. */
export interface Together<Parts extends readonly unknown[]> {
  /**
   * Runs all to the end of the source, at the pace of the slowest: to their publishers, or what
   * comes out is counted and dropped.
   *
   * @throws the first failure of any; by then all have ended and everything is released.
   */
  run(options?: TogetherOptions): Promise<MetricsOf<Parts>>;
  /**
   * The results of each as batches. They are to be read at the same time: of one that is not read
   * only a few batches are kept, then the others wait for it. Who leaves a loop early no longer
   * holds up the others.
   *
   * @throws {TypeError} when one has a publisher.
   */
  batches(options?: TogetherOptions): BatchesOf<Parts>;
  /** What the last run of each has done, or does; all zero before the first. */
  metrics(): MetricsOf<Parts>;
  /**
   * The plans in words, one after the other, and what they have in common.
   *
   * @throws {TypeError} when columns are known and a plan does not fit them.
   */
  explain(): string;
}

/**
 * Runs several pipelines together, so that what they have in common is done once: those that begin
 * with the same `from()` read their source once, windows of the same rows and keys share slices, and
 * results that others go on with are made once. Each gives what it gives alone, and has metrics of
 * its own.
 *
 * @throws {TypeError} when there are none, one is passed twice, or is not complete.
 *
 * @example
 * ```ts
 * import { col, count, from, MemoryPublisher, together, TumblingWindow } from "@waggle/stream";
 *
 * const requests = [
 *   { at: 0, path: "/", status: 200 },
 *   { at: 1_000, path: "/x", status: 500 },
 * ];
 * const [errors, rest] = from(requests, { workers: 1 }).split(col("status").ge(500));
 * const minutes = rest.timestamps("at", { format: "ms" }).keyBy("path")
 *   .window(new TumblingWindow({ size: "1m" })).aggregate({ n: count() });
 * const [failed, counted] = [new MemoryPublisher(), new MemoryPublisher()];
 * await together(errors.to(failed), minutes.to(counted)).run(); // requests are read once
 * ```
 */
export function together<const Parts extends readonly TogetherPart[]>(
  ...parts: Parts
): Together<Parts> {
  const given: readonly unknown[] = parts;
  const members = given.map(memberOf);
  if (members.length === 0) {
    throw new TypeError("Cannot run pipelines together: pass at least one to together()");
  }
  if (new Set(given).size < given.length) {
    throw new TypeError("Cannot run pipelines together: one was passed to together() twice");
  }
  const joint: unknown = {
    run: async (options: TogetherOptions = {}) =>
      await new JointRun(members.map((join) => join()), options).drain(),
    batches: (options: TogetherOptions = {}) => batchesOf(members.map((join) => join()), options),
    metrics: () => parts.map((part) => part.metrics()),
    explain: () => explainJoint(members.map((join) => join())),
  };
  return joint as Together<Parts>;
}

function memberOf(part: unknown): () => Joinable {
  if (canJoin(part)) {
    part[JOIN]();
    return () => part[JOIN]();
  }
  throw new TypeError(
    `Cannot run pipelines together: together() takes pipelines, with or without a publisher, ` +
      `received ${part === null ? "null" : typeof part}`,
  );
}

function batchesOf(members: readonly Joinable[], options: TogetherOptions) {
  for (const { parts: { publisher } } of members) {
    if (!publisher) continue;
    throw new TypeError(
      "Cannot give batches: a pipeline has a publisher, to which its results go; leave to() out, " +
        "or call run()",
    );
  }
  return new JointRun(members, options).batches();
}
