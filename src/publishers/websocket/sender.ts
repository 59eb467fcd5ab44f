import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Connection } from "../../sources/websocket/connection.ts";
import { WebSocketError } from "../../sources/websocket/errors.ts";
import { numbered, type WireMessage } from "../../sources/websocket_wire.ts";
import { type Entry, Outbox } from "./outbox.ts";
import type { WebSocketPublisherMetrics } from "./websocket_metrics.ts";
import type { WebSocketSettings } from "./websocket_options.ts";

/** What was sent so far. */
type SentFigures = Pick<WebSocketPublisherMetrics, "messages" | "resent" | "bytes">;

/** Makes messages of batches, gives them to sockets, and keeps those that may have to go again. */
export class Sender {
  /** What was sent and is not known to have been taken. */
  readonly outbox = new Outbox();
  readonly #settings: WebSocketSettings;
  /** The numbers of batches that may have been taken, or not. */
  readonly #doubtful = new WeakMap<RecordBatch, number>();
  #lastId = 0;
  /** Bytes that were sent over the connection that there is. */
  #sentBytes = 0;
  #messages = 0;
  #resent = 0;
  #bytes = 0;

  /** Sends nothing yet. */
  constructor(settings: WebSocketSettings) {
    this.#settings = settings;
  }

  /** The greatest number that a message had. */
  get lastId(): number {
    return this.#lastId;
  }

  /** What was sent so far. */
  get figures(): SentFigures {
    return { messages: this.#messages, resent: this.#resent, bytes: this.#bytes };
  }

  /**
   * Makes a message of a batch, and gives it to a socket.
   *
   * @param before Bytes that wait there, of a connection that is open.
   * @returns The message, and the bytes that wait with it.
   * @throws {WebSocketError} when it cannot be made.
   */
  post(batch: RecordBatch, connection: Connection, before: number): [Entry, number] {
    const { acknowledge } = this.#settings;
    const records = this.#encode(batch);
    const id = acknowledge ? this.#idOf(batch) : 0;
    const message = acknowledge ? numbered({ id, records }) : records;
    const entry: Entry = { id, batch, message, bytes: 0, end: 0 };
    this.outbox.add(entry);
    return [entry, this.#send(entry, connection, before)];
  }

  /** Sends everything again over a new connection. */
  sendAgain(connection: Connection): void {
    this.#sentBytes = 0;
    for (const entry of this.outbox) {
      this.#resent++;
      this.#send(entry, connection, connection.bufferedBytes);
    }
  }

  /** Lets go of what has left, when so many bytes wait; gives how many messages that were. */
  left(bufferedBytes: number): number {
    return this.#settings.acknowledge ? 0 : this.outbox.left(this.#sentBytes - bufferedBytes);
  }

  /** A message is not to be sent again; if its batch is published again, it is known. */
  giveUp(entry: Entry): void {
    this.outbox.remove(entry);
    this.#doubtful.set(entry.batch, entry.id);
  }

  #send(entry: Entry, connection: Connection, before: number): number {
    connection.send(entry.message);
    const after = connection.bufferedBytes;
    entry.bytes = Math.max(0, after - before);
    this.#sentBytes += entry.bytes;
    entry.end = this.#sentBytes;
    this.#messages++;
    this.#bytes += entry.bytes;
    return after;
  }

  /** The number of a batch: that of before, when it was sent in vain and none was given since. */
  #idOf(batch: RecordBatch): number {
    const id = this.#doubtful.get(batch);
    return id === this.#lastId ? id : ++this.#lastId;
  }

  #encode(batch: RecordBatch): WireMessage {
    try {
      return this.#settings.encoder.encode(batch);
    } catch (cause) {
      throw new WebSocketError(
        `Cannot make a message for ${this.#settings.link.address.web.name} of a batch: ` +
          (cause as Error).message,
        { cause },
      );
    }
  }
}
