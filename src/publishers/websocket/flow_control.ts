import type { WebAddress } from "../../runtime/web_address.ts";
import type { Connection } from "../../sources/websocket/connection.ts";
import type { WebSocketError } from "../../sources/websocket/errors.ts";
import type { Link } from "../../sources/websocket/link.ts";
import type { Receipt } from "../../stream/publisher.ts";
import type { Stop } from "../../stream/stop.ts";
import { DrainPace } from "./drain_pace.ts";
import type { Entry, Outbox } from "./outbox.ts";
import { stallError } from "./publisher_errors.ts";
import type { Refusals } from "./refusals.ts";
import type { Sender } from "./sender.ts";
import { StallWatch } from "./stall_watch.ts";
import type { WebSocketSettings } from "./websocket_options.ts";

/** What the flow is that of. */
export interface FlowControlOptions {
  readonly settings: WebSocketSettings;
  readonly link: Link;
  readonly sender: Sender;
  readonly refusals: Refusals;
}

/** Holds back who publishes while too much waits for the other side, and sees when that stalls. */
export class FlowControl implements Disposable {
  readonly #settings: WebSocketSettings;
  readonly #address: WebAddress;
  readonly #link: Link;
  readonly #sender: Sender;
  readonly #outbox: Outbox;
  readonly #refusals: Refusals;
  readonly #watch: StallWatch;
  readonly #pace: DrainPace;
  #isEnding = false;

  /** Of a link over which nothing was sent yet. */
  constructor({ settings, link, sender, refusals }: FlowControlOptions) {
    this.#settings = settings;
    this.#address = settings.link.address.web;
    this.#link = link;
    this.#sender = sender;
    this.#outbox = sender.outbox;
    this.#refusals = refusals;
    this.#pace = new DrainPace(settings.link.runtime);
    this.#watch = new StallWatch({
      runtime: settings.link.runtime,
      timeoutMs: () => this.#patienceMs(),
      isWaiting: () => settings.acknowledge && this.#outbox.length > 0,
      stalled: () => this.#unanswered(),
    });
  }

  /** Whether so much waits that nothing more may be sent. */
  isFull(bufferedBytes: number): boolean {
    const { acknowledge, window, highWater } = this.#settings;
    return acknowledge && this.#outbox.length >= window || bufferedBytes > highWater;
  }

  /** A message is about to be sent, in front of which so many bytes wait. */
  begin(bufferedBytes: number): void {
    if (this.#settings.acknowledge) this.#watch.begin();
    else this.look(bufferedBytes);
  }

  /** Lets go of what has left, where nobody acknowledges it. */
  look(bufferedBytes: number): void {
    if (this.#sender.left(bufferedBytes) > 0) this.#link.progressed();
  }

  /** There is a new connection, or an answer has come: the time for a stall begins anew. */
  progressed(): void {
    this.#watch.progressed();
  }

  /** From now on there is less patience, and no other connection in the place of a stalled one. */
  hurry(): void {
    this.#isEnding = true;
    this.#watch.hurry();
  }

  /** Waits until what waits with a batch is not too much any more. */
  async taken(entry: Entry, stop: Stop): Promise<Receipt> {
    try {
      const connection = this.#link.current;
      if (!connection || this.isFull(connection.bufferedBytes)) await this.room(stop);
      return { records: entry.batch.length, bytes: entry.bytes };
    } catch (error) {
      this.#sender.giveUp(entry);
      throw error;
    }
  }

  /** Waits until one more message may be sent, and gives the connection to send it over. */
  async room(stop: Stop): Promise<Connection> {
    const { acknowledge, window, highWater, lowWater } = this.#settings;
    if (acknowledge) await this.#acknowledged(window - 1, stop);
    const connection = this.#link.current;
    const isFull = connection && connection.bufferedBytes > highWater;
    return await this.#drain(isFull ? lowWater : highWater, stop);
  }

  /** Waits until nothing waits any more. */
  async emptied(stop: Stop): Promise<void> {
    if (this.#settings.acknowledge) await this.#acknowledged(0, stop);
    else if (this.#outbox.length > 0) await this.#drain(0, stop);
    this.#refusals.check();
  }

  /** Watches no more. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  /** Waits until no more messages wait for their acknowledgement than that. */
  async #acknowledged(most: number, stop: Stop): Promise<void> {
    while (this.#outbox.length > most) {
      this.#refusals.check();
      const connection = await stop.or(this.#link.connect());
      if (connection.isOpen && this.#outbox.length > most) await stop.or(this.#outbox.changes());
    }
    this.#refusals.check();
  }

  /** Waits until there is a connection on which no more bytes wait than a limit. */
  async #drain(limitBytes: number, stop: Stop): Promise<Connection> {
    const pace = this.#pace;
    let last: Connection | undefined;
    while (true) {
      this.#refusals.check();
      const connection = await stop.or(this.#link.connect());
      const { bufferedBytes, isOpen } = connection;
      if (!isOpen) continue;
      this.look(bufferedBytes);
      if (bufferedBytes <= limitBytes) return connection;
      if (connection !== last) pace.begin(bufferedBytes, limitBytes);
      last = connection;
      if (pace.stalledMs(bufferedBytes) >= this.#patienceMs()) this.#stalled();
      else await paused(pace.pause(bufferedBytes), stop);
    }
  }

  #patienceMs(): number {
    const { stallTimeoutMs, link: { closeTimeoutMs } } = this.#settings;
    return this.#isEnding ? Math.min(stallTimeoutMs, closeTimeoutMs) : stallTimeoutMs;
  }

  /** Gives the connection up, over which no acknowledgements come; at the end all that waits. */
  #unanswered(): void {
    const error = this.#stallError();
    if (!this.#isEnding) return this.#link.drop(error);
    this.#refusals.keep(error);
    this.#outbox.clear();
  }

  /**
   * Gives the connection up.
   *
   * @throws {WebSocketError} when the publisher is to end, and another connection is no use.
   */
  #stalled(): void {
    const error = this.#stallError();
    if (this.#isEnding) throw error;
    this.#link.drop(error);
  }

  #stallError(): WebSocketError {
    const { acknowledge } = this.#settings;
    const stalled = { outbox: this.#outbox, timeoutMs: this.#patienceMs(), acknowledge };
    return stallError(this.#address, stalled);
  }
}

async function paused(
  { promise, cancel }: ReturnType<DrainPace["pause"]>,
  stop: Stop,
): Promise<void> {
  try {
    await stop.or(promise);
  } finally {
    cancel();
  }
}
