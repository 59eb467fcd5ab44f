import { AsyncLocalStorage } from "node:async_hooks";

/** Tells code that a call runs or waits for from all other code. */
export class CallScope {
  readonly #calls = new AsyncLocalStorage<{ isOpen: boolean }>();

  /** Whether whoever asks belongs to a call that has not ended. */
  get isInside(): boolean {
    return this.#calls.getStore()?.isOpen ?? false;
  }

  /** Makes a call, which ends when its promise has settled. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const call = { isOpen: true };
    try {
      return await this.#calls.run(call, work);
    } finally {
      call.isOpen = false;
    }
  }
}
