/**
 * A signal that is aborted with any of others, or by itself; these keep nothing of it once it is
 * disposed of, as they do of each signal that `AbortSignal.any()` makes.
 */
export class ChildAbort implements Disposable {
  readonly #controller = new AbortController();
  readonly #parents: readonly (AbortSignal | undefined)[];
  readonly #follow = () => {
    this.#controller.abort(this.#parents.find((parent) => parent?.aborted)?.reason);
  };

  /** A child of those signals that there are. */
  constructor(...parents: readonly (AbortSignal | undefined)[]) {
    this.#parents = parents;
    if (parents.some((parent) => parent?.aborted)) this.#follow();
    else for (const parent of parents) parent?.addEventListener("abort", this.#follow);
  }

  /** Aborted with one of its parents, or when it is told. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts this one alone. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** Hears no more of its parents. */
  [Symbol.dispose](): void {
    for (const parent of this.#parents) parent?.removeEventListener("abort", this.#follow);
  }
}
