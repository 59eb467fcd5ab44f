import type { RecordBatch } from "../batch/record_batch.ts";
import type { Outcome } from "../hive/pipeline_frames.ts";
import type { FeedItem } from "./feed_item.ts";
import type { BlockContent } from "./block_content.ts";
import type { BadInputPolicy } from "./source.ts";
import { RowContent, type WorkContent } from "./work_content.ts";

/** A batch, or a block of bytes, that may have to be sent again. */
export interface LogEntry {
  /** Where it stands in its source. */
  readonly feed: Omit<FeedItem, "batch" | "block">;
  /** Its number, in the order of the source. */
  readonly sequence: number;
  /** The runtime's clock when it was read, ms. */
  readonly nowMs: number;
  /** Bytes that it is kept in. */
  readonly bytes: number;
  /** The rows; fewer than were read when one of them had to be left out. */
  content: WorkContent;
  /** The same, where it is a block of bytes. */
  readonly block: BlockContent | undefined;
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

/** Leaves a row out of a batch; the others keep their positions. */
export function leaveOut(entry: LogEntry, row: number): void {
  entry.content = entry.content.without(row);
}

/** Gives up all rows of a batch; what it says about watermarks still counts. */
export function giveUp(entry: LogEntry): void {
  entry.lost += entry.content.records;
  entry.content = entry.content.emptied();
  entry.results = [];
}

/** Whether records of a batch are to go to dead letters or late rows, once its outcome is final. */
function goesAside({ content }: LogEntry, outcome: Outcome, badRecords: BadInputPolicy): boolean {
  if (outcome.late.length > 0) return true;
  if (outcome.kinds?.some(({ lateRows }) => lateRows.length > 0)) return true;
  return content.openBad(outcome, badRecords).deadLettered > 0;
}

/** The batches that a lost bee would make necessary again, in the order of the source. */
export class WorkLog {
  #entries: LogEntry[] = [];
  #first = 0;
  #next = 0;
  #bytes = 0;
  #decided = 0;

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

  /**
   * Number of the first batch of which it is not known what became of its rows, or of which records
   * are to go aside and have not.
   */
  decide(badRecords: BadInputPolicy): number {
    this.#decided = Math.max(this.#decided, this.#first);
    for (let entry = this.at(this.#decided); entry?.outcome; entry = this.at(++this.#decided)) {
      if (goesAside(entry, entry.outcome, badRecords)) break;
    }
    return this.#decided;
  }

  /** Whether that batch is waited for because records of it are to go aside. */
  get waitsToPutAside(): boolean {
    return this.at(this.#decided)?.outcome !== undefined;
  }

  /** The batches, oldest first. */
  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Adds a batch or block, at a time by the runtime's clock. */
  append(feed: FeedItem, nowMs: number): void {
    const block = "block" in feed ? feed.block : undefined;
    const content = "block" in feed ? feed.block : new RowContent(feed);
    const { keptBytes: bytes } = content;
    const { end: sequence } = this;
    const nothing = { losses: 0, lost: 0, isAcknowledged: false, results: [], left: 0 };
    this.#entries.push({ feed, sequence, nowMs, bytes, content, block, ...nothing });
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
