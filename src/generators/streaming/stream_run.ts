import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Sample } from "../sampling/sample.ts";
import { DueRecords, type RecordRange } from "./due_records.ts";
import { GeneratedRows } from "./generated_rows.ts";
import type { Pace } from "./pace.ts";
import type { StreamClock } from "./stream_clock.ts";
import type { StreamerSettings, StreamSettings } from "./stream_options.ts";
import type { StreamListener } from "./streaming_metrics.ts";

/** What a stream is made of. */
export interface StreamPlan<Row> {
  readonly streamer: StreamerSettings;
  readonly settings: StreamSettings;
  readonly clock: StreamClock;
  /** Rows from one of them on, without an end. */
  readonly sampleFrom: (start: number) => Sample<Row>;
  /** When records may leave, of a run that begins; absent where nothing but the sink decides. */
  readonly pace: () => Pace | undefined;
}

/** What comes next of a stream. */
export type Turn =
  | { readonly state: "batch"; readonly range: RecordRange }
  | { readonly state: "wait"; readonly ms: number }
  | { readonly state: "done" };

const DONE: Turn = { state: "done" };

/** One run of a stream: which records come when. */
export class StreamRun<Row> {
  readonly #plan: StreamPlan<Row>;
  readonly #rows: GeneratedRows<Row>;
  readonly #due: DueRecords | undefined;
  readonly #listeners: readonly StreamListener[];
  readonly #end: number;
  #startMs: number | undefined;
  #next: number;
  #batches = 0;
  #dropped = 0;

  /** Begins when it is first asked; tells how its buffer is. */
  constructor(plan: StreamPlan<Row>, listeners: readonly StreamListener[]) {
    this.#plan = plan;
    this.#listeners = listeners;
    this.#rows = new GeneratedRows(plan.sampleFrom);
    const { start, maxRecords, intervalMs } = plan.settings;
    this.#next = start;
    this.#end = start + maxRecords;
    const pace = plan.pace();
    if (intervalMs !== undefined || pace) this.#due = dueRecords(plan, pace);
  }

  /** Whether records come by a schedule, and not as they are asked for. */
  get isScheduled(): boolean {
    return this.#due !== undefined;
  }

  /**
   * What comes next, of at most so many records; of those that have become due by now.
   *
   * @throws {BufferFullError} when more are due than the buffer holds, where that is an error.
   */
  turn(most: number = this.#plan.settings.batchSize): Turn {
    if (this.#due) return this.#dueTurn(this.#due, most);
    const { maxBatches } = this.#plan.settings;
    if (this.#next >= this.#end || this.#batches >= maxBatches) return DONE;
    const range = { start: this.#next, end: Math.min(this.#end, this.#next + most) };
    this.#next = range.end;
    this.#batches++;
    return { state: "batch", range };
  }

  /** Lets records become due, and takes none; returns in how many ms more do. */
  advance(): number {
    const due = this.#due;
    if (!due) return Infinity;
    const nowMs = this.#now();
    due.advance(nowMs);
    this.#tell(due);
    return due.nextMs - nowMs;
  }

  /** The rows of a range, made in this thread. */
  rowsNow(range: RecordRange): RecordBatch<Row> {
    return this.#rows.range(range);
  }

  /** The rows of a range, made by bees where there are some. */
  async rows(range: RecordRange): Promise<RecordBatch<Row>> {
    return this.#plan.streamer.workers > 0
      ? await this.#rows.rangeByBees(range)
      : this.#rows.range(range);
  }

  /** Lets bees go. */
  async close(): Promise<void> {
    await this.#rows.close();
  }

  #dueTurn(due: DueRecords, most: number): Turn {
    const ms = this.advance();
    const range = due.take(most);
    if (range) {
      due.advance(this.#now()); // what was blocked has room now
      return { state: "batch", range };
    }
    return due.isDone ? DONE : { state: "wait", ms };
  }

  #now(): number {
    const now = this.#plan.clock.now();
    return now - (this.#startMs ??= now);
  }

  #tell(due: DueRecords): void {
    const { buffered, dropped } = due;
    const { bufferSize } = this.#plan.streamer;
    const more = dropped - this.#dropped;
    for (const each of this.#listeners) each.buffer({ buffered, bufferSize, dropped: more });
    this.#dropped = dropped;
  }
}

function dueRecords<Row>({ streamer, settings }: StreamPlan<Row>, pace?: Pace): DueRecords {
  const { start, maxRecords, maxBatches, batchSize, intervalMs } = settings;
  const { bufferSize, onBufferFull, dropOldest } = streamer;
  return new DueRecords({
    records: { start, end: start + maxRecords },
    ...{ batchSize, maxBatches, bufferSize, onBufferFull, dropOldest },
    ...(intervalMs !== undefined && { intervalMs }),
    ...(pace && { pace }),
  });
}
