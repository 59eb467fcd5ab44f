import type { RecordBatch } from "../../batch/record_batch.ts";

/** Batches between who makes them and who reads them, of so many rows that one may wait for room. */
export class BatchQueue {
  readonly #maxRows: number;
  readonly #batches: RecordBatch[] = [];
  #rows = 0;
  #end: { readonly error?: unknown } | undefined;
  #isLeft = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  /** An empty queue, which is full with so many rows. */
  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  /** Whether nobody reads any more. */
  get isLeft(): boolean {
    return this.#isLeft;
  }

  /** Adds a batch; resolves when there is room for another, or nobody reads any more. */
  async put(batch: RecordBatch): Promise<void> {
    if (this.#isLeft) return;
    this.#batches.push(batch);
    this.#rows += batch.length;
    this.#wakeReader?.();
    while (this.#rows >= this.#maxRows && !this.#isLeft) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
  }

  /** Nothing more comes; with an error, that is thrown behind what has come. */
  end(end: { readonly error?: unknown } = {}): void {
    this.#end ??= end;
    this.#wakeReader?.();
  }

  /** Nobody reads any more. */
  leave(): void {
    this.#isLeft = true;
    this.#batches.length = 0;
    this.#rows = 0;
    this.#wakeWriter?.();
    this.#wakeReader?.();
  }

  /** The next batch; `undefined` at the end. */
  async take(): Promise<RecordBatch | undefined> {
    while (this.#batches.length === 0) {
      if (this.#isLeft) return undefined;
      if (this.#end && "error" in this.#end) throw this.#end.error;
      if (this.#end) return undefined;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    const batch = this.#batches.shift()!;
    this.#rows -= batch.length;
    this.#wakeWriter?.();
    return batch;
  }
}
