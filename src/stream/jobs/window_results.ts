import { countLeading } from "../../batch/count_leading.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import { mergeRuns, windowOrder } from "./row_order.ts";

const WINDOW_END = 1;

/** Puts the owners' results together, window by window, in an order that depends on nothing else. */
export class WindowResults {
  readonly #keys: number;
  /** What each owner has sent and has not left, by window and key. */
  readonly #runs: RecordBatch[][];
  /** Up to which watermark each owner has sent all it has, ms. */
  readonly #passed: number[];
  /** Results of windows that all owners have passed, in order. */
  #ready: RecordBatch[] = [];
  #left = -Infinity;
  #windows = 0;
  #lastEnd = NaN;

  /** Results of so many owners, with so many key columns. */
  constructor(owners: number, keys: number) {
    this.#keys = keys;
    this.#runs = Array.from({ length: owners }, () => []);
    this.#passed = Array.from({ length: owners }, () => -Infinity);
  }

  /** Windows that have left. */
  get windows(): number {
    return this.#windows;
  }

  /** Watermark up to which windows have left, ms. */
  get watermark(): number {
    return this.#left;
  }

  /** Takes results of an owner; windows that have left before come again after a loss. */
  add(owner: number, batch: RecordBatch): void {
    const fresh = firstAfter(batch, this.#left);
    if (fresh < batch.length) this.#runs[owner].push(fresh === 0 ? batch : batch.slice(fresh));
  }

  /** The owner has sent all results of windows that end at or before the watermark. */
  passed(owner: number, watermark: number): void {
    this.#passed[owner] = watermark;
  }

  /** The next results that may leave. */
  take(): RecordBatch | undefined {
    const watermark = Math.min(...this.#passed);
    if (watermark > this.#left) this.#release(watermark);
    const next = this.#ready.shift();
    return next && this.#counted(next);
  }

  /** Makes ready what belongs to windows that end at or before a watermark. */
  #release(watermark: number): void {
    this.#left = watermark;
    const runs = this.#runs.map((run, owner) => {
      this.#runs[owner] = run.map((batch) => batch.slice(firstAfter(batch, watermark)))
        .filter(({ length }) => length > 0);
      return until(run, watermark);
    }).filter(({ length }) => length > 0);
    // What comes of one owner alone is in order as it is.
    if (runs.length === 1) this.#ready.push(...runs[0]);
    else if (runs.length > 1) this.#ready.push(this.#merged(runs));
  }

  #merged(runs: readonly (readonly RecordBatch[])[]): RecordBatch {
    const all = RecordBatch.concat(runs.flat());
    let rows = 0;
    const ends = runs.map((run) => rows += run.reduce((sum, { length }) => sum + length, 0));
    return all.take(mergeRuns(ends, windowOrder(all, this.#keys)));
  }

  #counted(batch: RecordBatch): RecordBatch {
    const ends = batch.columnAt(WINDOW_END).values as BigInt64Array;
    for (let row = 0; row < batch.length;) {
      const end = Number(ends[row]);
      if (end !== this.#lastEnd) this.#windows++;
      this.#lastEnd = end;
      // They are in order: those of one window stand together.
      row += countLeading(batch.length - row, (ahead) => Number(ends[row + ahead]) === end);
    }
    return batch;
  }

  /**
   * Forgets what came after a checkpoint at this watermark: it will come again. With `repeats` what
   * has left since then leaves again too.
   */
  rewind(watermark: number, { repeats }: { repeats: boolean }): void {
    this.#passed.fill(watermark);
    this.#runs.forEach((run, owner) => this.#runs[owner] = until(run, watermark));
    if (!repeats) return;
    this.#left = Math.min(this.#left, watermark);
    this.#ready = until(this.#ready, watermark);
  }
}

/** The rows whose windows end at or before the watermark. */
function until(run: readonly RecordBatch[], watermark: number): RecordBatch[] {
  return run.map((batch) => {
    const end = firstAfter(batch, watermark);
    return end === batch.length ? batch : batch.slice(0, end);
  }).filter(({ length }) => length > 0);
}

/** The first row whose window ends after the watermark; rows are in the order of windows. */
function firstAfter(batch: RecordBatch, watermark: number): number {
  const ends = batch.columnAt(WINDOW_END).values as BigInt64Array;
  return countLeading(batch.length, (row) => Number(ends[row]) <= watermark);
}
