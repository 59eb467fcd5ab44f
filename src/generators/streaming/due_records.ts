import { Fifo } from "../../stream/fifo.ts";
import { countDueBy, type Pace } from "./pace.ts";

/** Where a batch would take longer than this to become due, smaller ones leave. */
const SLOW_BATCH_MS = 1000;
/** Smaller ones are of what becomes due within this. */
const SMALL_BATCH_MS = 100;
/** Room for roundings where batches of an even pace are all taken to be fast. */
const ROUNDING_MS = 1;
/** Records that are looked ahead at most at an uneven pace: those far away may be costly to know. */
const MOST_AHEAD = 65_536;

/** What happens when records become due and the buffer is full. */
export type FullBuffer = "block" | "drop" | "error";

/** Records of a stream by their numbers, `end` left out. */
export interface RecordRange {
  readonly start: number;
  readonly end: number;
}

/** What a schedule is made with. */
export interface DueOptions {
  /** The numbers of the records; the end may be infinite. */
  readonly records: RecordRange;
  /** Records of a batch. */
  readonly batchSize: number;
  /** Batches at most; may be infinite. */
  readonly maxBatches: number;
  /** Records that are due and have not been taken, at most; at least a batch. */
  readonly bufferSize: number;
  readonly onBufferFull: FullBuffer;
  /** Whether `"drop"` loses what has waited longest, instead of what has just become due. */
  readonly dropOldest: boolean;
  /** Between a batch becoming due and the next. */
  readonly intervalMs?: number;
  readonly pace?: Pace;
}

/** Some records, and when they become due. */
interface Chunk extends RecordRange {
  readonly dueMs: number;
  /** The number of the batch. */
  readonly batch: number;
}

/** More records are due than the buffer holds. */
export class BufferFullError extends RangeError {
  /** The name of the class. */
  override readonly name: string = "BufferFullError";
}

/**
 * Which records are due, and have not been taken yet: a buffer of record numbers, for what can be
 * made when it is taken need not be kept. It knows no clock: times are milliseconds since the start.
 */
export class DueRecords {
  readonly #options: DueOptions;
  readonly #waiting = new Fifo<RecordRange>();
  #buffered = 0;
  #dropped = 0;
  #next: Chunk | undefined;
  /** By how much the schedule is behind, for it had to wait. */
  #shiftMs = 0;
  #isBlocked = false;

  /** Nothing is due before the first time is told. */
  constructor(options: DueOptions) {
    const { start, end } = options.records;
    // Numbers beyond it do not tell a record from the next, and looking for what is due would not end.
    this.#options = { ...options, records: { start, end: Math.min(end, Number.MAX_SAFE_INTEGER) } };
    this.#next = this.#chunk(0, options.records.start);
  }

  /** Records that are due and have not been taken. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Records that were lost because the buffer was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether nothing is due, nor ever will be. */
  get isDone(): boolean {
    return this.#next === undefined && this.#buffered === 0;
  }

  /** When more become due; infinite when none do, or none before some are taken. */
  get nextMs(): number {
    return this.#next && !this.#isBlocked ? this.#next.dueMs + this.#shiftMs : Infinity;
  }

  /** The schedule goes on later by this. */
  delay(ms: number): void {
    this.#shiftMs += ms;
  }

  /**
   * It is so late now.
   *
   * @throws {BufferFullError} when more records are due than the buffer holds, where that is an error.
   */
  advance(nowMs: number): void {
    const { bufferSize, onBufferFull } = this.#options;
    for (let first = this.#next; first && this.#isDue(first.dueMs, nowMs); first = this.#next) {
      const next = onBufferFull === "drop" ? this.#allDue(first, nowMs) : first;
      const size = next.end - next.start;
      const excess = this.#buffered + size - bufferSize;
      if (excess > 0 && onBufferFull === "block") {
        this.#isBlocked = true;
        return;
      }
      if (this.#isBlocked) this.#shiftMs = nowMs - next.dueMs;
      this.#isBlocked = false;
      if (excess > 0 && onBufferFull === "error") throw this.#full(next);
      this.#add(next, Math.max(0, excess));
      this.#next = this.#chunk(next.batch + 1, next.end);
    }
  }

  /** The next batch of what is due: at most so many records that follow one another. */
  take(size: number = this.#options.batchSize): RecordRange | undefined {
    const first = this.#waiting.shift();
    if (!first) return undefined;
    const most = first.start + size;
    let { end } = first;
    for (let next = this.#waiting.peek(); next?.start === end; next = this.#waiting.peek()) {
      if (end >= most) break;
      end = next.end;
      this.#waiting.shift();
    }
    if (end > most) this.#waiting.unshift({ start: most, end });
    end = Math.min(end, most);
    this.#buffered -= end - first.start;
    return { start: first.start, end };
  }

  #isDue(dueMs: number, nowMs: number): boolean {
    return dueMs + this.#shiftMs <= nowMs;
  }

  /**
   * All whole batches from the first on that are due, as one: after a jump of the clock there may be
   * any number of them, of which the buffer keeps no more than of one such.
   */
  #allDue(first: Chunk, nowMs: number): Chunk {
    const { records, batchSize, maxBatches, intervalMs, pace } = this.#options;
    const { batch, start } = first;
    if (first.end - start < batchSize) return first;
    const before = start - records.start;
    const isSized = intervalMs !== undefined || !pace || isFast(pace, batchSize);
    const ahead = !pace || pace.isEven ? Infinity : MOST_AHEAD;
    const most = Math.min(
      Math.floor(Math.min(records.end - start, ahead) / batchSize),
      maxBatches - batch,
    );
    const count = greatest(most, (count) => {
      const after = before + count * batchSize;
      return this.#isDue(this.#dueMs(batch + count - 1, after), nowMs) &&
        (isSized || pace!.dueMs(after) - pace!.dueMs(before + 1) <= SLOW_BATCH_MS);
    });
    return { ...first, batch: batch + count - 1, end: start + count * batchSize };
  }

  #add({ start, end }: RecordRange, excess: number): void {
    this.#dropped += excess;
    const { dropOldest } = this.#options;
    const older = dropOldest ? Math.min(excess, this.#buffered) : 0;
    this.#dropFirst(older);
    const kept = dropOldest ? { start: start + excess - older, end } : { start, end: end - excess };
    if (kept.end === kept.start) return;
    this.#waiting.push(kept);
    this.#buffered += kept.end - kept.start;
  }

  #dropFirst(count: number): void {
    this.#buffered -= count;
    for (let left = count; left > 0;) {
      const first = this.#waiting.shift()!;
      const size = first.end - first.start;
      if (size > left) this.#waiting.unshift({ start: first.start + left, end: first.end });
      left -= Math.min(size, left);
    }
  }

  /** The batch of this number, which begins with this record. */
  #chunk(batch: number, start: number): Chunk | undefined {
    const { records, batchSize, maxBatches, intervalMs, pace } = this.#options;
    if (start >= records.end || batch >= maxBatches) return undefined;
    const most = Math.min(batchSize, records.end - start);
    const before = start - records.start;
    const size = pace && intervalMs === undefined ? pacedSize(pace, before, most) : most;
    return { batch, start, end: start + size, dueMs: this.#dueMs(batch, before + size) };
  }

  /** When the batch of this number is due, which is the last of so many records. */
  #dueMs(batch: number, records: number): number {
    const { intervalMs, pace } = this.#options;
    const pacedMs = pace ? pace.dueMs(records) : 0;
    return Math.max(pacedMs, intervalMs === undefined ? 0 : batch * intervalMs);
  }

  #full({ start, end }: RecordRange): BufferFullError {
    return new BufferFullError(
      `Cannot stream: ${
        end - start
      } more records are due, and the buffer holds ${this.#buffered} of ` +
        `${this.#options.bufferSize}, for the sink is slower than the schedule; make bufferSize ` +
        `larger, or say what to do by onBufferFull: "block" or "drop"`,
    );
  }
}

/** Whether all batches of this size are due as a whole, at a pace that is the same at all times. */
function isFast(pace: Pace, batchSize: number): boolean {
  const spanMs = pace.dueMs(batchSize) - pace.dueMs(1);
  return pace.isEven === true && spanMs <= SLOW_BATCH_MS - ROUNDING_MS;
}

/** The greatest count up to `most` that something holds of, which holds of 1 and all up to that. */
function greatest(most: number, holds: (count: number) => boolean): number {
  let [low, high] = [1, 2];
  while (high <= most && holds(high)) [low, high] = [high, high * 2];
  high = Math.min(high, most + 1);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function pacedSize(pace: Pace, before: number, most: number): number {
  const firstMs = pace.dueMs(before + 1);
  if (pace.dueMs(before + most) - firstMs <= SLOW_BATCH_MS) return most;
  return countDueBy(pace, { first: before, most, ms: firstMs + SMALL_BATCH_MS });
}
