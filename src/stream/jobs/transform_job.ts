import { decodeFrame } from "../../batch/frame.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { IntakeSpec } from "../../hive/block_intake.ts";
import { MessageKind, type Outcome } from "../../hive/pipeline_frames.ts";
import type { TransformTaskSpec } from "../../hive/transform_task.ts";
import { DeliveryGuarantee } from "../delivery_guarantee.ts";
import type { BeeAnswer, JobContext, PipelineJob } from "./pipeline_job.ts";
import type { PipelineSettings } from "../pipeline_options.ts";
import type { ResolvedPlan } from "../pipeline_plan.ts";
import type { LogEntry } from "../work_log.ts";

const LOG_PER_BEE = 8;

/** Filters and selects: each batch by itself, and rows leave in the order of the source. */
export class TransformJob implements PipelineJob {
  readonly task: TransformTaskSpec;
  readonly exchanges = false;
  readonly isStateless = true;
  readonly windows = 0;
  readonly watermark: number = -Infinity;
  readonly checkpoints = 0;
  readonly #workers: number;
  /** Whether rows leave before it is known that their batch need not be sent again. */
  readonly #leavesEarly: boolean;
  #absorbed = 0;

  /** A job by a plan without windows; with an intake the bees are given blocks of bytes. */
  constructor(
    { schema, steps }: ResolvedPlan,
    settings: PipelineSettings,
    { intake }: { readonly intake?: IntakeSpec | undefined } = {},
  ) {
    const { workers, kernel, deliveryGuarantee } = settings;
    this.task = { kind: "transform", schema, steps, kernel, ...(intake && { intake }) };
    this.#workers = workers;
    this.#leavesEarly = deliveryGuarantee === DeliveryGuarantee.AtLeastOnce;
  }

  get absorbed(): number {
    return this.#absorbed;
  }

  wantsMore({ log }: JobContext): boolean {
    return log.end - log.first < LOG_PER_BEE * this.#workers;
  }

  get knownUntil(): number {
    return Infinity;
  }

  /** What a batch comes to leaves with it. */
  isPast(): boolean {
    return true;
  }

  saveSoon(): void {}

  prepare(): void {}

  startAt(): void {}

  dueAt(): number {
    return Infinity;
  }

  outcome({ log, ledger }: JobContext, entry: LogEntry, outcome: Outcome): void {
    ledger.note(log, entry, outcome);
  }

  mayHold(): boolean {
    return false;
  }

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
      const batch = leaving(entry);
      this.#absorbed += entry.left;
      if (batch) return batch;
    }
    const [oldest] = log.entries;
    return oldest && this.#leavesEarly ? leaving(oldest) : undefined;
  }

  isFinished({ log }: JobContext): boolean {
    return log.first === log.end;
  }

  rewind({ log }: JobContext): void {
    for (const entry of log.entries) {
      if (!entry.outcome) Object.assign(entry, { results: [], left: 0 });
    }
  }

  resetMessage(_bee: number, generation: number): unknown {
    return { generation };
  }
}

/** The rows of a batch that are here and have not left. */
function leaving(entry: LogEntry): RecordBatch | undefined {
  const { results } = entry;
  if (results.length === 0) return undefined;
  const batch = results.length === 1 ? results[0] : RecordBatch.concat(results);
  entry.results = [];
  entry.left += batch.length;
  return batch;
}
