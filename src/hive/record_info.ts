/** What a function is told about the record that it is called with. */
export class RecordInfo {
  /** The key that the record was submitted with. */
  readonly key: string;
  /** The plain data given as `context` at the start. */
  readonly context: unknown;
  readonly #parent: AbortSignal;
  #controller: AbortController | undefined;
  #signal: AbortSignal | undefined;

  /** Made by the bee. */
  constructor(key: string, context: unknown, parent: AbortSignal) {
    this.key = key;
    this.context = context;
    this.#parent = parent;
  }

  /** Aborts when the record took too long, or the stream stops without draining. */
  get signal(): AbortSignal {
    // Made on demand: most functions never ask, and a controller costs more than they do.
    this.#controller ??= new AbortController();
    return this.#signal ??= AbortSignal.any([this.#controller.signal, this.#parent]);
  }

  /** Tells the function, if it listens now or later, that nobody waits for it any more. */
  static abort(info: RecordInfo, reason: Error): void {
    info.#controller ??= new AbortController();
    info.#controller.abort(reason);
  }
}
