import type { RecordBatch } from "../../batch/record_batch.ts";
import type { WebAddress } from "../../runtime/web_address.ts";
import type { Connection } from "../../sources/websocket/connection.ts";
import { isCleanEnd, WebSocketError } from "../../sources/websocket/errors.ts";
import { Link } from "../../sources/websocket/link.ts";
import { readAnswer, type WireMessage } from "../../sources/websocket_wire.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import { Stop } from "../../stream/stop.ts";
import { Turns } from "../turns.ts";
import { DrainPace } from "./drain_pace.ts";
import type { Entry, Outbox } from "./outbox.ts";
import {
  acknowledgedError,
  answeredError,
  closedError,
  closingError,
  stallError,
} from "./publisher_errors.ts";
import { Sender } from "./sender.ts";
import { StallWatch } from "./stall_watch.ts";
import type { WebSocketPublisherMetrics } from "./websocket_metrics.ts";
import {
  type WebSocketPublisherOptions,
  type WebSocketSettings,
  webSocketSettings,
} from "./websocket_options.ts";

/** A connection that takes a message at once. */
interface Chance {
  readonly connection: Connection;
  /** Bytes that wait there. */
  readonly buffered: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends batches to a WebSocket, one message each.
 *
 * With `acknowledge: true` a batch has been delivered when the other side has said so: `publish()`
 * resolves when fewer than `window` batches wait for that, `flush()` when none do. Without it,
 * `publish()` resolves when the message has been given to the socket and no more than `highWater`
 * bytes wait to leave, and `flush()` when none do: they are with the operating system then, and
 * nothing more is known about them until the end of the publisher, whose close the other side
 * answers when it has read all of them.
 *
 * The connection is opened for the first batch. When it is lost, it is made anew by `reconnect`, and
 * what was not acknowledged, or had not left, is sent again: with the same number, by which the
 * other side can tell a repetition.
 *
 * @example
 * ```ts
 * import { RecordBatch, WebSocketPublisher } from "@waggle/stream";
 *
 * const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
 *   const { socket, response } = Deno.upgradeWebSocket(request);
 *   socket.onmessage = ({ data }) => console.log(data); // [{"bird":"Gull","count":3}]
 *   return response;
 * });
 * {
 *   await using publisher = new WebSocketPublisher({ uri: `ws://127.0.0.1:${server.addr.port}` });
 *   await publisher.publish(RecordBatch.fromRows([{ bird: "Gull", count: 3 }]));
 * }
 * await server.shutdown();
 * ```
 */
export class WebSocketPublisher implements Publisher {
  readonly #settings: WebSocketSettings;
  readonly #address: WebAddress;
  readonly #link: Link;
  readonly #turns = new Turns();
  readonly #sender: Sender;
  readonly #outbox: Outbox;
  readonly #watch: StallWatch;
  readonly #pace: DrainPace;
  /** How many want to publish or flush, the one whose turn it is included. */
  #turnsTaken = 0;
  /** What the other side has refused, which nobody was told of yet. */
  #refusal: WebSocketError | undefined;
  /** Whether the last call has told of an error. */
  #hasTold = false;
  #isClosed = false;
  #ending: Promise<void> | undefined;

  /**
   * Connects to nothing yet.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: WebSocketPublisherOptions) {
    const settings = this.#settings = webSocketSettings(options);
    this.#address = settings.link.address.web;
    this.#sender = new Sender(settings);
    this.#outbox = this.#sender.outbox;
    this.#pace = new DrainPace(settings.link.runtime);
    this.#link = new Link(settings.link, {
      message: (message) => this.#receive(message),
      opened: (connection) => {
        this.#sender.sendAgain(connection);
        this.#watch.progressed();
      },
      lost: (error) => this.#lost(error),
      failed: (error) => this.#refused(error),
    });
    this.#watch = new StallWatch({
      runtime: settings.link.runtime,
      timeoutMs: () => this.#patienceMs(),
      isWaiting: () => settings.acknowledge && this.#outbox.length > 0,
      stalled: () => this.#unanswered(),
    });
  }

  /**
   * Sends a batch; what it resolving means is told with the class. An empty batch is not sent.
   *
   * @throws {WebSocketError} when there is no connection and none can be had, or the other side
   *   refuses; `retriable` says whether it is worth another try.
   * @throws the signal's reason when that is aborted; a message that has left is not called back.
   */
  publish(batch: RecordBatch, { signal }: PublishOptions = {}): Promise<Receipt> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#isClosed) return Promise.reject(closedError(this.#address));
    if (batch.length === 0) return Promise.resolve({ records: 0, bytes: 0 });
    const connection = this.#turnsTaken === 0 ? this.#link.current : undefined;
    const buffered = connection?.bufferedBytes ?? Infinity;
    return connection && !this.#refusal && !this.#isFull(buffered)
      ? this.#publishNow(batch, { connection, buffered, signal })
      : this.#told(this.#publishInTurn(batch, signal));
  }

  /**
   * Resolves when everything that was published has been acknowledged, or, without acknowledgements,
   * has left.
   *
   * @throws {WebSocketError} when that cannot be.
   */
  flush(): Promise<void> {
    return this.#told(this.#inTurn(undefined, (stop) => this.#emptied(stop)));
  }

  /** What was done so far. */
  metrics(): WebSocketPublisherMetrics {
    const connection = this.#link.current;
    if (connection) this.#look(connection.bufferedBytes);
    return {
      ...this.#sender.figures,
      connections: this.#link.connections,
      waiting: this.#outbox.length,
    };
  }

  /**
   * Closes the connection behind what was published.
   *
   * @throws {WebSocketError} when that has not all been taken, unless the last call has told of it.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending ??= this.#end();
  }

  /** Whether so much waits that nothing more may be sent. */
  #isFull(bufferedBytes: number): boolean {
    const { acknowledge, window, highWater } = this.#settings;
    return acknowledge && this.#outbox.length >= window || bufferedBytes > highWater;
  }

  /** Sends while nobody else wants to: without a turn of the event loop where that can be. */
  #publishNow(batch: RecordBatch, { connection, buffered, signal }: Chance): Promise<Receipt> {
    let entry: Entry;
    let waiting: number;
    try {
      [entry, waiting] = this.#post(batch, connection, buffered);
    } catch (error) {
      return this.#told(Promise.reject(error));
    }
    if (!this.#isFull(waiting)) {
      this.#hasTold = false;
      return Promise.resolve({ records: batch.length, bytes: entry.bytes });
    }
    return this.#told(this.#inTurn(signal, (stop) => this.#taken(entry, stop)));
  }

  #publishInTurn(batch: RecordBatch, signal: AbortSignal | undefined): Promise<Receipt> {
    return this.#inTurn(signal, async (stop) => {
      const connection = await this.#room(stop);
      const [entry] = this.#post(batch, connection, connection.bufferedBytes);
      return await this.#taken(entry, stop);
    });
  }

  #post(batch: RecordBatch, connection: Connection, buffered: number): [Entry, number] {
    if (this.#settings.acknowledge) this.#watch.begin();
    else this.#look(buffered);
    return this.#sender.post(batch, connection, buffered);
  }

  async #inTurn<T>(
    signal: AbortSignal | undefined,
    work: (stop: Stop) => Promise<T>,
  ): Promise<T> {
    using stop = new Stop(signal);
    this.#turnsTaken++;
    const turn = this.#turns.next(async () => {
      try {
        signal?.throwIfAborted();
        return await work(stop);
      } finally {
        this.#turnsTaken--;
      }
    });
    return await stop.or(turn);
  }

  /** Notes whether somebody was told of an error, which the end need not tell again then. */
  async #told<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await work;
      this.#hasTold = false;
      return result;
    } catch (error) {
      this.#hasTold = error instanceof WebSocketError;
      if (error === this.#refusal) this.#refusal = undefined;
      throw error;
    }
  }

  /** Lets go of what has left, where nobody acknowledges it. */
  #look(bufferedBytes: number): void {
    if (this.#sender.left(bufferedBytes) > 0) this.#link.progressed();
  }

  /** Waits until what waits with a batch is not too much any more. */
  async #taken(entry: Entry, stop: Stop): Promise<Receipt> {
    try {
      const connection = this.#link.current;
      if (!connection || this.#isFull(connection.bufferedBytes)) await this.#room(stop);
      return { records: entry.batch.length, bytes: entry.bytes };
    } catch (error) {
      this.#sender.giveUp(entry);
      throw error;
    }
  }

  /** Waits until one more message may be sent, and gives the connection to send it over. */
  async #room(stop: Stop): Promise<Connection> {
    const { acknowledge, window, highWater, lowWater } = this.#settings;
    if (acknowledge) await this.#acknowledged(window - 1, stop);
    const connection = this.#link.current;
    const isFull = connection && connection.bufferedBytes > highWater;
    return await this.#drain(isFull ? lowWater : highWater, stop);
  }

  /** Waits until no more messages wait for their acknowledgement than that. */
  async #acknowledged(most: number, stop: Stop): Promise<void> {
    while (this.#outbox.length > most) {
      this.#throwRefusal();
      const connection = await stop.or(this.#link.connect());
      if (connection.isOpen && this.#outbox.length > most) await stop.or(this.#outbox.changes());
    }
    this.#throwRefusal();
  }

  /** Waits until there is a connection on which no more bytes wait than a limit. */
  async #drain(limitBytes: number, stop: Stop): Promise<Connection> {
    const pace = this.#pace;
    let last: Connection | undefined;
    while (true) {
      this.#throwRefusal();
      const connection = await stop.or(this.#link.connect());
      const { bufferedBytes, isOpen } = connection;
      if (!isOpen) continue;
      this.#look(bufferedBytes);
      if (bufferedBytes <= limitBytes) return connection;
      if (connection !== last) pace.begin(bufferedBytes, limitBytes);
      last = connection;
      if (pace.stalledMs(bufferedBytes) >= this.#patienceMs()) this.#stalled();
      else await paused(pace.pause(bufferedBytes), stop);
    }
  }

  async #emptied(stop: Stop): Promise<void> {
    if (this.#settings.acknowledge) await this.#acknowledged(0, stop);
    else if (this.#outbox.length > 0) await this.#drain(0, stop);
    this.#throwRefusal();
  }

  #patienceMs(): number {
    const { stallTimeoutMs, link: { closeTimeoutMs } } = this.#settings;
    return this.#isClosed ? Math.min(stallTimeoutMs, closeTimeoutMs) : stallTimeoutMs;
  }

  /** Gives the connection up, over which no acknowledgements come; at the end all that waits. */
  #unanswered(): void {
    const error = this.#stallError();
    if (!this.#isClosed) return this.#link.drop(error);
    this.#refusal = error;
    this.#outbox.clear();
  }

  /**
   * Gives the connection up.
   *
   * @throws {WebSocketError} when the publisher is to end, and another connection is no use.
   */
  #stalled(): void {
    const error = this.#stallError();
    if (this.#isClosed) throw error;
    this.#link.drop(error);
  }

  #stallError(): WebSocketError {
    const { acknowledge } = this.#settings;
    const stalled = { outbox: this.#outbox, timeoutMs: this.#patienceMs(), acknowledge };
    return stallError(this.#address, stalled);
  }

  #throwRefusal(): void {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal) throw refusal;
  }

  #receive(message: WireMessage): void {
    const answer = readAnswer(message);
    if (!answer) return;
    if ("error" in answer) this.#refused(answeredError(this.#address, answer.error));
    else if ("ack" in answer && this.#settings.acknowledge) this.#takeAck(answer.ack);
  }

  #takeAck(id: number): void {
    const { lastId } = this.#sender;
    if (id > lastId) this.#refused(acknowledgedError(this.#address, id, lastId));
    else if (this.#outbox.acknowledged(id) > 0) {
      this.#watch.progressed();
      this.#link.progressed();
    }
  }

  /** Whether another connection is needed in the place of one that was lost. */
  #lost(error: WebSocketError): boolean {
    const isNeeded = this.#outbox.length > 0 && !(this.#isClosed && this.#hasTold);
    if (!isNeeded) this.#refused(error);
    this.#outbox.changed();
    return isNeeded;
  }

  /** Keeps what is final for whoever comes next; what was refused for good is not sent again. */
  #refused(error: WebSocketError): void {
    if (!error.retriable) {
      if (this.#outbox.length > 0) error.message += `; ${this.#outbox} may not have been taken`;
      this.#outbox.clear();
      this.#refusal = error;
    }
    this.#outbox.changed();
  }

  async #end(): Promise<void> {
    this.#isClosed = true;
    this.#watch.hurry();
    try {
      await this.#inTurn(undefined, (stop) => this.#hasTold ? LEFT : this.#emptied(stop));
      const { acknowledge, link: { closeTimeoutMs } } = this.#settings;
      // without acknowledgements the answer to the close is all that tells what was read
      const isLeft = !acknowledge && this.#link.current && this.#sender.figures.bytes > 0;
      const end = await this.#link.close();
      if (!isLeft || this.#hasTold || end && isCleanEnd(end)) return;
      throw closingError(this.#address, end, closeTimeoutMs);
    } finally {
      this.#watch[Symbol.dispose]();
      this.#outbox.clear();
      await this.#link.close();
      this.#settings.encoder[Symbol.dispose]();
    }
  }
}

const LEFT = Promise.resolve();

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
