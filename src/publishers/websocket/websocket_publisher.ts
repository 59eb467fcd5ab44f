import type { RecordBatch } from "../../batch/record_batch.ts";
import type { WebAddress } from "../../runtime/web_address.ts";
import type { Connection } from "../../sources/websocket/connection.ts";
import { isCleanEnd, type WebSocketError } from "../../sources/websocket/errors.ts";
import { Link } from "../../sources/websocket/link.ts";
import { readAnswer, type WireMessage } from "../../sources/websocket_wire.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import { Stop } from "../../stream/stop.ts";
import { Turns } from "../turns.ts";
import { FlowControl } from "./flow_control.ts";
import type { Entry, Outbox } from "./outbox.ts";
import { acknowledgedError, answeredError, closedError, closingError } from "./publisher_errors.ts";
import { Refusals } from "./refusals.ts";
import { Sender } from "./sender.ts";
import type { WebSocketPublisherMetrics } from "./websocket_metrics.ts";
import {
  type WebSocketPublisherOptions,
  type WebSocketSettings,
  webSocketSettings,
} from "./websocket_options.ts";

const LEFT = Promise.resolve();

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
  readonly #refusals = new Refusals();
  readonly #flow: FlowControl;
  /** How many want to publish or flush, the one whose turn it is included. */
  #turnsTaken = 0;
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
    this.#link = new Link(settings.link, {
      message: (message) => this.#receive(message),
      opened: (connection) => {
        this.#sender.sendAgain(connection);
        this.#flow.progressed();
      },
      lost: (error) => this.#lost(error),
      failed: (error) => this.#refused(error),
    });
    const [link, sender, refusals] = [this.#link, this.#sender, this.#refusals];
    this.#flow = new FlowControl({ settings, link, sender, refusals });
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
    return connection && !this.#refusals.hasUntold && !this.#flow.isFull(buffered)
      ? this.#publishNow(batch, { connection, buffered, signal })
      : this.#refusals.told(this.#publishInTurn(batch, signal));
  }

  /**
   * Resolves when everything that was published has been acknowledged, or, without acknowledgements,
   * has left.
   *
   * @throws {WebSocketError} when that cannot be.
   */
  flush(): Promise<void> {
    return this.#refusals.told(this.#inTurn(undefined, (stop) => this.#flow.emptied(stop)));
  }

  /** What was done so far. */
  metrics(): WebSocketPublisherMetrics {
    const connection = this.#link.current;
    if (connection) this.#flow.look(connection.bufferedBytes);
    const { connections, retrying } = this.#link;
    return {
      ...this.#sender.figures,
      connections,
      waiting: this.#outbox.length,
      ...(retrying && { reconnecting: retrying.message }),
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

  /** Sends while nobody else wants to: without a turn of the event loop where that can be. */
  #publishNow(batch: RecordBatch, { connection, buffered, signal }: Chance): Promise<Receipt> {
    let entry: Entry;
    let waiting: number;
    try {
      [entry, waiting] = this.#post(batch, connection, buffered);
    } catch (error) {
      return this.#refusals.told(Promise.reject(error));
    }
    if (!this.#flow.isFull(waiting)) {
      this.#refusals.wentWell();
      return Promise.resolve({ records: batch.length, bytes: entry.bytes });
    }
    return this.#refusals.told(this.#inTurn(signal, (stop) => this.#flow.taken(entry, stop)));
  }

  #publishInTurn(batch: RecordBatch, signal: AbortSignal | undefined): Promise<Receipt> {
    return this.#inTurn(signal, async (stop) => {
      const connection = await this.#flow.room(stop);
      const [entry] = this.#post(batch, connection, connection.bufferedBytes);
      return await this.#flow.taken(entry, stop);
    });
  }

  #post(batch: RecordBatch, connection: Connection, buffered: number): [Entry, number] {
    this.#flow.begin(buffered);
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
      this.#flow.progressed();
      this.#link.progressed();
    }
  }

  /** Whether another connection is needed in the place of one that was lost. */
  #lost(error: WebSocketError): boolean {
    const isNeeded = this.#outbox.length > 0 && !(this.#isClosed && this.#refusals.hasTold);
    if (!isNeeded) this.#refused(error);
    this.#outbox.changed();
    return isNeeded;
  }

  /** Keeps what is final for whoever comes next; what was refused for good is not sent again. */
  #refused(error: WebSocketError): void {
    if (!error.retriable) {
      if (this.#outbox.length > 0) error.message += `; ${this.#outbox} may not have been taken`;
      this.#outbox.clear();
      this.#refusals.keep(error);
    }
    this.#outbox.changed();
  }

  async #end(): Promise<void> {
    this.#isClosed = true;
    this.#flow.hurry();
    try {
      await this.#inTurn(
        undefined,
        (stop) => this.#refusals.hasTold ? LEFT : this.#flow.emptied(stop),
      );
      const { acknowledge, link: { closeTimeoutMs } } = this.#settings;
      // without acknowledgements the answer to the close is all that tells what was read
      const isLeft = !acknowledge && this.#link.current && this.#sender.figures.bytes > 0;
      const end = await this.#link.close();
      if (!isLeft || this.#refusals.hasTold || end && isCleanEnd(end)) return;
      throw closingError(this.#address, end, closeTimeoutMs);
    } finally {
      this.#flow[Symbol.dispose]();
      this.#outbox.clear();
      await this.#link.close();
      this.#settings.encoder[Symbol.dispose]();
    }
  }
}
