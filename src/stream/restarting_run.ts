import type { RecordBatch } from "../batch/record_batch.ts";
import type { ResultRun } from "./joint/joinable.ts";
import { type PipelineMetrics, withEarlier } from "./pipeline_metrics.ts";
import type { ResolvedPlan } from "./pipeline_plan.ts";
import { PipelineRun } from "./pipeline_run.ts";
import { checkRunOptions, type RunOptions } from "./run_options.ts";
import type { KindRead, RunSpec } from "./run_spec.ts";
import { ReopenedSource } from "./settlement/reopened_source.ts";
import type { ResultAccount } from "./settlement/result_account.ts";
import { SourceRestart } from "./settlement/source_restart.ts";
import type { SourceBatch } from "./source.ts";
import { metricsWith } from "./stage.ts";

/**
 * A run of a pipeline that goes on when its source begins anew: then all that is open is dropped,
 * and another run reads on, whose results go where those before went.
 */
export class RestartingRun implements ResultRun {
  readonly account: ResultAccount;
  readonly #spec: RunSpec;
  readonly #options: RunOptions;
  readonly #source: ReopenedSource;
  readonly #awaited: { readonly kind: number; readonly listener: () => void | Promise<void> }[] =
    [];
  #run: PipelineRun;
  /** Of the runs before, by kinds of windows. */
  #before: PipelineMetrics[] = [];
  #restarts = 0;
  #rows = 0;
  #isLeft = false;

  /** Opens the source. */
  constructor(spec: RunSpec, options: RunOptions = {}) {
    checkRunOptions(options);
    const { onProgress } = options;
    this.#source = new ReopenedSource(spec.source);
    this.#spec = { ...spec, source: this.#source };
    this.#options = onProgress
      ? { ...options, onProgress: () => onProgress(this.metrics()) }
      : options;
    this.#run = new PipelineRun(this.#spec, this.#options);
    this.account = this.accountOf(0);
  }

  get resolved(): ResolvedPlan | undefined {
    return this.#run.resolved;
  }

  /** What is told of the results of a kind of windows, those of earlier runs first. */
  accountOf(kind: number): ResultAccount {
    const now = () => this.#run.accountOf(kind);
    const before = () => this.#before[kind]?.rowsOut ?? 0;
    return {
      get isKept() {
        return now().isKept;
      },
      acknowledge: (rows) => now().acknowledge(Math.max(0, rows - before())),
      isAwaited: (rows) => now().isAwaited(rows - before()),
      onAwaited: (listener) => {
        this.#awaited.push({ kind, listener });
        now().onAwaited(listener);
      },
      refuse: (error) => now().refuse(error),
    };
  }

  /** The results, in order; ends with the source. May be called once. */
  async *batches(): AsyncGenerator<RecordBatch, void, undefined> {
    for await (const { batch } of this.results()) if (batch) yield batch;
  }

  /**
   * The results with, where others go on with them, the watermark up to which they have left. Where
   * it matters which are settled, positions are rows, and that of the end stands behind all.
   */
  async *reads(): AsyncGenerator<SourceBatch, void, undefined> {
    for await (const { kind: _, ...read } of this.results()) {
      this.#rows += read.batch?.length ?? 0;
      const { partitions: _count, ...rest } = read;
      yield this.account.isKept ? { ...rest, position: this.#rows } : rest;
    }
    if (this.account.isKept) yield { position: this.#rows + 1 };
  }

  /** What {@linkcode RestartingRun.reads} gave before a position is settled. */
  settledBefore(position: number): void | Promise<void> {
    this.account.acknowledge(position);
    if (position > this.#rows) return this.finish();
  }

  /** The same, telling of which of several kinds of windows they are, each kind in order. */
  async *results(): AsyncGenerator<KindRead, void, undefined> {
    while (true) {
      try {
        return yield* this.#run.results();
      } catch (error) {
        if (!(error instanceof SourceRestart)) throw error;
        this.#restart();
      }
    }
  }

  #restart(): void {
    this.#restarts++;
    // What was dropped before it was dealt with will come again.
    this.#before = this.#summed().map(({ recordsIn, inFlight, ...rest }) => {
      return { ...rest, recordsIn: recordsIn - inFlight, inFlight: 0 };
    });
    this.#run = new PipelineRun(this.#spec, this.#options);
    for (const { kind, listener } of this.#awaited) this.#run.accountOf(kind).onAwaited(listener);
    if (this.#isLeft) this.#run.leave();
  }

  finish(): Promise<void> {
    return this.#run.finish();
  }

  /** Nobody wants more: a wait for the next batch ends, and fails. */
  leave(): void {
    this.#isLeft = true;
    this.#run.leave();
  }

  /** What has been done so far, for one of the kinds of windows. */
  metrics(kind = 0): PipelineMetrics {
    const own = this.#restarts === 0 ? this.#run.ownMetrics(kind) : this.#summed()[kind];
    return metricsWith(this.#source, { ...own, restarts: this.#restarts });
  }

  /** Of all runs together, by kinds of windows. */
  #summed(): PipelineMetrics[] {
    return Array.from({ length: this.#run.kinds }, (_, kind) => {
      const own = this.#run.ownMetrics(kind);
      const before = this.#before[kind];
      return before ? withEarlier(before, own) : own;
    });
  }
}
