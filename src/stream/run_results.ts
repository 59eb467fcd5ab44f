import type { RunBees } from "./loss_recovery.ts";
import { allWindows } from "./pipeline_plan.ts";
import type { KindBatch, RunSpec } from "./run_spec.ts";

/** The results of a run on their way out: what may leave now, and what was told of what has left. */
export class RunResults {
  readonly #spec: RunSpec;
  /** Rows that have left, of each kind of windows. */
  readonly rowsOut: number[];
  /** The last watermark that others were told of, ms. */
  #told = -Infinity;
  /** The first batch whose results have not left, where they leave batch by batch. */
  #settled = 0;

  /** Of a run from which nothing has left. */
  constructor(spec: RunSpec) {
    this.#spec = spec;
    this.rowsOut = Array(Math.max(1, allWindows(spec.plan).length)).fill(0);
  }

  /** Kinds of windows that results are of. */
  get kinds(): number {
    return this.rowsOut.length;
  }

  /** Rows that may leave now; none before there are bees. */
  take(bees: RunBees | undefined): KindBatch | undefined {
    if (!bees) return undefined;
    const { job, context } = bees;
    for (const kind of this.rowsOut.keys()) {
      const batch = job.take(context, kind);
      if (!batch) continue;
      this.rowsOut[kind] += batch.length;
      return { kind, batch };
    }
    return undefined;
  }

  /** The watermark up to which everything has left, if others go on and were not told of it. */
  passedOn(bees: RunBees | undefined): number | undefined {
    const watermark = bees?.job.watermark ?? -Infinity;
    // The end is told by itself.
    const isNew = watermark > this.#told && watermark < Infinity;
    return this.#spec.plan.feedsOn && isNew ? this.#told = watermark : undefined;
  }

  /** Whether results have left batch by batch that were not told of. */
  isSettling(bees: RunBees | undefined): bees is RunBees {
    const settled = bees?.job.settled;
    return settled !== undefined && settled !== this.#settled;
  }

  /**
   * Tells of rows whose results have left, where they leave batch by batch; whether it did.
   *
   * @param records Those that were read so far.
   */
  tellSettled(bees: RunBees | undefined, records: number): boolean {
    if (!this.isSettling(bees)) return false;
    const settled = this.#settled = bees.job.settled!;
    this.#spec.onSettled?.(bees.context.log.at(settled)?.feed.position ?? records);
    return true;
  }
}
