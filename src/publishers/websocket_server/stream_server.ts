import { several } from "../../batch/several.ts";
import { StreamingGenerator } from "../../generators/streaming/streaming_generator.ts";
import { SyntheticGenerator } from "../../generators/synthetic_generator.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import {
  checkBoolean,
  knownOptions,
  type OptionRule,
  received,
} from "../../runtime/known_options.ts";
import type { RequestHead } from "../../sources/websocket_server/request_head.ts";
import type { ServerSocket, SocketEvents } from "../../sources/websocket_server/server_socket.ts";
import { type ServerAddress, SocketServer } from "../../sources/websocket_server/socket_server.ts";
import { OptionChecks } from "../../stream/option_checks.ts";
import { ClientOutbox } from "./client_outbox.ts";
import { type FanOutFigures, fanOutFigures, SentCounts } from "./fan_out_figures.ts";
import { FAN_OUT_NAMES, type FanOutOptions } from "./fan_out_options.ts";
import { FrameEncoder } from "./frame_encoder.ts";
import { type SlowClientSettings, slowClientSettings } from "./slow_clients.ts";
import { asksForSomething, type StreamLimits } from "./stream_request.ts";
import { type SessionPlan, StreamSession } from "./stream_session.ts";

const CREATED = "StreamServer";
const DEFAULT_BATCH_SIZE = 10;
const DEFAULT_INTERVAL = "100ms";
const DEFAULT_MAX_BATCH_SIZE = 1000;
const DEFAULT_MAX_RATE = 10_000;
const DEFAULT_MAX_RECORDS = 100_000;
const MOST_MESSAGE_BYTES = 65_536;
const READ_BYTES = 4096;

/** Options of {@linkcode StreamServer}. */
export interface StreamServerOptions extends FanOutOptions {
  /** Records of a batch, where a client does not say. Default 10. */
  batchSize?: number;
  /** Between a batch and the next, where a client does not say. Default `"100ms"`. */
  interval?: Duration;
  /**
   * Whether a stream begins with the connection. Default true; else when it is asked for, by a message or
   * the query.
   */
  streamOnConnect?: boolean;
  /** Whether clients may ask for streams by messages and by the query. Default true. */
  requests?: boolean;
  /** Records of a batch that a client may ask for. Default 1,000. */
  maxBatchSize?: number;
  /** Records a second that a client may ask for. Default 10,000. */
  maxRate?: number;
  /** Records that a client may ask for at once, by `"generate"`. Default 100,000. */
  maxRecords?: number;
}

const OPTIONS: OptionRule<StreamServerOptions> = {
  doing: `create ${CREATED}`,
  names: {
    ...FAN_OUT_NAMES,
    batchSize: true,
    interval: true,
    streamOnConnect: true,
    requests: true,
    maxBatchSize: true,
    maxRate: true,
    maxRecords: true,
  },
  example: "{ port: 8765 }",
};

function limitsOf(options: StreamServerOptions): StreamLimits {
  const {
    maxBatchSize = DEFAULT_MAX_BATCH_SIZE,
    maxRate = DEFAULT_MAX_RATE,
    maxRecords = DEFAULT_MAX_RECORDS,
    batchSize = Math.min(DEFAULT_BATCH_SIZE, maxBatchSize),
    interval = DEFAULT_INTERVAL,
  } = options;
  const checks = new OptionChecks(CREATED);
  checks.count("maxBatchSize", maxBatchSize, { least: 1 });
  checks.count("batchSize", batchSize, { least: 1, most: maxBatchSize });
  checks.count("maxRecords", maxRecords, { least: 1 });
  const intervalMs = milliseconds(interval, "interval", { fractions: true });
  if (!(typeof maxRate === "number" && maxRate > 0 && maxRate < Infinity)) {
    throw new RangeError(
      `Cannot create ${CREATED}: maxRate must be a number of records a second above 0, received ` +
        received(maxRate),
    );
  }
  if ((batchSize * 1000) / intervalMs > maxRate) {
    const are = batchSize === 1 ? "is" : "are";
    throw new RangeError(
      `Cannot create ${CREATED}: ${
        several(batchSize, "record")
      } every ${intervalMs} ms ${are} more ` +
        `than maxRate, ${maxRate} a second; make interval longer, batchSize smaller or maxRate larger`,
    );
  }
  return { batchSize, intervalMs, maxBatchSize, maxRate, maxRecords };
}

function streamerOf(
  from: StreamingGenerator<unknown> | SyntheticGenerator<unknown>,
  options: StreamServerOptions,
): StreamingGenerator<unknown> {
  if (from instanceof StreamingGenerator) return from;
  if (from instanceof SyntheticGenerator) {
    const { runtime = denoRuntime } = options;
    return new StreamingGenerator(from, { runtime });
  }
  throw new TypeError(
    `Cannot create ${CREATED}: it takes a StreamingGenerator or a SyntheticGenerator, received ` +
      received(from),
  );
}

/**
 * A WebSocket server that gives each connection a stream of its own, from the moment at which it
 * opens. A client may ask for other streams: how large batches are, how fast they come, what records
 * have to be, and which they are; docs/websocket.md has the protocol.
 *
 * Streams begin with record 0 of the generator's seed, where a client does not ask for others: what
 * all get is the same, each at its time. A stream waits for its client: what waits for a slow one is
 * bounded by `highWater`.
 *
 * @example
 * ```ts
 * import { StreamingGenerator, StreamServer, SyntheticGenerator } from "@waggle/stream";
 *
 * const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 3 }]);
 * await using server = new StreamServer(new StreamingGenerator(generator), { port: 0 });
 * const { uri } = await server.listen();
 *
 * const client = new WebSocket(`${uri}?batchSize=2`);
 * const batch = await new Promise((resolve) => client.onmessage = ({ data }) => resolve(data));
 * console.log(batch); // [{"x":3},{"x":1}], say
 * const closed = new Promise((resolve) => client.onclose = resolve);
 * client.close();
 * await closed;
 * ```
 */
export class StreamServer implements AsyncDisposable {
  readonly #server: SocketServer;
  readonly #slow: SlowClientSettings;
  readonly #plan: SessionPlan;
  readonly #streamsOnConnect: boolean;
  readonly #counts = new SentCounts();
  readonly #ending = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  /**
   * Hears nothing yet.
   *
   * @throws {TypeError | RangeError} when what it takes is no generator, when an option is none that it
   *   can be, or when other machines could connect without a token and `insecure` does not say that
   *   they may.
   */
  constructor(
    // deno-lint-ignore no-explicit-any -- whatever its rows are
    from: StreamingGenerator<any> | SyntheticGenerator<any>,
    options: StreamServerOptions = {},
  ) {
    const { streamOnConnect = true, requests = true, runtime = denoRuntime } = knownOptions(
      options,
      OPTIONS,
    );
    const limits = limitsOf(options);
    this.#streamsOnConnect = checkBoolean("streamOnConnect", streamOnConnect, OPTIONS.doing);
    const takesRequests = checkBoolean("requests", requests, OPTIONS.doing);
    this.#slow = slowClientSettings(options, CREATED);
    const streamer = streamerOf(from, options);
    this.#server = new SocketServer(options, {
      created: CREATED,
      maxMessageBytes: MOST_MESSAGE_BYTES,
      readBytes: READ_BYTES,
      opened: (socket, head) => this.#opened(socket, head),
    });
    const encoder = new FrameEncoder(options);
    this.#plan = { streamer, encoder, limits, takesRequests, runtime };
  }

  /** What happened so far. */
  metrics(): FanOutFigures {
    return fanOutFigures(this.#server.figures, this.#counts);
  }

  /**
   * Hears from now on, and tells where.
   *
   * @throws {Error} when the port cannot be had, or the server was closed.
   */
  // deno-lint-ignore require-await -- so that what cannot be is a rejection
  async listen(): Promise<ServerAddress> {
    return this.#server.listen();
  }

  /** Ends all streams and connections (1001), and hears no more. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#server.close();
    await Promise.all(this.#ending);
    this.#plan.encoder[Symbol.dispose]();
  }

  #opened(socket: ServerSocket, { query }: RequestHead): SocketEvents {
    const outbox = new ClientOutbox(socket, this.#slow, this.#counts);
    const session = new StreamSession(socket, outbox, this.#plan);
    if (this.#streamsOnConnect || asksForSomething(query)) session.begin(query);
    return {
      message: (data) => session.message(data),
      drained: () => outbox.drained(),
      ended: () => {
        outbox.ended();
        this.#end(session.ended());
      },
    };
  }

  #end(ending: Promise<void>): void {
    this.#ending.add(ending);
    ending.finally(() => this.#ending.delete(ending));
  }
}
