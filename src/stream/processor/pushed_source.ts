import {
  type PlacedRecord,
  ProcessorColumns,
  type ProcessorColumnsOptions,
} from "./processor_columns.ts";
import type { Source, SourceBatch } from "../source.ts";

/** Rows that are worth a batch: until then nothing waits for them. */
const BATCH_ROWS = 1024;

/** A source of records that are pushed into it. */
export class PushedSource implements Source {
  readonly name = "pushed records";
  readonly #columns: ProcessorColumns;
  /** Rows that wait to be read, in the order in which they came. */
  #sealed: SourceBatch[] = [];
  #hasEnded = false;
  #wake: (() => void) | undefined;
  #relieved: (() => void)[] = [];
  #waiting = 0;

  /** A source without records. */
  constructor(options: ProcessorColumnsOptions) {
    this.#columns = new ProcessorColumns(options);
  }

  /** Records that were pushed and not yet read. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Takes a record.
   *
   * @throws {TypeError | StreamingError} as {@linkcode ProcessorColumns.add}.
   */
  push(record: PlacedRecord): void {
    this.#columns.add(record);
    this.#waiting++;
    if (this.#columns.length >= BATCH_ROWS) this.seal();
  }

  /** What was pushed is to be read now; `watermark`: none older follows. */
  seal(watermark?: number): void {
    if (this.#columns.length > 0) this.#sealed.push({ batch: this.#columns.finish() });
    if (watermark !== undefined) this.#sealed.push({ watermark });
    this.#wake?.();
  }

  /** No more records will come. */
  end(): void {
    this.#hasEnded = true;
    this.seal();
  }

  /** Resolves when fewer records than that wait to be read, or nobody reads them any more. */
  async room(most: number): Promise<void> {
    while (this.#waiting >= most && !this.#hasEnded) {
      this.seal();
      await new Promise<void>((resolve) => this.#relieved.push(resolve));
    }
  }

  /** Nothing of what waits is to be read any more, and nothing waits for room. */
  abandon(): void {
    this.#hasEnded = true;
    this.#sealed = [];
    this.#relieve();
    this.#wake?.();
  }

  /** Begins to read. */
  open(): AsyncIterable<SourceBatch> {
    const iterator: AsyncIterator<SourceBatch> = {
      next: () => this.#next(),
      return: () => {
        this.abandon();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  async #next(): Promise<IteratorResult<SourceBatch>> {
    while (this.#sealed.length === 0) {
      if (this.#hasEnded) return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const value = this.#sealed.shift()!;
    this.#waiting -= value.batch?.length ?? 0;
    this.#relieve();
    return { done: false, value };
  }

  #relieve(): void {
    const relieved = this.#relieved;
    this.#relieved = [];
    for (const resolve of relieved) resolve();
  }
}
