/** Ends waits for what does not hear of an abort. */
export class Stop implements Disposable {
  readonly #signal: AbortSignal | undefined;
  readonly #aborted = Promise.withResolvers<never>();
  readonly #abort = () => this.#aborted.reject(this.#signal?.reason);

  /** A stop by a signal; without one it never comes. */
  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#aborted.promise.catch(() => {}); // told to those who wait
    signal?.addEventListener("abort", this.#abort);
  }

  /** As the promise, but rejects with the signal's reason when that is aborted before. */
  or<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#aborted.promise]);
  }

  /** Hears no more of the signal. */
  [Symbol.dispose](): void {
    this.#signal?.removeEventListener("abort", this.#abort);
  }
}
