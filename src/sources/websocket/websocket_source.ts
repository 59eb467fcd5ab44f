import type { TypedSchema } from "../../batch/schema.ts";
import { BadInputError } from "../../stream/bad_inputs.ts";
import type { Source, SourceBatch, SourceOptions } from "../../stream/source.ts";
import { createMessageDecoder } from "../messages/create_message_decoder.ts";
import { MessageAccount } from "../messages/message_account.ts";
import type { BadMessage, MessageDecoder } from "../messages/message_decoder.ts";
import { type ReadMessage, WebSocketReading } from "./websocket_reading.ts";
import {
  type WebSocketSourceOptions,
  type WebSocketSourceSettings,
  webSocketSourceSettings,
} from "./websocket_source_options.ts";

/**
 * The records in the messages that a WebSocket server sends, as a source of a pipeline.
 *
 * It ends when the server closes the connection with the code 1000, 1001 or none, and with the stream
 * of a `StreamServer` that the query of the address, or `subscribe` by `"generate"`, has asked for.
 * Everything else is an error, behind what had come before, unless `reconnect` makes another
 * connection; and so is a message `{"error":"…"}`, by which servers refuse what was asked for.
 *
 * @example
 * ```ts
 * import { from, WebSocketSource } from "@waggle/stream";
 *
 * const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
 *   const { socket, response } = Deno.upgradeWebSocket(request);
 *   socket.onopen = () => {
 *     socket.send('[{"bird":"Gull","count":3},{"bird":"Owl","count":1}]');
 *     socket.close(1000);
 *   };
 *   return response;
 * });
 * const source = new WebSocketSource(`ws://127.0.0.1:${server.addr.port}`);
 * for await (const { bird, count } of from(source, { workers: 1 })) {
 *   console.log(bird, count); // Gull 3, then Owl 1
 * }
 * await server.shutdown();
 * ```
 */
export class WebSocketSource<Row = Record<string, unknown>> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly #settings: WebSocketSourceSettings;

  /**
   * Connects to nothing yet.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(uri: string | URL, options: WebSocketSourceOptions<Row> = {}) {
    this.#settings = webSocketSourceSettings(uri, options as WebSocketSourceOptions<never>);
    this.name = this.#settings.link.address.web.name;
    if (options.schema) this.schema = options.schema;
    this.#reader({ columns: new Set() }, () => {})[Symbol.dispose](); // tells of what cannot be
  }

  /**
   * Connects, and reads until the other side ends.
   *
   * @throws {WebSocketError} when it cannot be reached, is lost, refuses, or sends more than may wait.
   * @throws {BadInputError} for a record that cannot be decoded, when that is to be an error.
   */
  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const account = new MessageAccount<Row>(this.name, options, this.#settings.badRecords);
    using reader = this.#reader(options, (bad) => account.report(bad));
    await using reading = new WebSocketReading(this.#settings, options);
    let failure: unknown;
    try {
      for (let next = await reading.next(); next.length > 0; next = await reading.next()) {
        for (const message of next) this.#read(reader, message, account);
        yield* account.told(reader, reading.takeDropped());
        reading.acknowledge();
      }
    } catch (error) {
      if (error instanceof BadInputError) throw error;
      failure = error;
    }
    if (options.signal.aborted) return;
    reader.end();
    yield* account.told(reader, reading.takeDropped());
    if (failure) throw failure;
  }

  #reader(
    { columns }: Pick<SourceOptions, "columns">,
    report: (bad: BadMessage) => void,
  ): MessageDecoder {
    const { format, maxRecordBytes, extraKeys = this.schema || !columns ? "error" : "ignore" } =
      this.#settings;
    return createMessageDecoder({
      ...{ format, maxRecordBytes, extraKeys, report },
      ...(this.schema && { schema: this.schema }),
      ...(columns && { columns }),
    });
  }

  #read(
    reader: MessageDecoder,
    { payload, message, fault }: ReadMessage,
    account: MessageAccount<Row>,
  ): void {
    const { maxMessageBytes } = this.#settings;
    const { length } = payload;
    const reason = length <= maxMessageBytes
      ? fault
      : `it has a length of ${length}, more than maxMessageBytes (${maxMessageBytes})`;
    if (reason === undefined) reader.add(payload, message);
    else account.report({ record: payload.slice(0, maxMessageBytes), message, reason });
  }
}
