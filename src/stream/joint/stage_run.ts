import type { RecordBatch } from "../../batch/record_batch.ts";
import type { ResultRun } from "./joinable.ts";
import { noPipelineMetrics, type PipelineMetrics } from "../pipeline_metrics.ts";
import type { ResolvedPlan } from "../pipeline_plan.ts";
import type { SourceView } from "./shared_source.ts";
import type { SourceOptions } from "../source.ts";
import { stageOf } from "../stage.ts";
import { Stop } from "../stop.ts";

/** The run of a pipeline whose results are those that others go on with: they are made once. */
export class StageRun implements ResultRun {
  readonly #view: SourceView;
  readonly #batches: AsyncIterable<{ readonly batch?: RecordBatch }>;
  readonly #signal: AbortSignal;

  /** Reads the results by a view of them, until a stop. */
  constructor(view: SourceView, options: Omit<SourceOptions, "deadLetter" | "columns">) {
    this.#view = view;
    this.#signal = options.signal;
    // What the steps before cannot use they see to themselves.
    this.#batches = view.open({ ...options, deadLetter: () => {} });
  }

  get resolved(): ResolvedPlan | undefined {
    return stageOf(this.#view)?.resolved();
  }

  async *batches(): AsyncGenerator<RecordBatch, void, undefined> {
    using stop = new Stop(this.#signal);
    const reads = this.#batches[Symbol.asyncIterator]();
    try {
      while (true) {
        const { done, value } = await stop.or(reads.next());
        if (done) break;
        if (value.batch) yield value.batch;
      }
      this.#signal.throwIfAborted();
    } finally {
      await reads.return?.();
    }
  }

  leave(): void {
    this.#view.leave();
  }

  metrics(): PipelineMetrics {
    return stageOf(this.#view)?.metrics() ?? noPipelineMetrics();
  }
}
