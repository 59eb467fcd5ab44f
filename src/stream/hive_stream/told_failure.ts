/** Why a stream has failed, if it has, and whether somebody knows. */
export class ToldFailure {
  #error: Error | undefined;
  /** Whether a call of the user's was rejected with it. */
  #isTold = false;

  /** Why it has failed. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** It has failed; the first reason counts. */
  set(error: Error): void {
    this.#error ??= error;
  }

  /** Throws it to whoever calls, and knows then. */
  check(): void {
    if (this.#error) this.rethrow(this.#error);
  }

  /** Throws an error that was caught, noting that its caller knows where it is this one. */
  readonly rethrow = (error: unknown): never => {
    if (this.#error && error === this.#error) this.#isTold = true;
    throw error;
  };

  /** What somebody waits for, who is told of the failure instead if nobody was before. */
  async unlessTold<T>(ending: Promise<T>): Promise<T> {
    const ended = await ending;
    if (!this.#isTold) this.check();
    return ended;
  }
}
