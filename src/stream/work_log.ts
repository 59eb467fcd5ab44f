import { frameSize } from "../batch/frame.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { Outcome } from "../hive/pipeline_frames.ts";
import type { FeedBatch } from "./batch_feed.ts";

/** A batch that may have to be sent again. */
export interface LogEntry {
  readonly feed: FeedBatch;
  /** Its number, in the order of the source. */
  readonly sequence: number;
  /** The runtime's clock when it was read, ms. */
  readonly nowMs: number;
  /** Bytes of its frame. */
  readonly bytes: number;
  /** The rows; fewer than in `feed` when one of them had to be left out. */
  batch: RecordBatch;
  /** Positions of the rows, where they do not follow each other. */
  positions: Float64Array | undefined;
  /** Bees that were lost over it. */
  losses: number;
  /** Rows that were given up with a lost bee. */
  lost: number;
  /** Whether a bee was ever done with it: rows of it may be in results that have left. */
  isAcknowledged: boolean;
  outcome?: Outcome;
  /** Rows that came out of it and have not left, in a pipeline without windows. */
  results: RecordBatch[];
  /** How many rows of it have left, since it was last sent. */
  left: number;
}

/** Position of a row of a batch in its source partition. */
export function positionOf(
  { feed, positions }: Pick<LogEntry, "feed" | "positions">,
  row: number,
): number {
  return positions ? positions[row] : feed.position + row;
}

/** Leaves a row out of a batch; the others keep their positions. */
export function leaveOut(entry: LogEntry, row: number): void {
  const rows = [...Array(entry.batch.length).keys()].filter((each) => each !== row);
  entry.positions = Float64Array.from(rows, (each) => positionOf(entry, each));
  entry.batch = entry.batch.take(rows);
}

/** Gives up all rows of a batch; what it says about watermarks still counts. */
export function giveUp(entry: LogEntry): void {
  entry.lost += entry.batch.length;
  entry.batch = entry.batch.slice(0, 0);
  entry.positions = undefined;
  entry.results = [];
}

/** The batches that a lost bee would make necessary again, in the order of the source. */
export class WorkLog {
  #entries: LogEntry[] = [];
  #first = 0;
  #next = 0;
  #bytes = 0;

  /** Number of the oldest batch. */
  get first(): number {
    return this.#first;
  }

  /** Number that the next batch will get. */
  get end(): number {
    return this.#first + this.#entries.length;
  }

  /** Number of the next batch to be sent. */
  get next(): number {
    return this.#next;
  }

  /** Batches that were never sent since the last {@linkcode WorkLog.rewind}. */
  get waiting(): number {
    return this.end - this.#next;
  }

  /** Bytes of all batches. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The batches, oldest first. */
  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Adds a batch, at a time by the runtime's clock. */
  append(feed: FeedBatch, nowMs: number): void {
    const { batch, positions } = feed;
    const bytes = frameSize(batch);
    const { end: sequence } = this;
    const nothing = { losses: 0, lost: 0, isAcknowledged: false, results: [], left: 0 };
    this.#entries.push({ feed, sequence, nowMs, bytes, batch, positions, ...nothing });
    this.#bytes += bytes;
  }

  /** The batch of a number, if it is still here. */
  at(sequence: number): LogEntry | undefined {
    return this.#entries[sequence - this.#first];
  }

  /** The next batch to be sent: one that has no outcome. */
  peek(): LogEntry | undefined {
    while (this.at(this.#next)?.outcome) this.#next++;
    return this.at(this.#next);
  }

  /** The batch that {@linkcode WorkLog.peek} gave was sent. */
  sent(): void {
    this.#next++;
  }

  /** Everything without an outcome is to be sent again. */
  rewind(): void {
    this.#next = this.#first;
  }

  /** Lets go of the batches before a number, and gives them. */
  dropBefore(sequence: number): LogEntry[] {
    const dropped = this.#entries.splice(0, Math.max(0, sequence - this.#first));
    this.#first += dropped.length;
    this.#next = Math.max(this.#next, this.#first);
    for (const { bytes } of dropped) this.#bytes -= bytes;
    return dropped;
  }
}
