/** Something that may have changed: who waits for it looks again. */
export class Changes {
  #next = Promise.withResolvers<void>();

  /** Resolves with the next change. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  /** Something has changed. */
  notify(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }
}
