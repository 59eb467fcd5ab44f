import { spellDuration } from "../../runtime/duration.ts";
import type { Network } from "../../runtime/network.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { delay } from "../../stream/delay.ts";
import type { RetryPolicy } from "../../stream/retry_policy.ts";
import type { WireMessage } from "../websocket_wire.ts";
import type { WebSocketAddress } from "./address.ts";
import { Connection } from "./connection.ts";
import { type ConnectionEnd, endError, NO_CLOSE, WebSocketError } from "./errors.ts";

/** How a link is kept up. */
export interface LinkOptions {
  readonly address: WebSocketAddress;
  readonly network: Network;
  readonly runtime: Runtime;
  /** Within which a connection must be open. */
  readonly connectTimeoutMs: number;
  /** Within which a connection that is closed must have ended. */
  readonly closeTimeoutMs: number;
  /** When a connection that was lost is made anew. */
  readonly reconnect: RetryPolicy;
  /** How long it may go without progress since it was lost. */
  readonly reconnectTimeoutMs: number;
}

/** What a link tells of. */
export interface LinkEvents {
  /** A message has come. */
  message(message: WireMessage): void;
  /** There is a connection, over which nothing was sent yet. */
  opened(connection: Connection): void;
  /** The connection was lost; tells whether another one is needed now. */
  lost(error: WebSocketError, end: ConnectionEnd): boolean;
  /** There is none, and no further attempt will be made before one is asked for. */
  failed(error: WebSocketError): void;
}

/**
 * Connections to one address, one after the other. The first one is tried once; one that was lost is
 * made anew by a policy, whose count begins again when there was progress.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  readonly #closing = new AbortController();
  readonly #leaving = new Set<Promise<unknown>>();
  #connection: Connection | undefined;
  /** Has nobody hear of the connection any more. */
  #mute = () => {};
  #opening: Promise<Connection> | undefined;
  #wasOpen = false;
  /** Whether something went through the connection. */
  #hasProgressed = false;
  /** Why the last connection was lost, where nothing had gone through it. */
  #loss: WebSocketError | undefined;
  #failures = 0;
  #retrying: WebSocketError | undefined;
  #failingSinceMs = 0;
  #opened = 0;

  /** A link without a connection. */
  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** The connection, when it is open. */
  get current(): Connection | undefined {
    return this.#connection?.isOpen ? this.#connection : undefined;
  }

  /** How many connections were opened. */
  get connections(): number {
    return this.#opened;
  }

  /** Why the last connection was lost, or the last attempt failed, while it is tried again. */
  get retrying(): WebSocketError | undefined {
    return this.#opening && this.#retrying;
  }

  /**
   * The connection: the one that there is, or that will be.
   *
   * @throws {WebSocketError} when there cannot be one.
   */
  async connect(): Promise<Connection> {
    while (this.#connection && !this.#connection.isOpen && !this.#opening) {
      const connection = this.#connection;
      const end = await connection.close(this.#options.closeTimeoutMs);
      this.#ended(connection, end ?? { code: NO_CLOSE, reason: "" });
    }
    return this.#connection ?? await (this.#opening ?? this.#begin(this.#loss));
  }

  /** Something went through: what was lost before does not count any more. */
  progressed(): void {
    this.#hasProgressed = true;
    this.#failures = 0;
  }

  /** Gives the connection up. */
  drop(error: WebSocketError): void {
    const connection = this.#connection;
    if (!connection) return;
    this.#connection = undefined;
    this.#mute();
    this.#leave(connection);
    this.#lost(error, { code: NO_CLOSE, reason: "" });
  }

  /** Closes the connection for good; gives how it ended, where there was one and it did in time. */
  async close(): Promise<ConnectionEnd | undefined> {
    this.#closing.abort(
      new WebSocketError(`The link to ${this.#options.address.web.name} was closed`),
    );
    await this.#opening?.catch(() => {});
    const connection = this.#connection;
    this.#connection = undefined;
    const end = await connection?.close(this.#options.closeTimeoutMs);
    await Promise.all(this.#leaving);
    return end;
  }

  #begin(lost?: WebSocketError): Promise<Connection> {
    this.#loss = undefined;
    const opening = this.#open(lost).finally(() => {
      this.#opening = undefined;
    });
    opening.catch((error) => {
      this.#wasOpen = false;
      this.#failures = 0;
      if (!this.#closing.signal.aborted) this.#events.failed(error);
    });
    this.#opening = opening;
    return opening;
  }

  async #open(lost?: WebSocketError): Promise<Connection> {
    const { address, network, runtime, connectTimeoutMs: timeoutMs } = this.#options;
    const { signal } = this.#closing;
    for (let error = lost;;) {
      this.#retrying = error;
      if (error) await this.#backOff(error);
      let isHeard = true;
      const message = (message: WireMessage) => {
        if (isHeard) this.#events.message(message);
      };
      this.#mute = () => {
        isHeard = false;
      };
      try {
        const options = { address, network, runtime, timeoutMs, signal, message };
        const connection = await Connection.open(options);
        this.#take(connection);
        return connection;
      } catch (failure) {
        if (!(failure instanceof WebSocketError && failure.retriable && this.#wasOpen)) {
          throw failure;
        }
        error = failure;
      }
    }
  }

  #take(connection: Connection): void {
    this.#opened++;
    this.#wasOpen = true;
    this.#hasProgressed = false;
    this.#connection = connection;
    connection.ended.then((end) => this.#ended(connection, end));
    this.#events.opened(connection);
  }

  #ended(connection: Connection, end: ConnectionEnd): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#lost(endError(this.#options.address.web, end), end);
  }

  #lost(error: WebSocketError, end: ConnectionEnd): void {
    if (!this.#hasProgressed && error.retriable) this.#loss = error;
    if (!this.#events.lost(error, end) || this.#closing.signal.aborted) return;
    if (error.retriable) this.#begin(error);
    else this.#events.failed(error);
  }

  /** Closes a connection that nobody is interested in any more. */
  #leave(connection: Connection): void {
    const leaving = connection.close(this.#options.closeTimeoutMs);
    this.#leaving.add(leaving);
    leaving.then(() => this.#leaving.delete(leaving));
  }

  /**
   * Waits before the next attempt.
   *
   * @throws {WebSocketError} when there is to be none.
   */
  async #backOff(error: WebSocketError): Promise<void> {
    const { runtime, reconnect, reconnectTimeoutMs } = this.#options;
    const nowMs = runtime.monotonicMs();
    if (this.#failures++ === 0) this.#failingSinceMs = nowMs;
    const delayMs = reconnect.delayMs(this.#failures, () => runtime.random());
    const lastsMs = nowMs + delayMs - this.#failingSinceMs;
    if (this.#failures > reconnect.maxRetries || lastsMs > reconnectTimeoutMs) {
      throw this.#exhausted(error);
    }
    await delay(runtime, delayMs, this.#closing.signal);
  }

  #exhausted(error: WebSocketError): WebSocketError {
    const { maxRetries } = this.#options.reconnect;
    const { closeCode } = error;
    if (maxRetries === 0) return error;
    const tried = this.#failures > maxRetries
      ? `it was tried again ${maxRetries === 1 ? "once" : `${maxRetries} times`}`
      : `reconnectTimeout (${spellDuration(this.#options.reconnectTimeoutMs)}) is over`;
    return new WebSocketError(`${error.message}; ${tried}, without progress`, {
      cause: error,
      retriable: true,
      ...(closeCode !== undefined && { closeCode }),
    });
  }
}
