import { delay } from "../../stream/delay.ts";
import { Stop } from "../../stream/stop.ts";
import type { Runtime } from "../../runtime/runtime.ts";

/** A clock that can be stopped, and waits by it. */
export class StreamClock {
  readonly #runtime: Runtime;
  #stoodMs = 0;
  #stoppedMs: number | undefined;
  #going: { promise: Promise<void>; resolve: () => void } | undefined;

  /** Goes with the monotonic clock. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Whether it stands. */
  get isStopped(): boolean {
    return this.#stoppedMs !== undefined;
  }

  /** Milliseconds from an arbitrary start, without the time that it stood. */
  now(): number {
    return (this.#stoppedMs ?? this.#runtime.monotonicMs()) - this.#stoodMs;
  }

  /** Stands still from now on. */
  stop(): void {
    this.#stoppedMs ??= this.#runtime.monotonicMs();
    this.#going ??= Promise.withResolvers<void>();
  }

  /** Goes on. */
  go(): void {
    if (this.#stoppedMs === undefined) return;
    this.#stoodMs += this.#runtime.monotonicMs() - this.#stoppedMs;
    this.#stoppedMs = undefined;
    this.#going?.resolve();
    this.#going = undefined;
  }

  /** Resolves when it goes; rejects with the signal's reason when that is aborted before. */
  async going(signal?: AbortSignal): Promise<void> {
    if (!this.#going) return;
    using stop = new Stop(signal);
    await stop.or(this.#going.promise);
  }

  /** Resolves after a time of the process, or when the clock is stopped or aborted by then. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    await this.going(signal);
    await delay(this.#runtime, ms, signal);
  }

  /**
   * Blocks the thread for a time: what a loop that is not asynchronous waits with.
   *
   * @throws {Error} when the clock stands, for then it would be for ever.
   */
  block(ms: number): void {
    if (this.isStopped) {
      throw new Error(
        "Cannot wait in a loop of a stream that is paused: take the batches by for await, or resume()",
      );
    }
    const cells = new Int32Array(this.#runtime.sharedMemory(4));
    this.#runtime.wait(cells, 0, 0, ms);
  }
}
