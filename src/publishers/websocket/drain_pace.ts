import type { Cancel, Runtime } from "../../runtime/runtime.ts";

/** A wait that would be shorter goes by turns of the event loop: timers are no finer. */
const SHORTEST_MS = 2;
const LONGEST_MS = 16;

/**
 * When to look again at bytes that are being sent: sockets tell nobody when they are. It is when they
 * will be few enough at the rate at which they have gone, at once where that is soon or not known
 * yet, and after 16 ms where nothing goes.
 */
export class DrainPace {
  readonly #runtime: Runtime;
  /** Bytes that have gone each millisecond, the last time. */
  #rate = 0;
  #limitBytes = 0;
  #startMs = 0;
  #startBytes = 0;
  #lastBytes = 0;
  #progressMs = 0;

  /** A pace of which nothing is known yet. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Begins to wait: for so many bytes to become as few as a limit. */
  begin(bytes: number, limitBytes: number): void {
    this.#limitBytes = limitBytes;
    this.#startMs = this.#progressMs = this.#runtime.monotonicMs();
    this.#startBytes = this.#lastBytes = bytes;
  }

  /** For how long nothing has gone, ms. */
  stalledMs(bytes: number): number {
    const nowMs = this.#runtime.monotonicMs();
    if (bytes < this.#lastBytes) this.#progressMs = nowMs;
    this.#lastBytes = bytes;
    return nowMs - this.#progressMs;
  }

  /** A wait until it is worth another look at what are so many bytes now. */
  pause(bytes: number): { readonly promise: Promise<void>; readonly cancel: Cancel } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waitMs = this.#waitMs(bytes);
    if (waitMs >= SHORTEST_MS) return { promise, cancel: this.#runtime.after(waitMs, resolve) };
    this.#runtime.soon(resolve);
    return { promise, cancel: () => {} };
  }

  #waitMs(bytes: number): number {
    const elapsedMs = this.#runtime.monotonicMs() - this.#startMs;
    if (elapsedMs >= SHORTEST_MS) this.#rate = (this.#startBytes - bytes) / elapsedMs;
    else if (this.#rate === 0) return 0;
    return Math.min(LONGEST_MS, (bytes - this.#limitBytes) / this.#rate);
  }
}
