import type { WorkBatch } from "./work_batch.ts";

const PARKED_PER_RUNNING = 4;

/** One row of a batch. */
export interface Row {
  readonly batch: WorkBatch;
  readonly row: number;
}

/**
 * Which records of an asynchronous function may run now: at most `concurrency` at a time, and of
 * one key only one, in order.
 */
export class KeyOrder {
  readonly #concurrency: number;
  /** By key hash of a running record, those that wait for it, oldest first. */
  readonly #running = new Map<number, Row[]>();
  #parked = 0;

  /** At most `concurrency` records run at once. */
  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** How many records run. */
  get running(): number {
    return this.#running.size;
  }

  /** Whether another record may be taken up, to run or to wait for its key. */
  get hasRoom(): boolean {
    return this.#running.size < this.#concurrency &&
      this.#parked < PARKED_PER_RUNNING * this.#concurrency;
  }

  /** Parks the row behind a running one of its key; false when there is none. */
  park(row: Row): boolean {
    const waiting = this.#running.get(hashOf(row));
    if (!waiting) return false;
    waiting.push(row);
    this.#parked++;
    return true;
  }

  /** The row's promise is pending from now on. */
  begin(row: Row): void {
    if (!this.#running.has(hashOf(row))) this.#running.set(hashOf(row), []);
  }

  /** The row's promise has settled; returns the row of the same key that may start now. */
  end(row: Row): Row | undefined {
    const waiting = this.#running.get(hashOf(row));
    const next = waiting?.shift();
    if (next) this.#parked--;
    else this.#running.delete(hashOf(row));
    return next;
  }
}

function hashOf({ batch, row }: Row): number {
  return batch.hashes[row];
}
