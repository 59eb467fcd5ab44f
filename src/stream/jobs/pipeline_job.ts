import type { RecordBatch } from "../../batch/record_batch.ts";
import type { MessageHeader, Outcome } from "../../hive/pipeline_frames.ts";
import type { TaskSpec } from "../../hive/task_loader.ts";
import type { Dispatcher } from "../dispatcher.ts";
import type { Ledger } from "../ledger.ts";
import type { LogEntry, WorkLog } from "../work_log.ts";

/** What a job works with. */
export interface JobContext {
  readonly log: WorkLog;
  readonly ledger: Ledger;
  readonly dispatcher: Dispatcher;
}

/** A message of a bee; its memory is valid during the call that hands it over. */
export interface BeeAnswer {
  readonly bee: number;
  readonly header: MessageHeader;
  readonly body: Uint8Array;
}

/** How far one of several kinds of windows has come. */
export type KindProgress = Pick<PipelineJob, "windows" | "watermark" | "absorbed">;

/** What a pipeline has the bees do, and how their answers become results. */
export interface PipelineJob {
  /** What the bees are born with. */
  readonly task: TaskSpec;
  /** Whether the bees need rings between them. */
  readonly exchanges: boolean;
  /** Whether the others can go on as they are when a bee is lost, for none keeps anything. */
  readonly isStateless: boolean;
  /** Windows that have left. */
  readonly windows: number;
  /** Number of the first batch whose results have not left, where they leave batch by batch. */
  readonly settled?: number | undefined;
  /** Watermark up to which windows have left, ms. */
  readonly watermark: number;
  /**
   * Whether no window that has not left may hold a row of a time, ms, as the windows count it; asked
   * of rows whose batches have an outcome, when all results that there are have been taken.
   */
  isPast(time: number): boolean;
  /** Number of the first batch of whose rows it is not known whether they are past. */
  readonly knownUntil: number;
  /** How often the state was saved. */
  readonly checkpoints: number;
  /** Outcomes are to be final soon, where they are not before the state is saved. */
  saveSoon(): void;
  /** Whether more should be read now. */
  wantsMore(context: JobContext): boolean;
  /** Tells the bees what has to be told before the next batch; `ended`: there are no more. */
  prepare(context: JobContext, ended: boolean): void;
  /**
   * When the clock alone sets something off, by the runtime's; `Infinity`: never, or not before a
   * bee has answered.
   */
  dueAt(context: JobContext): number;
  /** What became of a batch, as far as the bee knows that took it. */
  outcome(context: JobContext, entry: LogEntry, outcome: Outcome): void;
  /** Whether a bee that was lost may have worked on a batch, though it has told its outcome. */
  mayHold(bee: number, entry: LogEntry): boolean;
  /** A message of a bee. */
  message(context: JobContext, answer: BeeAnswer): void;
  /** Nothing is left of the batches before this one, after which the watermark is that. */
  startAt(sequence: number, watermark: number): void;
  /** Rows that may leave now, of one of the kinds of windows. */
  take(context: JobContext, kind: number): RecordBatch | undefined;
  /** Whether everything has left; only asked when there is nothing more to read. */
  isFinished(context: JobContext): boolean;
  /** A bee was lost: goes back to where all can go on from. */
  rewind(context: JobContext): void;
  /** What a bee is told of that. */
  resetMessage(bee: number, generation: number): unknown;
  /** Records in what has left, counted apart from the bees' outcomes. */
  readonly absorbed: number;
  /** How far each of several kinds of windows has come; absent where there is one. */
  readonly kinds?: readonly KindProgress[];
}
