import type { AdaptiveLimit } from "./adaptive_limit.ts";

/** Deliveries that are on their way, as many as a limit of records lets. */
export class SendWindow {
  readonly #limit: AdaptiveLimit;
  readonly #under = new Set<Promise<void>>();
  #records = 0;
  /** Wakes who waits for one to end. */
  #ended = () => {};
  #failure: { readonly error: unknown } | undefined;

  /** Nothing is on its way. */
  constructor(limit: AdaptiveLimit) {
    this.#limit = limit;
  }

  /** Records that may be in one batch. */
  get batchRecords(): number {
    return this.#limit.records;
  }

  /** Records that are on their way. */
  get inFlight(): number {
    return this.#records;
  }

  /** Resolves when so many more may leave; rejects when a delivery has failed. */
  async room(records: number): Promise<void> {
    while (this.#under.size > 0 && this.#records + records > this.#limit.records) {
      // One promise for the next of them: a race would be heard by all of them each time.
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#ended = resolve;
      await promise;
      this.#check();
    }
    this.#check();
  }

  /** Begins a delivery. */
  begin(records: number, deliver: () => Promise<void>): void {
    this.#records += records;
    const under: Promise<void> = deliver().catch((error) => {
      this.#failure ??= { error };
    }).finally(() => {
      this.#records -= records;
      this.#under.delete(under);
      this.#ended();
    });
    this.#under.add(under);
  }

  /** Resolves when nothing is on its way, whatever became of it. */
  async settled(): Promise<void> {
    await Promise.all(this.#under);
  }

  /** Resolves when nothing is on its way; rejects when a delivery has failed. */
  async empty(): Promise<void> {
    await this.settled();
    this.#check();
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
