import type { Cancel, Runtime } from "../../runtime/runtime.ts";

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
  /** When it stops waiting, on the runtime's clock. */
  readonly untilMs: number;
}

/** Finished results that nobody has read yet, and readers that wait for one. */
export class ResultQueue<Out> {
  readonly #runtime: Runtime;
  // Two plain arrays and a head: an object per result would be made for those who never see it.
  #keys: string[] = [];
  #values: Out[] = [];
  #head = 0;
  #readers: Reader<Out>[] = [];
  // One timer for all: most readers are served long before it fires, and setting one for each
  // would cost more than the rest of a read.
  #timer: { readonly dueMs: number; readonly cancel: Cancel } | undefined;
  #ended = false;

  /** An empty queue whose waits are timed by `runtime`. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Results that can be read now. */
  get length(): number {
    return this.#values.length - this.#head;
  }

  /** Adds a result, or hands it to the reader that has waited longest. */
  push(key: string, result: Out): void {
    if (this.#readers.length > 0) {
      this.#readers.shift()!.give({ key, result });
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
    const untilMs = this.#runtime.monotonicMs() + timeoutMs;
    this.#callAt(untilMs);
    return new Promise((give) => this.#readers.push({ give, untilMs }));
  }

  /** No more results will come: who waits is told so. */
  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const reader of this.#readers.splice(0)) reader.give(undefined);
  }

  /** Sees to it that the timer fires at that time, or before. */
  #callAt(dueMs: number): void {
    if (dueMs === Infinity || (this.#timer && this.#timer.dueMs <= dueMs)) return;
    this.#timer?.cancel();
    const delayMs = Math.max(0, dueMs - this.#runtime.monotonicMs());
    this.#timer = { dueMs, cancel: this.#runtime.after(delayMs, () => this.#expire()) };
  }

  /** Ends the waits whose time has come, and waits for the next. */
  #expire(): void {
    this.#timer = undefined;
    const nowMs = this.#runtime.monotonicMs();
    const waiting = this.#readers;
    this.#readers = waiting.filter(({ untilMs }) => untilMs > nowMs);
    this.#callAt(this.#readers.reduce((least, { untilMs }) => Math.min(least, untilMs), Infinity));
    for (const { give, untilMs } of waiting) if (untilMs <= nowMs) give(undefined);
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
