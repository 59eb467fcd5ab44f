import type { Runtime } from "../../../runtime/runtime.ts";
import { BACKOFF } from "./attempts.ts";
import { DialError, type Link } from "./link.ts";
import type { Links } from "./links.ts";

/** Who sends requests to a broker. */
export interface LaneUser {
  /** The connection is there, or can be tried again. */
  connected(): void;
  /** It could not be made. */
  unreachable(lane: Lane, error: DialError): void;
}

/** The way to one broker: its connection, and how many requests are under way on it. */
export class Lane {
  readonly address: string;
  /** How many requests wait for their answer. */
  underWay = 0;
  readonly #links: Links;
  readonly #runtime: Runtime;
  readonly #user: LaneUser;
  #link: Link | undefined;
  #isConnecting = false;
  #notBeforeMs = 0;
  #failures = 0;

  /** No connection yet. */
  constructor(address: string, links: Links, runtime: Runtime, user: LaneUser) {
    this.address = address;
    this.#links = links;
    this.#runtime = runtime;
    this.#user = user;
  }

  /** When it can be tried again, on the runtime's clock. */
  get notBeforeMs(): number {
    return this.#notBeforeMs;
  }

  /** The connection, if it takes one request more; if there is none, one is made. */
  link(most: number): Link | undefined {
    if (this.#link?.isOpen) return this.underWay < most ? this.#link : undefined;
    // What was under way on the one before is settled first: it decides on the order of the rest.
    const isFree = !this.#isConnecting && this.underWay === 0;
    if (isFree && this.#runtime.monotonicMs() >= this.#notBeforeMs) void this.#connect();
    return undefined;
  }

  /** A request failed: there is a pause before the next. */
  rest(): void {
    const waitMs = BACKOFF.delayMs(++this.#failures, () => this.#runtime.random());
    this.#notBeforeMs = this.#runtime.monotonicMs() + waitMs;
  }

  async #connect(): Promise<void> {
    this.#isConnecting = true;
    try {
      this.#link = await this.#links.to(this.address);
      this.#failures = 0;
    } catch (error) {
      this.rest();
      if (!this.#links.isClosed) {
        const why = error instanceof Error ? error.message : String(error);
        const passing = new DialError(why, { isPassing: true });
        this.#user.unreachable(this, error instanceof DialError ? error : passing);
      }
    } finally {
      this.#isConnecting = false;
    }
    this.#user.connected();
  }
}
