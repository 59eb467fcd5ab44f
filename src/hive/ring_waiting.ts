import type { Waiter, WaitOutcome } from "../runtime/runtime.ts";
import { CELL, openRing, STATE } from "./ring_memory.ts";

/** No sleep is longer than this; after it the state is looked at again, in milliseconds. */
const MAX_SLICE_MS = 1_000;

/**
 * A word that counts wake-ups. A bee that waits for many rings sleeps on one bell, given as the
 * reader's bell of its inputs and the writer's bell of its outputs.
 */
export interface Bell {
  /** The memory of the word, shared when threads are involved. */
  readonly cells: Int32Array;
  /** The index of the word in `cells`. */
  readonly index: number;
}

/** Bells outside of the ring, the same for both of its sides. Default: words inside of it. */
export interface RingBells {
  /** Rung when a frame arrives and the reader sleeps. */
  readonly reader?: Bell;
  /** Rung when room appears and the writer sleeps. */
  readonly writer?: Bell;
}

/** Options of a ring's two sides. */
export interface RingOptions {
  /** Needed to wait; without it only the `try…` calls work. */
  readonly waiter?: Waiter;
  /** Bells outside of the ring. */
  readonly bells?: RingBells;
}

/** Options of waiting without blocking. */
export interface AsyncWaitOptions {
  /** Gives up then, in milliseconds. Default: waits until the ring is closed or abandoned. */
  readonly timeoutMs?: number;
  /** Rejects with its reason when aborted. */
  readonly signal?: AbortSignal;
}

/** One end that can announce its sleep: a `RingReader`, or a `RingWriter` that wants room. */
export interface Sleeper {
  /** Announces the sleep; `false` when there is something to do after all. */
  arm(): boolean;
  /** Takes the announcement back. */
  disarm(): void;
}

/**
 * Where one side of a ring sleeps. Announce (`sleeps` = 1), look again, sleep on the bell; the
 * other side moves its cursor, then looks at `sleeps`, then rings. One of the two sees the other,
 * so no wake-up is lost, and a system call is made only for a side that sleeps.
 */
export class SleepingPlace {
  readonly #cells: Int32Array;
  readonly #sleeps: number;
  readonly #bell: Bell;
  readonly #waiter: Waiter | undefined;

  /** `sleeps` is the index of the flag in `cells`. */
  constructor(cells: Int32Array, sleeps: number, options: { bell: Bell; waiter?: Waiter }) {
    this.#cells = cells;
    this.#sleeps = sleeps;
    this.#bell = options.bell;
    this.#waiter = options.waiter;
  }

  /** Announces that this side is about to sleep. */
  announce(): void {
    Atomics.store(this.#cells, this.#sleeps, 1);
  }

  /** Takes the announcement back. */
  rise(): void {
    Atomics.store(this.#cells, this.#sleeps, 0);
  }

  /** Whether somebody sleeps here; for the other side, after it moved its cursor. */
  get occupied(): boolean {
    return Atomics.load(this.#cells, this.#sleeps) !== 0;
  }

  /** Wakes who sleeps here. */
  wake(): void {
    Atomics.store(this.#cells, this.#sleeps, 0);
    ringBell(this.#bell, this.#waiter);
  }

  /** Blocks until `ready()` or the timeout; gives the last `ready()`. Only sleeping counts as time. */
  block(ready: () => boolean, timeoutMs: number): boolean {
    const waiter = this.#needWaiter();
    for (let leftMs = checkTimeout(timeoutMs);;) {
      const seen = this.#listen();
      if (ready() || leftMs <= 0) return this.#leave(ready);
      const sliceMs = Math.min(leftMs, MAX_SLICE_MS);
      const outcome = waiter.wait(this.#bell.cells, this.#bell.index, seen, sliceMs);
      if (outcome === "timed-out") leftMs -= sliceMs;
    }
  }

  /** As {@linkcode SleepingPlace.block} without blocking; rejects when the signal is aborted. */
  async waitFor(ready: () => boolean, options: AsyncWaitOptions): Promise<boolean> {
    const waiter = this.#needWaiter();
    const { signal, timeoutMs = Infinity } = options;
    using abort = new AbortRace(signal, () => ringBell(this.#bell, waiter));
    for (let leftMs = checkTimeout(timeoutMs);;) {
      if (signal?.aborted) this.rise();
      signal?.throwIfAborted();
      const seen = this.#listen();
      if (ready() || leftMs <= 0) return this.#leave(ready);
      const sliceMs = Math.min(leftMs, MAX_SLICE_MS);
      const sleep = waiter.waitAsync(this.#bell.cells, this.#bell.index, seen, sliceMs);
      const outcome = typeof sleep === "string" ? sleep : await abort.against(sleep);
      if (outcome === "timed-out") leftMs -= sliceMs;
    }
  }

  /** The bell's count must be read before the announcement, or a ring in between goes unheard. */
  #listen(): number {
    const seen = Atomics.load(this.#bell.cells, this.#bell.index);
    this.announce();
    return seen;
  }

  #leave(ready: () => boolean): boolean {
    this.rise();
    return ready();
  }

  #needWaiter(): Waiter {
    if (this.#waiter) return this.#waiter;
    throw new TypeError(
      "Cannot wait on ring buffer: no waiter was given; pass { waiter } or use the try… calls",
    );
  }
}

/** Races sleeps against one abort signal with a single listener. */
class AbortRace implements Disposable {
  readonly #signal: AbortSignal | undefined;
  readonly #listener: () => void;
  #aborted: Promise<"ok"> | undefined;

  constructor(signal: AbortSignal | undefined, wakeSleep: () => void) {
    this.#signal = signal;
    const { promise, resolve } = Promise.withResolvers<"ok">();
    if (signal) this.#aborted = promise;
    this.#listener = () => {
      wakeSleep();
      resolve("ok");
    };
    signal?.addEventListener("abort", this.#listener);
  }

  against<T>(sleep: Promise<T>): Promise<T | "ok"> {
    return this.#aborted ? Promise.race([sleep, this.#aborted]) : sleep;
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener("abort", this.#listener);
  }
}

function checkTimeout(timeoutMs: number): number {
  if (timeoutMs >= 0) return timeoutMs;
  throw new RangeError(
    `Cannot wait on ring buffer: timeoutMs must be 0 or more milliseconds, received ${timeoutMs}`,
  );
}

/** Counts one ring of the bell and wakes all who sleep on it. */
export function ringBell(bell: Bell, waiter?: Waiter): void {
  Atomics.add(bell.cells, bell.index, 1);
  if (waiter) waiter.notify(bell.cells, bell.index);
  else Atomics.notify(bell.cells, bell.index);
}

/**
 * Sleeps once, at most `timeoutMs` (and a second), until one of the ends that share `bell` has
 * something to do; blocks the thread.
 */
export function sleepOn(
  bell: Bell,
  options: { ends: readonly Sleeper[]; waiter: Waiter; timeoutMs: number },
): WaitOutcome {
  const seen = Atomics.load(bell.cells, bell.index);
  const { ends, waiter, timeoutMs } = options;
  const outcome = armAll(ends)
    ? waiter.wait(bell.cells, bell.index, seen, Math.min(checkTimeout(timeoutMs), MAX_SLICE_MS))
    : "not-equal";
  for (const end of ends) end.disarm();
  return outcome;
}

/** As {@linkcode sleepOn} without blocking the thread. */
export async function sleepOnAsync(
  bell: Bell,
  options: { ends: readonly Sleeper[]; waiter: Waiter; timeoutMs: number },
): Promise<WaitOutcome> {
  const seen = Atomics.load(bell.cells, bell.index);
  const { ends, waiter, timeoutMs } = options;
  const sliceMs = Math.min(checkTimeout(timeoutMs), MAX_SLICE_MS);
  const outcome = armAll(ends)
    ? await waiter.waitAsync(bell.cells, bell.index, seen, sliceMs)
    : "not-equal";
  for (const end of ends) end.disarm();
  return outcome;
}

function armAll(ends: readonly Sleeper[]): boolean {
  for (const end of ends) if (!end.arm()) return false;
  return true;
}

/** The sleeping places of a ring's two sides. */
export function sleepingPlaces(
  cells: Int32Array,
  options: RingOptions,
): { reader: SleepingPlace; writer: SleepingPlace } {
  const { waiter, bells } = options;
  const readerBell = bells?.reader ?? { cells, index: CELL.readerBell };
  const writerBell = bells?.writer ?? { cells, index: CELL.writerBell };
  return {
    reader: new SleepingPlace(cells, CELL.readerSleeps, { bell: readerBell, waiter }),
    writer: new SleepingPlace(cells, CELL.writerSleeps, { bell: writerBell, waiter }),
  };
}

/**
 * Gives a ring up because one side was lost: both sides see `"abandoned"` and whoever sleeps is
 * woken. The lost side may write into the memory later, so it must never be used again.
 */
export function abandonRing(memory: ArrayBufferLike, options: RingOptions = {}): void {
  const { cells } = openRing(memory);
  Atomics.store(cells, CELL.state, STATE.abandoned);
  const places = sleepingPlaces(cells, options);
  places.reader.wake();
  places.writer.wake();
}
