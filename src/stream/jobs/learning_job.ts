import type { Schema } from "../../batch/schema.ts";
import { MessageKind, type Outcome } from "../../hive/pipeline_frames.ts";
import type { TaskSpec } from "../../hive/task_loader.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { BeeAnswer, JobContext, KindProgress, PipelineJob } from "./pipeline_job.ts";
import type { LogEntry } from "../work_log.ts";

/** What a {@linkcode LearningJob} tells of what it has learned. */
export interface LearningEvents {
  /**
   * Of each step the columns, where a function gave them.
   *
   * @throws {TypeError} when the plan does not fit them.
   */
  readonly learned: (columns: readonly (Schema | undefined)[]) => void;
  /** Tells all bees. */
  readonly tell: (messageOf: (bee: number) => unknown) => void;
}

/**
 * Finds out which columns the functions of a plan give, before another job goes on: one bee is
 * given batches, one after the other, until a function has given a row.
 */
export class LearningJob implements PipelineJob {
  readonly #job: PipelineJob;
  readonly #events: LearningEvents;
  #columns: readonly (Schema | undefined)[] | undefined;
  /** Watermark after the batches of which nothing was left, ms. */
  #watermark = -Infinity;

  /** Learns for a job. */
  constructor(job: PipelineJob, events: LearningEvents) {
    this.#job = job;
    this.#events = events;
  }

  get task(): TaskSpec {
    return this.#job.task;
  }

  get exchanges(): boolean {
    return this.#job.exchanges;
  }

  get isStateless(): boolean {
    return this.#job.isStateless;
  }

  get windows(): number {
    return this.#job.windows;
  }

  get watermark(): number {
    return this.#job.watermark;
  }

  get settled(): number | undefined {
    return this.#columns && this.#job.settled;
  }

  get knownUntil(): number {
    return this.#columns ? this.#job.knownUntil : Infinity;
  }

  isPast(time: number): boolean {
    // Of batches that have an outcome before it is known nothing is left.
    return this.#columns ? this.#job.isPast(time) : true;
  }

  get checkpoints(): number {
    return this.#job.checkpoints;
  }

  get absorbed(): number {
    return this.#job.absorbed;
  }

  get kinds(): readonly KindProgress[] | undefined {
    return this.#job.kinds;
  }

  saveSoon(): void {
    if (this.#columns) this.#job.saveSoon();
  }

  wantsMore(context: JobContext): boolean {
    return this.#columns ? this.#job.wantsMore(context) : context.log.waiting === 0;
  }

  prepare(context: JobContext, ended: boolean): void {
    context.dispatcher.sendsOne = !this.#columns;
    if (this.#columns) return this.#job.prepare(context, ended);
    const { log, ledger } = context;
    while (log.entries[0]?.outcome) {
      const [entry] = log.dropBefore(log.first + 1);
      this.#watermark = entry.feed.watermarkAfter;
      ledger.close(entry);
    }
  }

  dueAt(context: JobContext): number {
    return this.#columns ? this.#job.dueAt(context) : Infinity;
  }

  outcome(context: JobContext, entry: LogEntry, outcome: Outcome): void {
    if (this.#columns) this.#job.outcome(context, entry, outcome);
    else context.ledger.note(context.log, entry, outcome);
  }

  mayHold(bee: number, entry: LogEntry): boolean {
    return this.#columns ? this.#job.mayHold(bee, entry) : false;
  }

  message(context: JobContext, answer: BeeAnswer): void {
    const { header: { kind, sequence }, body } = answer;
    if (kind !== MessageKind.learned) return this.#job.message(context, answer);
    // A copy, because text in shared memory cannot be decoded everywhere.
    const columns = JSON.parse(new TextDecoder().decode(body.slice())) as (Schema | null)[];
    this.#learn(context, { columns: columns.map((each) => each ?? undefined), sequence });
  }

  #learn(
    context: JobContext,
    { columns, sequence }: { columns: (Schema | undefined)[]; sequence: number },
  ): void {
    this.prepare(context, false);
    this.#events.learned(columns);
    this.#columns = columns;
    this.#job.startAt(sequence, this.#watermark);
    const { generation } = context.dispatcher;
    this.#events.tell((bee) => this.resetMessage(bee, generation));
  }

  startAt(sequence: number, watermark: number): void {
    this.#job.startAt(sequence, watermark);
  }

  take(context: JobContext, kind: number): RecordBatch | undefined {
    return this.#columns && this.#job.take(context, kind);
  }

  isFinished(context: JobContext): boolean {
    if (this.#columns) return this.#job.isFinished(context);
    this.prepare(context, true);
    return context.log.first === context.log.end;
  }

  rewind(context: JobContext): void {
    this.#job.rewind(context);
  }

  resetMessage(bee: number, generation: number): unknown {
    const message = this.#job.resetMessage(bee, generation) as object;
    return { ...message, ...(this.#columns && { columns: this.#columns }) };
  }
}
