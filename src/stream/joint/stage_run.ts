import type { RecordBatch } from "../../batch/record_batch.ts";
import type { ResultRun } from "./joinable.ts";
import { noPipelineMetrics, type PipelineMetrics } from "../pipeline_metrics.ts";
import type { ResolvedPlan } from "../pipeline_plan.ts";
import type { ResultAccount } from "../settlement/result_account.ts";
import type { SettledState } from "../settlement/partition_positions.ts";
import { Settling } from "../settlement/settling.ts";
import type { SourceView } from "./shared_source.ts";
import type { SourceBatch, SourceOptions } from "../source.ts";
import { stageOf } from "../stage.ts";
import { Stop } from "../stop.ts";

const ALL_SETTLED: SettledState = { decided: 0, isPast: () => true };

/** What a {@linkcode StageRun} works with. */
interface StageRunOptions extends Pick<SourceOptions, "runtime" | "badRecords" | "signal"> {
  /** How long what could be settled may wait for that, ms. */
  readonly settleIntervalMs: number;
}

/** The run of a pipeline whose results are those that others go on with: they are made once. */
export class StageRun implements ResultRun {
  readonly account: ResultAccount;
  readonly #view: SourceView;
  readonly #reads: AsyncIterator<SourceBatch>;
  readonly #signal: AbortSignal;
  readonly #settling: Settling;
  #rows = 0;
  #isComplete = false;
  #failure: { readonly error: unknown } | undefined;

  /** Reads the results by a view of them, until a stop. */
  constructor(view: SourceView, { settleIntervalMs, ...options }: StageRunOptions) {
    this.#view = view;
    this.#signal = options.signal;
    const settlement = this.#settling = new Settling({
      keepsRows: false,
      runtime: options.runtime,
      intervalMs: settleIntervalMs,
      kinds: 1,
      letters: () => 0,
      deliver: () => Promise.resolve(),
      due: () => this.#lookAtSettled(),
      failed: (error) => this.#fail(error),
    });
    this.account = settlement.account(0);
    // What the steps before cannot use they see to themselves.
    this.#reads = view.open({ ...options, settlement, deadLetter: () => {} })
      [Symbol.asyncIterator]();
  }

  get resolved(): ResolvedPlan | undefined {
    return stageOf(this.#view)?.resolved();
  }

  async *batches(): AsyncGenerator<RecordBatch, void, undefined> {
    using stop = new Stop(this.#signal);
    try {
      while (true) {
        const { done, value } = await stop.or(this.#reads.next());
        if (done) break;
        this.#rows += value.batch?.length ?? 0;
        if (value.restart) {
          this.#settling.markNow([this.#rows], () => ALL_SETTLED);
          await this.#settling.pressed();
          continue;
        }
        this.#settling.read(value, { end: 0, greatest: -Infinity });
        if (value.batch) yield value.batch;
        this.#lookAtSettled();
      }
      if (this.#failure) throw this.#failure.error;
      this.#signal.throwIfAborted();
      this.#isComplete = true;
    } finally {
      if (!this.#isComplete || !this.#settling.isActive) await this.#close();
    }
  }

  #lookAtSettled(): void {
    this.#settling.look([this.#rows], () => ALL_SETTLED);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.leave();
  }

  leave(): void {
    if (this.#isComplete) return;
    this.#settling.close();
    this.#view.leave();
  }

  async finish(): Promise<void> {
    try {
      if (this.#isComplete) await this.#settling.finish([this.#rows]);
    } finally {
      await this.#close();
    }
    if (this.#isComplete && this.#failure) throw this.#failure.error;
  }

  async #close(): Promise<void> {
    this.#settling.close();
    await this.#reads.return?.();
  }

  metrics(): PipelineMetrics {
    return stageOf(this.#view)?.metrics() ?? noPipelineMetrics();
  }
}
