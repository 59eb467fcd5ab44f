import type { RecordBatch } from "../../batch/record_batch.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { checkBoolean, knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { nextTurn } from "../../runtime/next_turn.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ServerSocket, SocketEvents } from "../../sources/websocket_server/server_socket.ts";
import { type ServerAddress, SocketServer } from "../../sources/websocket_server/socket_server.ts";
import { answerText } from "../../sources/websocket_wire.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import { Stop } from "../../stream/stop.ts";
import { Turns } from "../turns.ts";
import { ClientOutbox } from "./client_outbox.ts";
import { type FanOutFigures, fanOutFigures, SentCounts } from "./fan_out_figures.ts";
import { FAN_OUT_NAMES, type FanOutOptions } from "./fan_out_options.ts";
import { FrameEncoder } from "./frame_encoder.ts";
import { type SlowClientSettings, slowClientSettings } from "./slow_clients.ts";

const CREATED = "WebSocketServerPublisher";
const MOST_MESSAGE_BYTES = 1024;
const READ_BYTES = 1024;

/** Options of {@linkcode WebSocketServerPublisher}. */
export interface WebSocketServerPublisherOptions extends FanOutOptions {
  /** Whether a batch waits for a client where there is none. Default false: nobody gets it. */
  waitForClient?: boolean;
}

const OPTIONS: OptionRule<WebSocketServerPublisherOptions> = {
  doing: `create ${CREATED}`,
  names: { ...FAN_OUT_NAMES, waitForClient: true },
  example: "{ port: 8765 }",
};

/**
 * A WebSocket server that sends each batch to all clients, as one message: it is encoded once, and all
 * get the same bytes. A client gets what is published from its connection on.
 *
 * It hears from `listen()` on, or from the first batch. A batch is delivered when every connection has
 * taken it, which is to say that it waits in no more than `highWater` bytes for a client; that it has
 * arrived nobody tells: what was on its way to a client that leaves is lost with it (at most once).
 *
 * @example
 * ```ts
 * import { StreamingGenerator, SyntheticGenerator, WebSocketServerPublisher } from "@waggle/stream";
 *
 * const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 3 }]);
 * await using clients = new WebSocketServerPublisher({ port: 0, slowClients: "conflate" });
 * const { uri } = await clients.listen();
 * console.log(uri); // ws://127.0.0.1:41237/
 * const streamer = new StreamingGenerator(generator);
 * await streamer.streamTo(clients, { batchSize: 10, interval: "10ms", maxBatches: 3 });
 * ```
 */
export class WebSocketServerPublisher implements Publisher {
  readonly #server: SocketServer;
  readonly #settings: SlowClientSettings;
  readonly #encoder: FrameEncoder;
  readonly #runtime: Runtime;
  readonly #waitsForClient: boolean;
  readonly #counts = new SentCounts();
  readonly #outboxes = new Map<ServerSocket, ClientOutbox>();
  /** Resolves when there is a client, or the end. */
  #client = Promise.withResolvers<void>();
  readonly #turns = new Turns();
  #closing: Promise<void> | undefined;

  /**
   * Hears nothing yet.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be, or when other machines could
   *   connect without a token and `insecure` does not say that they may.
   */
  constructor(options: WebSocketServerPublisherOptions = {}) {
    const { waitForClient = false, runtime = denoRuntime } = knownOptions(options, OPTIONS);
    this.#settings = slowClientSettings(options, CREATED);
    this.#waitsForClient = checkBoolean("waitForClient", waitForClient, OPTIONS.doing);
    this.#runtime = runtime;
    this.#server = new SocketServer(options, {
      created: CREATED,
      maxMessageBytes: MOST_MESSAGE_BYTES,
      readBytes: READ_BYTES,
      opened: (socket) => this.#opened(socket),
    });
    this.#encoder = new FrameEncoder(options);
  }

  /** What happened so far. */
  metrics(): FanOutFigures {
    return fanOutFigures(this.#server.figures, this.#counts);
  }

  /**
   * Hears from now on, and tells where.
   *
   * @throws {Error} when the port cannot be had, or the publisher was closed.
   */
  // deno-lint-ignore require-await -- so that what cannot be is a rejection
  async listen(): Promise<ServerAddress> {
    return this.#server.listen();
  }

  /**
   * Sends a batch to all clients; resolves when it waits for none of them more than it may. Batches go
   * out in the order in which they were published. Without a client it goes to nobody, or waits for
   * one with `waitForClient`.
   *
   * @throws {StreamingError} when the publisher was closed.
   */
  async publish(batch: RecordBatch, { signal }: PublishOptions = {}): Promise<Receipt> {
    signal?.throwIfAborted();
    this.#checkOpen();
    this.#server.listen();
    return await this.#turns.next(() => this.#publish(batch, signal), signal);
  }

  async #publish(batch: RecordBatch, signal: AbortSignal | undefined): Promise<Receipt> {
    if (batch.length === 0) return { records: 0, bytes: 0 };
    await this.#ready(signal);
    const encoded = this.#encoder.encode(batch);
    for (const outbox of this.#outboxes.values()) outbox.offer(encoded);
    await nextTurn(this.#runtime); // a stream that nothing holds back leaves time to connections
    return { records: batch.length, bytes: encoded.frame.length };
  }

  #checkOpen(): void {
    if (!this.#closing) return;
    throw new StreamingError(`Cannot publish: this ${CREATED} was closed; make another`);
  }

  /** Resolves when the next batch can be sent. */
  async #ready(signal: AbortSignal | undefined): Promise<void> {
    using stop = new Stop(signal);
    while (this.#waitsForClient && this.#outboxes.size === 0) {
      await stop.or(this.#client.promise);
      this.#checkOpen();
    }
    if (this.#settings.slowClients !== "wait") return;
    for (const outbox of this.#outboxes.values()) await outbox.room(signal);
  }

  /** Resolves when what was published has left for all clients that take it. */
  async flush(): Promise<void> {
    await this.#turns.next(async () => {});
    await Promise.all(Array.from(this.#outboxes.values(), (outbox) => outbox.empty()));
  }

  /** Sends what waits, ends all connections (1001) and hears no more. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#client.resolve();
    await this.flush();
    await this.#server.close();
    this.#encoder[Symbol.dispose]();
  }

  #opened(socket: ServerSocket): SocketEvents {
    const outbox = new ClientOutbox(socket, this.#settings, this.#counts);
    this.#outboxes.set(socket, outbox);
    this.#client.resolve();
    return {
      message: () => this.#refuse(socket),
      drained: () => outbox.drained(),
      ended: () => {
        this.#outboxes.delete(socket);
        outbox.ended();
        if (this.#outboxes.size === 0 && !this.#closing) this.#client = Promise.withResolvers();
      },
    };
  }

  #refuse(socket: ServerSocket): void {
    if (socket.bufferedBytes > 0) return; // one that does not read need not be told
    const error = "Cannot take message: this server sends to all clients alike, and takes none";
    socket.send(answerText({ error }));
  }
}
