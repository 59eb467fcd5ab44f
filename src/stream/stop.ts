/** Ends waits for what does not hear of an abort. */
export class Stop implements Disposable {
  readonly #signal: AbortSignal | undefined;
  /** Who waits: of a promise that never settles nothing may be kept when the wait is over. */
  readonly #waiting = new Set<(reason: unknown) => void>();
  readonly #abort = () => {
    for (const reject of this.#waiting) reject(this.#signal?.reason);
  };

  /** A stop by a signal; without one it never comes. */
  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort);
  }

  /** As the promise, but rejects with the signal's reason when that is aborted before. */
  or<T>(promise: Promise<T>): Promise<T> {
    if (!this.#signal) return promise;
    const { promise: either, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    promise.then((value) => {
      this.#waiting.delete(reject);
      resolve(value);
    }, (error) => {
      this.#waiting.delete(reject);
      reject(error);
    });
    if (this.#signal.aborted) reject(this.#signal.reason);
    return either;
  }

  /** Hears no more of the signal. */
  [Symbol.dispose](): void {
    this.#signal?.removeEventListener("abort", this.#abort);
  }
}
