import type { TypedSchema } from "../../batch/schema.ts";
import { MAX_RECORD_BYTES } from "../../codecs/limits.ts";
import { checkPositive, checkWord } from "../../codecs/option_checks.ts";
import { checkBoolean, knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { BadInputError } from "../../stream/bad_inputs.ts";
import type { BadInputPolicy, Source, SourceBatch, SourceOptions } from "../../stream/source.ts";
import { createMessageDecoder } from "../messages/create_message_decoder.ts";
import { MessageAccount } from "../messages/message_account.ts";
import type {
  MessageDecoder,
  MessageDecoderOptions,
  MessageSourceFormat,
} from "../messages/message_decoder.ts";
import { answerText, unnumbered } from "../websocket_wire.ts";
import { CloseCode } from "./frames.ts";
import { DEFAULT_HOSTNAME } from "./gate.ts";
import { type ClientMessage, ServerInbox } from "./server_inbox.ts";
import type { ServerSocket, SocketEvents } from "./server_socket.ts";
import {
  SERVER_NAMES,
  type ServerAddress,
  type ServerFigures,
  SocketServer,
  type SocketServerOptions,
} from "./socket_server.ts";

const CREATED = "WebSocketServerSource";
const MOST_MESSAGE_BYTES = 4_194_304;
const MOST_WAITING_BYTES = 16_777_216;
const DEFAULT_CONNECTIONS = 100;
const READ_BYTES = 65_536;
const NO_NUMBER = 'it has no number, such as {"id":1,"records":[…]}; leave acknowledge out where ' +
  "clients give none";

/** Options of {@linkcode WebSocketServerSource}. */
export interface WebSocketServerSourceOptions<Row = Record<string, unknown>>
  extends SocketServerOptions {
  /** Connections at once; more are answered by 503. Default 100. */
  maxConnections?: number;
  /** Bytes of a message of a client, all its frames together; more end the connection (1009). Default 4 MiB. */
  maxMessageBytes?: number;
  /**
   * What messages are: `"json"`, an array of objects or one object; `"avro"`, an Avro file;
   * `"msgpack"`, which needs `import "@waggle/stream/msgpack"`, an array of maps. Default `"json"`.
   */
  format?: MessageSourceFormat;
  /**
   * The columns. Default: inferred from the first message that has records; its whole numbers are
   * taken for `f64`. Where a column that the pipeline asks for is null in JSON, more are waited for.
   */
  schema?: TypedSchema<Row>;
  /**
   * What a key means that is no column: an error, or nothing. Default: nothing where columns were
   * inferred and the pipeline does not ask for all, else an error.
   */
  extraKeys?: "error" | "ignore";
  /**
   * Whether clients number their messages, as a `WebSocketPublisher` with the same option does, and are
   * told when the pipeline has taken them. Default false.
   */
  acknowledge?: boolean;
  /** Bytes of messages that wait for the pipeline, at most; then clients are not read. Default 16 MiB. */
  maxWaitingBytes?: number;
  /** A larger record is a bad one. Default 1 MiB. */
  maxRecordBytes?: number;
  /** What becomes of records that cannot be decoded. Default: what the pipeline's `badRecords` says. */
  badRecords?: Exclude<BadInputPolicy, "deadLetter">;
}

const OPTIONS: OptionRule<WebSocketServerSourceOptions<never>> = {
  doing: `create ${CREATED}`,
  names: {
    ...SERVER_NAMES,
    format: true,
    schema: true,
    extraKeys: true,
    acknowledge: true,
    maxWaitingBytes: true,
    maxRecordBytes: true,
    badRecords: true,
  },
  example: "{ port: 8765 }",
};

/**
 * The records that WebSocket clients send to this process, as a source of a pipeline: those of each
 * client in their order, those of several as they come.
 *
 * It hears from `listen()` on, or when the pipeline begins. What waits for the pipeline is bounded;
 * where it is too much clients are read no further, so that they wait. It ends by `close()`, behind
 * what has come, or with the signal of the pipeline.
 *
 * @example
 * ```ts
 * import { from, WebSocketServerSource } from "@waggle/stream";
 *
 * const source = new WebSocketServerSource({ port: 0 });
 * const { uri } = await source.listen();
 * const client = new WebSocket(uri);
 * client.onopen = () => client.send('[{"bird":"Gull","count":3},{"bird":"Owl","count":1}]');
 * for await (const { bird, count } of from(source, { workers: 1 })) {
 *   console.log(bird, count); // Gull 3, then Owl 1
 *   if (bird === "Owl") source.close();
 * }
 * ```
 */
export class WebSocketServerSource<Row = Record<string, unknown>>
  implements Source<Row>, AsyncDisposable {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly #server: SocketServer;
  readonly #inbox: ServerInbox;
  readonly #acknowledges: boolean;
  readonly #badRecords: BadInputPolicy | undefined;
  readonly #decoding: Pick<MessageDecoderOptions, "format" | "maxRecordBytes" | "schema">;
  readonly #extraKeys: "error" | "ignore" | undefined;
  /** The last message of each client that is given to the pipeline. */
  readonly #given = new Map<ServerSocket, number>();
  /** The last one that it has taken, of clients that were not told. */
  readonly #taken = new Map<ServerSocket, number>();
  readonly #done = Promise.withResolvers<void>();
  #isOpened = false;
  #isClosed = false;
  #messages = 0;

  /**
   * Hears nothing yet.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be, or when other machines could
   *   connect without a token and `insecure` does not say that they may.
   */
  constructor(options: WebSocketServerSourceOptions<Row> = {}) {
    const given = knownOptions(options as WebSocketServerSourceOptions<never>, OPTIONS);
    const { doing } = OPTIONS;
    const { format = "json", acknowledge = false, extraKeys, badRecords, hostname } = given;
    const { maxWaitingBytes = MOST_WAITING_BYTES, maxRecordBytes = MAX_RECORD_BYTES } = given;
    if (extraKeys !== undefined) checkWord("extraKeys", extraKeys, ["error", "ignore"], doing);
    if (badRecords !== undefined) checkWord("badRecords", badRecords, ["fail", "skip"], doing);
    this.name = `WebSocket server on ${hostname ?? DEFAULT_HOSTNAME}`;
    if (options.schema) this.schema = options.schema;
    this.#acknowledges = checkBoolean("acknowledge", acknowledge, doing);
    this.#inbox = new ServerInbox(checkPositive("maxWaitingBytes", maxWaitingBytes, doing));
    this.#badRecords = badRecords;
    this.#extraKeys = extraKeys;
    this.#decoding = {
      format,
      maxRecordBytes: checkPositive("maxRecordBytes", maxRecordBytes, doing),
      ...(options.schema && { schema: options.schema }),
    };
    this.#reader({ columns: new Set() }, () => {})[Symbol.dispose](); // tells of what cannot be
    const { maxConnections = DEFAULT_CONNECTIONS } = given;
    this.#server = new SocketServer({ ...given, maxConnections }, {
      created: CREATED,
      maxMessageBytes: MOST_MESSAGE_BYTES,
      readBytes: READ_BYTES,
      opened: (socket) => this.#opened(socket),
    });
  }

  /** What happened so far. */
  metrics(): ServerFigures {
    return this.#server.figures;
  }

  /**
   * Hears from now on, and tells where.
   *
   * @throws {Error} when the port cannot be had, or the source was closed.
   */
  // deno-lint-ignore require-await -- so that what cannot be is a rejection
  async listen(): Promise<ServerAddress> {
    return this.#server.listen();
  }

  /**
   * Reads what clients send, until the source is closed; once.
   *
   * @throws {TypeError} when it was read before.
   * @throws {BadInputError} for a record that cannot be decoded, when that is to be an error; the client
   *   is told.
   */
  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    if (this.#isOpened) {
      throw new TypeError(
        `Cannot read ${this.name} again: what clients send comes once; make another source`,
      );
    }
    this.#isOpened = true;
    const { signal } = options;
    const abort = () => this.close();
    signal.addEventListener("abort", abort, { once: true });
    const account = new MessageAccount<Row>(this.name, options, this.#badRecords);
    using reader = this.#reader(options, (bad) => account.report(bad));
    let end: readonly [number, string] = [CloseCode.goingAway, "the server ends"];
    try {
      if (!this.#isClosed) this.#server.listen();
      for (
        let next = await this.#inbox.take();
        next.length > 0 && !signal.aborted;
        next = await this.#inbox.take()
      ) {
        for (const each of next) this.#read(each, reader, account);
        yield* account.told(reader, 0);
        this.#acknowledge();
      }
      reader.end();
      if (!signal.aborted) yield* account.told(reader, 0);
    } catch (error) {
      end = [CloseCode.internalError, "the records are not taken any more"];
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
      this.close();
      this.#inbox.clear();
      await this.#server.close(...end);
      this.#done.resolve();
    }
  }

  /**
   * Takes no more connections and messages: the pipeline ends behind those that have come, and then the
   * connections do.
   */
  close(): void {
    this.#isClosed = true;
    this.#server.stop();
    this.#inbox.end();
  }

  /** As `close()`, and resolves when all connections have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await (this.#isOpened ? this.#done.promise : this.#server.close());
  }

  #reader(
    { columns }: Pick<SourceOptions, "columns">,
    report: MessageDecoderOptions["report"],
  ): MessageDecoder {
    const extraKeys = this.#extraKeys ?? (this.schema || !columns ? "error" : "ignore");
    return createMessageDecoder({
      ...this.#decoding,
      ...{ extraKeys, report },
      ...(columns && { columns }),
    });
  }

  #opened(socket: ServerSocket): SocketEvents {
    return {
      // What comes behind the end is never said to have been taken.
      message: (message) => this.#isClosed ? undefined : this.#inbox.put({ socket, message }),
      drained: () => this.#tell(socket),
      ended: () => {
        this.#given.delete(socket);
        this.#taken.delete(socket);
      },
    };
  }

  #read(
    { socket, message }: ClientMessage,
    reader: MessageDecoder,
    account: MessageAccount<Row>,
  ): void {
    const number = ++this.#messages;
    try {
      const found = this.#acknowledges ? unnumbered(message) : { id: undefined, records: message };
      if (!found) account.report({ record: message, message: number, reason: NO_NUMBER });
      else reader.add(found.records, number);
      if (found?.id !== undefined && socket.isOpen) this.#given.set(socket, found.id);
    } catch (error) {
      if (error instanceof BadInputError) socket.send(answerText({ error: error.message }));
      throw error;
    }
  }

  /** The pipeline has taken what it was given. */
  #acknowledge(): void {
    for (const [socket, id] of this.#given) {
      this.#taken.set(socket, id);
      this.#tell(socket);
    }
    this.#given.clear();
  }

  /** Tells a client what has been taken; one that does not read it later, and then the last only. */
  #tell(socket: ServerSocket): void {
    const ack = this.#taken.get(socket);
    if (ack === undefined || socket.bufferedBytes > 0) return;
    this.#taken.delete(socket);
    socket.send(answerText({ ack }));
  }
}
