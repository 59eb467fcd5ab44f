import type { Cancel, Runtime } from "../runtime/runtime.ts";

const COMPACT_AFTER = 4096;

/** A result with the key of its record. */
export interface KeyedResult<Out> {
  /** The key that the record was submitted with. */
  readonly key: string;
  /** The result. */
  readonly result: Out;
}

interface Reader<Out> {
  readonly give: (result: KeyedResult<Out> | undefined) => void;
  cancel: Cancel;
}

/** Finished results that nobody has read yet, and readers that wait for one. */
export class ResultQueue<Out> {
  readonly #runtime: Runtime;
  // Two plain arrays and a head: an object per result would be made for those who never see it.
  #keys: string[] = [];
  #values: Out[] = [];
  #head = 0;
  #readers: Reader<Out>[] = [];
  #ended = false;

  /** An empty queue whose waits are timed by `runtime`. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Results that can be read now. */
  get length(): number {
    return this.#values.length - this.#head;
  }

  /** Whether someone waits for a result. */
  get isAwaited(): boolean {
    return this.#readers.length > 0;
  }

  /** Adds a result, or hands it to the reader that has waited longest. */
  push(key: string, result: Out): void {
    const reader = this.#readers.shift();
    if (reader) {
      reader.cancel();
      reader.give({ key, result });
      return;
    }
    this.#keys.push(key);
    this.#values.push(result);
  }

  /** Takes the oldest result's value. Only when there is one. */
  shiftValue(): Out {
    const head = this.#head++;
    const value = this.#values[head];
    this.#values[head] = undefined as Out;
    this.#compact();
    return value;
  }

  /** Takes the oldest result with its key, if there is one. */
  shift(): KeyedResult<Out> | undefined {
    if (this.length === 0) return undefined;
    const key = this.#keys[this.#head];
    return { key, result: this.shiftValue() };
  }

  /** The next result; `undefined` when none came in time, or none will ever come. */
  next(timeoutMs: number): Promise<KeyedResult<Out> | undefined> {
    const ready = this.shift();
    if (ready || this.#ended) return Promise.resolve(ready);
    return new Promise((resolve) => {
      const reader: Reader<Out> = { give: resolve, cancel: () => {} };
      this.#readers.push(reader);
      if (timeoutMs === Infinity) return;
      reader.cancel = this.#runtime.after(timeoutMs, () => {
        this.#readers = this.#readers.filter((each) => each !== reader);
        resolve(undefined);
      });
    });
  }

  /** No more results will come: who waits is told so. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers.splice(0)) {
      reader.cancel();
      reader.give(undefined);
    }
  }

  #compact(): void {
    if (this.#head < this.#values.length) {
      if (this.#head < COMPACT_AFTER || 2 * this.#head < this.#values.length) return;
    }
    this.#keys = this.#keys.slice(this.#head);
    this.#values = this.#values.slice(this.#head);
    this.#head = 0;
  }
}
