import type { Cancel, Runtime } from "../../runtime/runtime.ts";

/** A wait that would be shorter goes by turns of the event loop: timers are no finer. */
const SHORTEST_MS = 2;
/** So long a buffer is watched at every turn, to see how fast it drains. */
const FIRST_MS = 2;
const LONGEST_MS = 16;

/**
 * When to look again at bytes that are being sent: sockets tell nobody when they are. It is at once
 * where they will be soon, as they have gone so far, and every 16 ms where nothing goes.
 */
export class DrainPace {
  readonly #runtime: Runtime;
  readonly #limitBytes: number;
  #startMs: number | undefined;
  #startBytes = 0;
  #lastBytes = 0;
  #progressMs = 0;

  /** A pace for the way down to a limit. */
  constructor(runtime: Runtime, limitBytes: number) {
    this.#runtime = runtime;
    this.#limitBytes = limitBytes;
  }

  /** For how long nothing has gone, ms. */
  get stalledMs(): number {
    return this.#startMs === undefined ? 0 : this.#runtime.monotonicMs() - this.#progressMs;
  }

  /** Begins anew: another connection has other bytes. */
  restart(): void {
    this.#startMs = undefined;
  }

  /** A wait until it is worth another look at what are so many bytes now. */
  pause(bytes: number): { readonly promise: Promise<void>; readonly cancel: Cancel } {
    const nowMs = this.#runtime.monotonicMs();
    if (this.#startMs === undefined || bytes > this.#startBytes) {
      this.#startMs = this.#progressMs = nowMs;
      this.#startBytes = this.#lastBytes = bytes;
    }
    if (bytes < this.#lastBytes) this.#progressMs = nowMs;
    this.#lastBytes = bytes;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waitMs = this.#waitMs(nowMs - this.#startMs, bytes);
    if (waitMs >= SHORTEST_MS) return { promise, cancel: this.#runtime.after(waitMs, resolve) };
    this.#runtime.soon(resolve);
    return { promise, cancel: () => {} };
  }

  #waitMs(elapsedMs: number, bytes: number): number {
    if (elapsedMs < FIRST_MS) return 0;
    const perMs = (this.#startBytes - bytes) / elapsedMs;
    return Math.min(LONGEST_MS, (bytes - this.#limitBytes) / perMs);
  }
}
