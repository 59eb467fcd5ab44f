import type { Dialer, Link } from "./link.ts";

/** The connections of one user, one a broker, made when they are needed. */
export class Links {
  readonly #dialer: Dialer;
  readonly #links = new Map<string, Promise<Link>>();
  readonly #closing = new AbortController();

  /** None yet. */
  constructor(dialer: Dialer) {
    this.#dialer = dialer;
  }

  /** Whether they were closed. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Whether there is one to a broker, or is being made. */
  has(address: string): boolean {
    return this.#links.has(address);
  }

  /**
   * The connection to a broker.
   *
   * @throws {DialError} when it cannot be made.
   */
  async to(address: string): Promise<Link> {
    this.#closing.signal.throwIfAborted();
    const there = this.#links.get(address);
    if (there !== undefined) {
      const link = await there;
      if (link.isOpen) return link;
      if (this.#links.get(address) === there) this.#links.delete(address);
      return this.to(address);
    }
    const made = this.#dialer.dial(address, { signal: this.#closing.signal });
    this.#links.set(address, made);
    made.catch(() => {
      if (this.#links.get(address) === made) this.#links.delete(address);
    });
    return await made;
  }

  /** Ends the one to a broker. */
  async drop(address: string): Promise<void> {
    const link = this.#links.get(address);
    this.#links.delete(address);
    await link?.then((link) => link.close(), () => {});
  }

  /** Ends all, and those that are being made. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the connections were closed"));
    const all = [...this.#links.values()];
    this.#links.clear();
    await Promise.all(all.map((link) => link.then((link) => link.close(), () => {})));
  }
}
