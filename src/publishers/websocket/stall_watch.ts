import type { Cancel, Runtime } from "../../runtime/runtime.ts";

/** What is watched. */
export interface StallWatchOptions {
  readonly runtime: Runtime;
  /** How long nothing may happen. */
  readonly timeoutMs: () => number;
  /** Whether something is waited for at all. */
  readonly isWaiting: () => boolean;
  /** Told when nothing has happened for that long. */
  readonly stalled: () => void;
}

/** Sees when nothing happens for too long; one timer runs, however often something does. */
export class StallWatch implements Disposable {
  readonly #options: StallWatchOptions;
  #cancel: Cancel | undefined;
  #lastMs = 0;

  /** Watches nothing yet. */
  constructor(options: StallWatchOptions) {
    this.#options = options;
  }

  /** From now on something is waited for, unless that was so before. */
  begin(): void {
    const { isWaiting, runtime, timeoutMs } = this.#options;
    if (!isWaiting()) this.#lastMs = runtime.monotonicMs();
    if (!this.#cancel) this.#arm(timeoutMs());
  }

  /** Something has happened. */
  progressed(): void {
    this.#lastMs = this.#options.runtime.monotonicMs();
  }

  /** From now on less patience is to be had: what has happened before does not count. */
  hurry(): void {
    if (!this.#cancel) return;
    this.#cancel();
    this.progressed();
    this.#arm(this.#options.timeoutMs());
  }

  /** Watches no more. */
  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(delayMs: number): void {
    this.#cancel = this.#options.runtime.after(delayMs, () => this.#look(), { background: true });
  }

  #look(): void {
    const { isWaiting, stalled, runtime, timeoutMs } = this.#options;
    this.#cancel = undefined;
    if (!isWaiting()) return;
    const restMs = this.#lastMs + timeoutMs() - runtime.monotonicMs();
    if (restMs <= 0) {
      this.progressed();
      stalled();
    }
    if (isWaiting()) this.#arm(restMs > 0 ? restMs : timeoutMs());
  }
}
