import type { RecordBatch } from "../../batch/record_batch.ts";
import { BatchQueue } from "./batch_queue.ts";
import type { Joinable, ResultRun } from "./joinable.ts";
import type { PipelineMetrics } from "../pipeline_metrics.ts";
import { type PipelinePlan, type ResolvedPlan, resolvePlan } from "../pipeline_plan.ts";
import { RestartingRun } from "../restarting_run.ts";
import type { RunOptions } from "../run_options.ts";
import type { ResultAccount } from "../settlement/result_account.ts";
import type { SourceView } from "./shared_source.ts";

/** Rows of one pipeline that may wait to be taken. */
const MAX_WAITING_ROWS = 65_536;

/** One run for several pipelines, whose windows share slices or stand side by side. */
export class SharedRun {
  /** The run as each of the pipelines sees it. */
  readonly parts: readonly ResultRun[];
  readonly #view: SourceView;
  readonly #run: RestartingRun;
  readonly #queues: readonly BatchQueue[];
  #pumping: Promise<void> | undefined;
  /** Kinds of which nothing more will be told. */
  readonly #finished = new Set<number>();

  /**
   * Opens the source; the run begins when the first of the pipelines takes results.
   *
   * @param plan Of all of them, in their order.
   */
  constructor(
    members: readonly Joinable[],
    { view, plan }: { readonly view: SourceView; readonly plan: PipelinePlan },
    options: RunOptions,
  ) {
    const { settings } = members[0].parts;
    this.#view = view;
    this.#run = new RestartingRun({ source: view, plan, settings }, options);
    this.#queues = members.map(() => new BatchQueue(MAX_WAITING_ROWS));
    this.parts = members.map((member, kind) => new SharedPart(this, member, kind));
  }

  /** The plan of one of the pipelines, once the columns of the source are known. */
  resolved({ parts: { plan } }: Joinable): ResolvedPlan | undefined {
    const { resolved } = this.#run;
    return resolved && resolvePlan(plan, resolved.source);
  }

  /** What has been done so far for one of the pipelines. */
  metrics(kind: number): PipelineMetrics {
    return this.#run.metrics(kind);
  }

  /** The results of one of the pipelines. */
  async *batches(kind: number): AsyncGenerator<RecordBatch, void, undefined> {
    const queue = this.#queues[kind];
    this.#pumping ??= this.#pump();
    try {
      for (let next = await queue.take(); next; next = await queue.take()) yield next;
    } finally {
      this.leave(kind);
      if (this.#queues.every(({ isLeft }) => isLeft)) await this.#pumping;
    }
  }

  async #pump(): Promise<void> {
    let end: { readonly error?: unknown } = {};
    try {
      for await (const { kind, batch } of this.#run.results()) {
        if (batch) await this.#queues[kind].put(batch);
      }
    } catch (error) {
      end = { error };
    }
    for (const queue of this.#queues) queue.end(end);
  }

  /** What is told of the results of one of the pipelines. */
  account(kind: number): ResultAccount {
    return this.#run.accountOf(kind);
  }

  /** Nothing more will be told of one of the pipelines; with the last of them the run ends. */
  async finish(kind: number): Promise<void> {
    this.#finished.add(kind);
    if (this.#finished.size === this.#queues.length) await this.#run.finish();
  }

  /** One of the pipelines wants no more; with the last of them the run ends. */
  leave(kind: number): void {
    this.#queues[kind].leave();
    if (this.#queues.some(({ isLeft }) => !isLeft)) return;
    this.#view.leave();
    this.#run.leave();
  }
}

/** A shared run as one of its pipelines sees it. */
class SharedPart implements ResultRun {
  readonly #shared: SharedRun;
  readonly #member: Joinable;
  readonly #kind: number;

  constructor(shared: SharedRun, member: Joinable, kind: number) {
    this.#shared = shared;
    this.#member = member;
    this.#kind = kind;
  }

  get resolved(): ResolvedPlan | undefined {
    return this.#shared.resolved(this.#member);
  }

  batches(): AsyncGenerator<RecordBatch, void, undefined> {
    return this.#shared.batches(this.#kind);
  }

  get account(): ResultAccount {
    return this.#shared.account(this.#kind);
  }

  finish(): Promise<void> {
    return this.#shared.finish(this.#kind);
  }

  leave(): void {
    this.#shared.leave(this.#kind);
  }

  metrics(): PipelineMetrics {
    return this.#shared.metrics(this.#kind);
  }
}
