import { Stop } from "../stream/stop.ts";

/** Does one thing after the other, in the order in which they are asked for. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /**
   * As the work does, once all before has settled, whatever that came to. Rejects with the signal's
   * reason when that is aborted before its turn has come, and the work is then not begun.
   */
  async next<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => over);
    try {
      await until(before, signal);
      return await work();
    } finally {
      resolve();
    }
  }
}

async function until(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  using stop = new Stop(signal);
  await stop.or(promise);
}
