import type { TypedSchema } from "../batch/schema.ts";
import { explainedSchema } from "./explain.ts";
import type { Explained } from "./explained.ts";
import { noPipelineMetrics, type PipelineMetrics } from "./pipeline_metrics.ts";
import { RestartingRun } from "./restarting_run.ts";
import type { Source, SourceBatch, SourceOptions } from "./source.ts";
import { STAGE, type Stage } from "./stage.ts";

/** The results of some steps, as a source of others: in their order, with their watermark. */
export class StageSource implements Source {
  readonly [STAGE]: Stage;
  readonly #parts: Explained;
  readonly #draining = new AbortController();
  #run: RestartingRun | undefined;

  /** The results of these. */
  constructor(parts: Explained) {
    this.#parts = parts;
    this[STAGE] = {
      parts,
      fresh: (source = parts.source) => new StageSource({ ...parts, source }),
      resolved: () => this.#run?.resolved,
      metrics: () => this.#metrics(),
      drain: () => this.#draining.abort(),
    };
  }

  get name(): string {
    return `results of ${this.#parts.source.name}`;
  }

  /** The columns of the results, as far as they are known. */
  get schema(): TypedSchema<Record<string, unknown>> | undefined {
    return explainedSchema(this.#parts);
  }

  /** Runs the steps, at the pace at which their results are read. */
  open({ signal, settlement }: SourceOptions): AsyncIterable<SourceBatch> {
    const drain = { signal: this.#draining.signal, onAbort: "drain" } as const;
    const keepsRows = settlement?.keepsRows ? { keepsRows: true } : {};
    const run = this.#run = new RestartingRun({ ...this.#parts, ...keepsRows }, drain);
    const reads = run.reads();
    const settled = (positions: ReadonlyMap<number, number>) =>
      run.settledBefore(positions.get(0)!);
    let isHeard = false;
    const leave = () => run.leave();
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    const iterator: AsyncIterator<SourceBatch> = {
      next: async () => {
        const read = await reads.next();
        // Not before it matters, for who listens has account kept.
        if (!isHeard && run.account.isKept) {
          isHeard = true;
          settlement?.onSettled(settled);
        }
        return read;
      },
      return: async () => {
        leave();
        await reads.return();
        await run.finish();
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  #metrics(): PipelineMetrics {
    return this.#run?.metrics() ?? noPipelineMetrics();
  }
}
