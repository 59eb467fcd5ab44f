import { decodeFrame } from "../batch/frame.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import { MessageKind } from "../hive/pipeline_frames.ts";
import type { TransformTaskSpec } from "../hive/transform_task.ts";
import type { BeeAnswer, JobContext, PipelineJob } from "./pipeline_job.ts";
import type { PipelineSettings } from "./pipeline_options.ts";
import type { ResolvedPlan } from "./pipeline_plan.ts";

const LOG_PER_BEE = 8;

/** Filters and selects: each batch by itself, and rows leave in the order of the source. */
export class TransformJob implements PipelineJob {
  readonly task: TransformTaskSpec;
  readonly exchanges = false;
  readonly windows = 0;
  readonly watermark: number = -Infinity;
  readonly checkpoints = 0;
  readonly #workers: number;
  #absorbed = 0;

  /** A job by a plan without windows. */
  constructor({ schema, steps }: ResolvedPlan, settings: PipelineSettings) {
    const { workers, kernel } = settings;
    this.task = { kind: "transform", schema, steps, kernel };
    this.#workers = workers;
  }

  get absorbed(): number {
    return this.#absorbed;
  }

  wantsMore({ log }: JobContext): boolean {
    return log.end - log.first < LOG_PER_BEE * this.#workers;
  }

  prepare(): void {}

  message({ log }: JobContext, { header, body }: BeeAnswer): void {
    if (header.kind !== MessageKind.result) return;
    // A copy: the frame is only lent, and rows wait for those of earlier batches.
    const { batch } = decodeFrame(body.slice(), { trusted: true });
    log.at(header.sequence)?.results.push(batch!);
  }

  take({ log, ledger }: JobContext): RecordBatch | undefined {
    while (log.entries[0]?.outcome) {
      const [entry] = log.dropBefore(log.first + 1);
      ledger.close(entry);
      const { results } = entry;
      if (results.length === 0) continue;
      const batch = results.length === 1 ? results[0] : RecordBatch.concat(results);
      this.#absorbed += batch.length;
      return batch;
    }
    return undefined;
  }

  isFinished({ log }: JobContext): boolean {
    return log.first === log.end;
  }

  rewind({ log }: JobContext): void {
    for (const entry of log.entries) if (!entry.outcome) entry.results = [];
  }

  resetMessage(_bee: number, generation: number): unknown {
    return { generation };
  }
}
