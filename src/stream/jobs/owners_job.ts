import type { RecordBatch } from "../../batch/record_batch.ts";
import { MessageKind, type Outcome } from "../../hive/pipeline_frames.ts";
import type { TaskSpec } from "../../hive/task_loader.ts";
import type { ResetMessage } from "../../hive/window_task.ts";
import { type Checkpoint, Checkpoints } from "./checkpoints.ts";
import { DeliveryGuarantee } from "../delivery_guarantee.ts";
import type { BeeAnswer, JobContext, PipelineJob } from "./pipeline_job.ts";
import type { PipelineSettings } from "../pipeline_options.ts";
import type { LogEntry } from "../work_log.ts";

const READ_AHEAD = 4;

/** The bees own state together, and go back together when one is lost. */
export abstract class OwnersJob implements PipelineJob {
  abstract readonly task: TaskSpec;
  abstract readonly windows: number;
  abstract readonly watermark: number;
  /** Whether the bees need rings between them. */
  readonly exchanges: boolean;
  /** None can go on as it is when one is lost. */
  readonly isStateless = false;
  /** Bees. */
  protected readonly workers: number;
  /** Whether results that have left since a checkpoint leave again after a loss. */
  protected readonly repeats: boolean;
  readonly #checkpoints: Checkpoints;
  /** Rows that each owner has taken in, once it is done. */
  readonly #done = new Map<number, number>();
  /** The same for each of several kinds of windows, as each owner has last told. */
  readonly #kindRows = new Map<number, readonly number[]>();
  #isEnding = false;
  /** Whether the state is to be saved before it is time for that. */
  #savesSoon = false;

  /** A job of so many bees as the settings say. */
  constructor(settings: PipelineSettings) {
    const { workers, runtime, checkpointBatches: batches, deliveryGuarantee } = settings;
    this.workers = workers;
    this.repeats = deliveryGuarantee === DeliveryGuarantee.AtLeastOnce;
    this.exchanges = workers > 1;
    this.#checkpoints = new Checkpoints(workers, { runtime, batches });
  }

  /** How often the state was saved. */
  get settled(): number | undefined {
    return undefined;
  }

  get checkpoints(): number {
    return this.#checkpoints.count;
  }

  /** Rows that the owners have taken in, by their own count. */
  get absorbed(): number {
    return this.#done.values().reduce((sum, rows) => sum + rows, 0);
  }

  /** The same for one of several kinds of windows that share slices. */
  protected absorbedOf(kind: number): number {
    return this.#kindRows.values().reduce((sum, rows) => sum + rows[kind], 0);
  }

  /** Number of the first batch of whose rows it is not known whether they are past. */
  get knownUntil(): number {
    return Infinity;
  }

  /** Whether no window that has not left may hold a row of a time, ms. */
  abstract isPast(time: number): boolean;

  /** Outcomes are to be final soon. */
  saveSoon(): void {
    this.#savesSoon = true;
  }

  /** Whether more should be read now. */
  wantsMore({ log }: JobContext): boolean {
    return log.waiting < READ_AHEAD + this.workers && !this.#checkpoints.isOverdue(log);
  }

  /** When the clock alone sets something off, ms; `Infinity`: never. */
  dueAt(_context: JobContext): number {
    return Infinity;
  }

  /** Tells the bees of the end, or to save their state. */
  prepare({ log, dispatcher }: JobContext, ended: boolean): void {
    if (this.#isEnding || !dispatcher.isClear) return;
    if (ended && log.waiting === 0) {
      this.#isEnding = true;
      dispatcher.control({ kind: MessageKind.end, sequence: log.next });
    } else if (this.#checkpoints.isDue(log, this.#savesSoon)) {
      this.#savesSoon = false;
      this.#checkpoints.begin(log.next);
      dispatcher.control({ kind: MessageKind.barrier, sequence: log.next });
    }
  }

  /** Nothing is left of the batches before this one, after which the watermark is that. */
  startAt(sequence: number, watermark: number): void {
    this.#checkpoints.startAt(sequence, watermark);
    this.started(sequence, watermark);
  }

  /** Results begin with what comes of this batch. */
  protected started(_sequence: number, _watermark: number): void {}

  /** What became of a batch, as far as the bee knows that took it. */
  outcome({ log, ledger }: JobContext, entry: LogEntry, outcome: Outcome): void {
    ledger.note(log, entry, outcome);
  }

  /** Whether a bee that was lost may have worked on a batch, though it has told its outcome. */
  mayHold(_bee: number, _entry: LogEntry): boolean {
    return false;
  }

  /** A message of a bee. */
  message(context: JobContext, answer: BeeAnswer): void {
    const { bee, header, body } = answer;
    switch (header.kind) {
      case MessageKind.done:
        this.#done.set(bee, header.amount);
        return this.finished(bee, header.sequence);
      case MessageKind.snapshot:
        if (this.#checkpoints.add(bee, answer, this.#kindRows.get(bee))) this.#truncate(context);
        return;
      case MessageKind.kindRows:
        this.#kindRows.set(bee, [...new Float64Array(body.slice().buffer, 0, header.count)]);
        return;
      default:
        return this.answered(context, answer);
    }
  }

  /** A message about results. */
  protected abstract answered(context: JobContext, answer: BeeAnswer): void;

  /** An owner has sent all it will. */
  protected finished(_bee: number, _sequence: number): void {}

  #truncate({ log, ledger }: JobContext): void {
    for (const entry of log.dropBefore(this.#checkpoints.last.sequence)) ledger.close(entry);
  }

  /** Rows that may leave now. */
  abstract take(context: JobContext, kind: number): RecordBatch | undefined;

  /** Whether everything has left; only asked when there is nothing more to read. */
  isFinished({ log, ledger }: JobContext): boolean {
    if (this.#done.size < this.workers) return false;
    for (const entry of log.dropBefore(log.end)) ledger.close(entry);
    return true;
  }

  /** A bee was lost: goes back to the last checkpoint. */
  rewind({ log }: JobContext): void {
    this.#isEnding = false;
    this.#done.clear();
    this.#kindRows.clear();
    this.#checkpoints.abort();
    this.rewound(this.#checkpoints.last);
    for (const entry of log.entries) entry.outcome = undefined;
  }

  /** Forgets what came after a checkpoint: it will come again. */
  protected abstract rewound(checkpoint: Checkpoint): void;

  /** What a bee is told of that. */
  resetMessage(bee: number, generation: number): ResetMessage {
    return { generation, ...this.#checkpoints.last.owners[bee] };
  }
}
