import { decodeFrame } from "../batch/frame.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import { MessageKind } from "../hive/pipeline_frames.ts";
import type { ResetMessage, WindowTaskSpec } from "../hive/window_task.ts";
import type { CalendarTime } from "../windows/calendar_time.ts";
import { withCalendarBounds } from "./calendar_plan.ts";
import { Checkpoints } from "./checkpoints.ts";
import { DeliveryGuarantee } from "./delivery_guarantee.ts";
import type { BeeAnswer, JobContext, PipelineJob } from "./pipeline_job.ts";
import type { PipelineSettings } from "./pipeline_options.ts";
import type { ResolvedPlan } from "./pipeline_plan.ts";
import { WindowResults } from "./window_results.ts";

const READ_AHEAD = 4;

/** Aggregates in windows: the bees own the state together, and go back together when one is lost. */
export class WindowJob implements PipelineJob {
  readonly task: WindowTaskSpec;
  readonly exchanges: boolean;
  readonly isStateless = false;
  readonly #workers: number;
  readonly #repeats: boolean;
  readonly #results: WindowResults;
  readonly #calendar: CalendarTime | undefined;
  readonly #checkpoints: Checkpoints;
  /** Rows that each owner has taken in, once it is done. */
  readonly #done = new Map<number, number>();
  #isEnding = false;

  /** A job by a plan with windows. */
  constructor(plan: ResolvedPlan, settings: PipelineSettings) {
    const { workers, runtime, epochRows, kernel, deliveryGuarantee } = settings;
    const { schema, steps } = plan;
    const window = plan.window!;
    this.task = { kind: "windows", schema, steps, window, workers, kernel, epochRows };
    this.exchanges = workers > 1;
    this.#workers = workers;
    this.#repeats = deliveryGuarantee === DeliveryGuarantee.AtLeastOnce;
    this.#calendar = plan.calendar;
    this.#results = new WindowResults(workers, window.keys.length);
    this.#checkpoints = new Checkpoints(workers, { runtime, batches: settings.checkpointBatches });
  }

  get windows(): number {
    return this.#results.windows;
  }

  get watermark(): number {
    const { watermark } = this.#results;
    return this.#calendar?.fromEven(watermark) ?? watermark;
  }

  get checkpoints(): number {
    return this.#checkpoints.count;
  }

  get absorbed(): number {
    return this.#done.values().reduce((sum, rows) => sum + rows, 0);
  }

  wantsMore({ log }: JobContext): boolean {
    return log.waiting < READ_AHEAD + this.#workers && !this.#checkpoints.isOverdue(log);
  }

  prepare({ log, dispatcher }: JobContext, ended: boolean): void {
    if (this.#isEnding || !dispatcher.isClear) return;
    if (ended && log.waiting === 0) {
      this.#isEnding = true;
      dispatcher.control({ kind: MessageKind.end, sequence: log.next });
    } else if (this.#checkpoints.isDue(log)) {
      this.#checkpoints.begin(log.next);
      dispatcher.control({ kind: MessageKind.barrier, sequence: log.next });
    }
  }

  message(context: JobContext, { bee, header, body }: BeeAnswer): void {
    switch (header.kind) {
      case MessageKind.result:
        // A copy: the frame is only lent, and results wait for those of other owners.
        return this.#results.add(bee, decodeFrame(body.slice(), { trusted: true }).batch!);
      case MessageKind.passed:
        return this.#results.passed(bee, header.watermark);
      case MessageKind.done:
        this.#done.set(bee, header.amount);
        return;
      case MessageKind.snapshot:
        if (this.#checkpoints.add(bee, header, body)) this.#truncate(context);
    }
  }

  #truncate({ log, ledger }: JobContext): void {
    for (const entry of log.dropBefore(this.#checkpoints.last.sequence)) ledger.close(entry);
  }

  take(): RecordBatch | undefined {
    const batch = this.#results.take();
    return batch && this.#calendar ? withCalendarBounds(batch, this.#calendar) : batch;
  }

  isFinished({ log, ledger }: JobContext): boolean {
    if (this.#done.size < this.#workers) return false;
    for (const entry of log.dropBefore(log.end)) ledger.close(entry);
    return true;
  }

  rewind({ log }: JobContext): void {
    this.#isEnding = false;
    this.#done.clear();
    this.#checkpoints.abort();
    this.#results.rewind(this.#checkpoints.last.watermark, { repeats: this.#repeats });
    for (const entry of log.entries) entry.outcome = undefined;
  }

  resetMessage(bee: number, generation: number): ResetMessage {
    return { generation, ...this.#checkpoints.last.owners[bee] };
  }
}
