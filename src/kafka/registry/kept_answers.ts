import { Stop } from "../../stream/stop.ts";

/** What is being asked for, and for how many. */
interface Call<T> {
  readonly answer: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Answers by what was asked: who asks for what is being asked for shares the call, and so many answers
 * are kept, those that were wanted last.
 */
export class KeptAnswers<T extends object | number> {
  readonly #most: number;
  readonly #kept = new Map<string, T>();
  readonly #calls = new Map<string, Call<T>>();

  /** Keeps so many; 0: none, calls are shared all the same. */
  constructor(most: number) {
    this.#most = most;
  }

  /** An answer that is kept. */
  known(key: string): T | undefined {
    const kept = this.#kept.get(key);
    if (kept !== undefined) this.keep(key, kept);
    return kept;
  }

  /** Keeps an answer, in the place of the one that was wanted longest ago. */
  keep(key: string, answer: T): void {
    if (this.#most === 0) return;
    this.#kept.delete(key);
    this.#kept.set(key, answer);
    if (this.#kept.size <= this.#most) return;
    const [oldest] = this.#kept.keys();
    this.#kept.delete(oldest);
  }

  /**
   * The answer, asked for unless it is known. A call ends when nobody waits for it any more.
   *
   * @throws what asking throws, which is not kept; the signal's reason when that is aborted before.
   */
  async get(
    key: string,
    ask: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted();
    const kept = this.known(key);
    if (kept !== undefined) return kept;
    const call = this.#calls.get(key) ?? this.#begin(key, ask);
    call.waiting++;
    using stop = new Stop(signal);
    try {
      return await stop.or(call.answer);
    } finally {
      if (--call.waiting === 0) this.#end(key, call);
    }
  }

  #begin(key: string, ask: (signal: AbortSignal) => Promise<T>): Call<T> {
    const controller = new AbortController();
    const call = { answer: ask(controller.signal), controller, waiting: 0 };
    this.#calls.set(key, call);
    call.answer.then((answer) => {
      this.keep(key, answer);
      this.#forget(key, call);
    }, () => this.#forget(key, call));
    return call;
  }

  #end(key: string, call: Call<T>): void {
    this.#forget(key, call);
    call.controller.abort();
  }

  #forget(key: string, call: Call<T>): void {
    if (this.#calls.get(key) === call) this.#calls.delete(key);
  }
}
