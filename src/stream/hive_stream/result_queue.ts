import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import { Fifo } from "../fifo.ts";

const CHUNK = 1024;

/** A result with the key of its record. */
export interface KeyedResult<Out> {
  /** The key that the record was submitted with. */
  readonly key: string;
  /** The result. */
  readonly result: Out;
}

/** Results that came together: values, and the key of the first of them by its place. */
interface Chunk<Out> {
  readonly values: readonly (Out | undefined)[];
  readonly keys: readonly string[];
  readonly keysFrom: number;
}

interface Reader<Out> {
  readonly give: (result: KeyedResult<Out> | undefined) => void;
  /** When it stops waiting, on the runtime's clock. */
  readonly untilMs: number;
}

/** Finished results that nobody has read yet, and readers that wait for one. */
export class ResultQueue<Out> {
  readonly #runtime: Runtime;
  // Results stay in the arrays in which they came, and leave by number: putting each into a line of
  // its own, or an object per result, would cost more than the rest of a read.
  readonly #chunks = new Fifo<Chunk<Out>>();
  /** The chunk that is read, and the next result in it. */
  #chunk: Chunk<Out> = { values: [], keys: [], keysFrom: 0 };
  #at = 0;
  /** The last chunk, while single results may join it. */
  #open: { readonly values: Out[]; readonly keys: string[] } | undefined;
  #length = 0;
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
    return this.#length;
  }

  /** Adds a result, or hands it to the reader that has waited longest. */
  push(key: string, result: Out): void {
    if (this.#readers.length > 0) {
      this.#readers.shift()!.give({ key, result });
      return;
    }
    this.#length++;
    if (this.#open === undefined || this.#open.values.length === CHUNK) {
      this.#open = { values: [], keys: [] };
      this.#chunks.push({ ...this.#open, keysFrom: 0 });
    }
    this.#open.values.push(result);
    this.#open.keys.push(key);
  }

  /**
   * Adds results, which must not change any more, with their keys from `keysFrom` on; `undefined`
   * is given as null.
   */
  pushAll(chunk: Chunk<Out>): void {
    const { values, keys, keysFrom } = chunk;
    let given = 0;
    for (; given < values.length && this.#readers.length > 0; given++) {
      this.push(keys[keysFrom + given], (values[given] ?? null) as Out);
    }
    if (given === values.length) return;
    this.#length += values.length - given;
    this.#open = undefined;
    this.#chunks.push(
      given === 0 ? chunk : { values: values.slice(given), keys, keysFrom: keysFrom + given },
    );
  }

  /** Takes the oldest result's value. Only when there is one. */
  shiftValue(): Out {
    if (this.#at === this.#chunk.values.length) this.#turn();
    this.#length--;
    return (this.#chunk.values[this.#at++] ?? null) as Out;
  }

  /** Goes on to the next chunk. */
  #turn(): void {
    this.#chunk = this.#chunks.shift()!;
    this.#at = 0;
    if (this.#chunk.values === this.#open?.values) this.#open = undefined;
  }

  /** Takes the oldest result with its key, if there is one. */
  shift(): KeyedResult<Out> | undefined {
    if (this.#length === 0) return undefined;
    const result = this.shiftValue();
    const { keys, keysFrom } = this.#chunk;
    return { key: keys[keysFrom + this.#at - 1], result };
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
}
