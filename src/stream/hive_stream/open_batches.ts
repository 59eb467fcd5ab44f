import type { SealedBatch, WorkQueue } from "../../hive/work_queue.ts";
import { BatchFiller, type BatchFillerOptions } from "./batch_filler.ts";

/** Options of {@linkcode OpenBatches}. */
export interface OpenBatchesOptions extends Pick<BatchFillerOptions, "sendKeys" | "sequence"> {
  /** The longest frame that a bee can be sent, which is known once there are bees. */
  readonly maxFrameBytes: () => number;
  /** Now, monotonic ms. */
  readonly nowMs: () => number;
}

/** Batches that are being filled, one for each key group and priority, until they leave for the queue. */
export class OpenBatches {
  readonly #queue: WorkQueue;
  readonly #options: OpenBatchesOptions;
  readonly #fillers: BatchFiller[] = [];
  readonly #filled = new Set<BatchFiller>();
  readonly #sealedMs = new WeakMap<SealedBatch, number>();
  #order = 0;
  #isDue = false;

  /** None yet, of those that leave for a queue. */
  constructor(queue: WorkQueue, options: OpenBatchesOptions) {
    this.#queue = queue;
    this.#options = options;
  }

  /** Whether there are records whose batch has not left. */
  get hasAny(): boolean {
    return this.#filled.size > 0;
  }

  /** Whether batches may leave before they are full. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** When a batch left, monotonic ms. */
  sealedMs(batch: SealedBatch): number | undefined {
    return this.#sealedMs.get(batch);
  }

  /** What takes records of a key group and priority. */
  fillerOf(group: number, priority: boolean): BatchFiller {
    const at = 2 * group + (priority ? 1 : 0);
    return this.#fillers[at] ??= this.#filler(group, priority);
  }

  #filler(group: number, priority: boolean): BatchFiller {
    const { sendKeys, sequence, maxFrameBytes } = this.#options;
    return new BatchFiller({
      group,
      priority,
      sendKeys,
      sequence,
      maxFrameBytes: maxFrameBytes(),
    });
  }

  /** A batch has its first record. */
  opened(filler: BatchFiller): void {
    this.#filled.add(filler);
  }

  /** A batch is full: it leaves. */
  full(filler: BatchFiller): void {
    this.#filled.delete(filler);
    this.#seal(filler);
  }

  /** Lets batches leave before they are full, from now on until none is left. */
  callIn(): void {
    this.#isDue ||= this.#filled.size > 0;
  }

  /** Lets the oldest batch leave that a bee may have; whether there was one. */
  sealFor(bee: number, priority: boolean): boolean {
    for (const filler of this.#filled) {
      if (filler.priority !== priority || !this.#queue.isFreeFor(filler.group, bee)) continue;
      this.#filled.delete(filler);
      if (this.#filled.size === 0) this.#isDue = false;
      this.#seal(filler);
      return true;
    }
    return false;
  }

  #seal(filler: BatchFiller): void {
    // What was submitted here with high priority must not be overtaken by a later one of its key.
    const urgent = filler.priority ? undefined : this.#fillers[2 * filler.group + 1];
    if (urgent && this.#filled.delete(urgent)) this.#seal(urgent);
    const batch = filler.seal(this.#order++);
    this.#sealedMs.set(batch, this.#options.nowMs());
    this.#queue.enqueue({ batch, from: 0, to: batch.rows, losses: 0 });
  }
}
