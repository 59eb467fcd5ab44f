import type { WireRequest } from "../wire/apis.ts";

/** A connection to a broker that has let us in. */
export interface Link {
  /** Whom it leads to: `host:port`. */
  readonly address: string;
  /** Whether requests can be sent. */
  readonly isOpen: boolean;
  /**
   * Sends a request behind those that were sent before; requests are sent in the order of the calls.
   * One that is not answered in time ends the connection, and with it all others under way.
   *
   * @throws {LinkError} when there is no answer: nobody knows then whether the broker has done it.
   */
  send<Answer>(request: WireRequest<Answer>, timeoutMs: number): Promise<Answer>;
  /** Ends it; what is under way is rejected. */
  close(): Promise<void>;
}

/** Makes connections. */
export interface Dialer {
  /**
   * Connects and logs in.
   *
   * @throws {DialError} when that fails.
   */
  dial(address: string, options?: { signal?: AbortSignal }): Promise<Link>;
}

/** What became of a connection to something that is no broker, or over which bytes were lost. */
export const GARBLED = "sent what no Kafka broker sends (is it one, at this port?)";

/** No broker answers with more: what says that it does is something else, such as an HTTP server. */
export const MOST_ANSWER_BYTES: number = 2 ** 30;

/** A connection ended before the answer came. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  /** What became of it: the end of a sentence that begins with the address. */
  readonly why: string;
  /** Whether we have ended it, since the answer took too long. */
  readonly isLate: boolean;

  /** With whom it was, and what became of it. */
  constructor(address: string, why: string, { isLate = false }: { isLate?: boolean } = {}) {
    super(`${address} ${why}`);
    this.why = why;
    this.isLate = isLate;
  }
}

/** A connection could not be made: nothing was sent. Its message says why, and shows no password. */
export class DialError extends Error {
  override readonly name = "DialError";
  /** Whether it may succeed later: not with wrong credentials or certificates. */
  readonly isPassing: boolean;

  /** Why: the end of a sentence that begins with the address. */
  constructor(why: string, options: { isPassing: boolean }) {
    super(why);
    this.isPassing = options.isPassing;
  }
}
