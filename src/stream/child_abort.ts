/**
 * A signal that is aborted with another one, or by itself; that one keeps nothing of it once it is
 * disposed of, as it does of each signal that `AbortSignal.any()` makes.
 */
export class ChildAbort implements Disposable {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #follow = () => this.#controller.abort(this.#parent?.reason);

  /** A child of that signal, or of none. */
  constructor(parent: AbortSignal | undefined) {
    this.#parent = parent;
    if (parent?.aborted) this.#follow();
    else parent?.addEventListener("abort", this.#follow);
  }

  /** Aborted with its parent, or when it is told. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts this one alone. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** Hears no more of the parent. */
  [Symbol.dispose](): void {
    this.#parent?.removeEventListener("abort", this.#follow);
  }
}
