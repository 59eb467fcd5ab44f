import type { Runtime } from "../../../runtime/runtime.ts";
import { delay } from "../../../stream/delay.ts";
import { RetryPolicy } from "../../../stream/retry_policy.ts";

/** How long what failed in passing is left alone: 50 ms to 1 s, with jitter. */
export const BACKOFF: RetryPolicy = new RetryPolicy({ initialBackoff: 50, maxBackoff: 1_000 });

/** What {@linkcode Attempts} need. */
export interface AttemptsOptions {
  readonly runtime: Runtime;
  /** For how long it is tried, ms. */
  readonly forMs: number;
  readonly signal?: AbortSignal;
  readonly backoff?: RetryPolicy;
}

/** Attempts at what may fail in passing, up to a time. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #untilMs: number;
  #failed = 0;

  /** From now on. */
  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#untilMs = options.runtime.monotonicMs() + options.forMs;
  }

  /** How long is left, ms. */
  get leftMs(): number {
    return Math.max(1, this.#untilMs - this.#options.runtime.monotonicMs());
  }

  /** Waits before the next attempt; `false` when the time is up. */
  async again(): Promise<boolean> {
    const { runtime, signal, backoff = BACKOFF } = this.#options;
    const waitMs = backoff.delayMs(++this.#failed, () => runtime.random());
    if (runtime.monotonicMs() + waitMs >= this.#untilMs) return false;
    await delay(runtime, waitMs, signal);
    return true;
  }
}
