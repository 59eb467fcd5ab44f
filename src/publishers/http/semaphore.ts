import { Stop } from "../../stream/stop.ts";

/** Lets so many in at once, in the order in which they came. */
export class Semaphore {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;
  #empty = Promise.withResolvers<void>();

  /** With nobody inside. */
  constructor(most: number) {
    this.#most = most;
    this.#empty.resolve();
  }

  /** Resolves when all that came by then have left. */
  get left(): Promise<void> {
    return this.#empty.promise;
  }

  /** Does this when there is room; rejects with the signal's reason when that is aborted before. */
  async pass<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#inside === 0) this.#empty = Promise.withResolvers<void>();
    if (this.#inside++ >= this.#most) await this.#room(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #room(signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    using stop = new Stop(signal);
    try {
      await stop.or(promise);
    } catch (reason) {
      const at = this.#waiting.indexOf(resolve);
      if (at >= 0) this.#waiting.splice(at, 1);
      else this.#waiting.shift()?.(); // its turn had come
      if (--this.#inside === 0) this.#empty.resolve();
      throw reason;
    }
  }

  #leave(): void {
    this.#waiting.shift()?.();
    if (--this.#inside === 0) this.#empty.resolve();
  }
}
