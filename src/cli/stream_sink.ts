import type { FileFormat } from "../publishers/file/file_format.ts";
import type { HttpFormat } from "../publishers/http/http_options.ts";
import type { MessageFormat } from "../publishers/message_format.ts";
import type { WebSocketFormat } from "../publishers/websocket/websocket_options.ts";
import type { FanOutFigures } from "../publishers/websocket_server/fan_out_figures.ts";
import type { Publisher } from "../stream/publisher.ts";
import { asked } from "./asked.ts";
import type { CommandContext } from "./command_context.ts";
import { choice, type Flag, list, text, toggle } from "./command_spec.ts";
import { isKafkaAddress, kafkaTopic } from "./kafka/kafka_address.ts";
import { checkNoKafka } from "./kafka/kafka_flags.ts";
import { KAFKA_WRITE_FLAGS, kafkaOutput, RECORD_KEY } from "./kafka/kafka_output.ts";
import { KAFKA_LOGIN_FLAGS } from "./kafka/login_flags.ts";
import { FORCE, type OutputOptions, TO_STANDARD_OUTPUT } from "./output_flags.ts";
import { JSON_OPTIONS, recordOutput } from "./record_output.ts";
import { UsageError } from "./usage_error.ts";
import { WholeBatches } from "./whole_batches.ts";
import { headerList, type ListenAddress, listenAddress } from "./values.ts";

const FORMATS = ["ndjson", "json", "csv", "avro", "parquet", "msgpack"] as const;
const SLOW_CLIENTS = ["wait", "conflate", "drop", "close"] as const;

/** What records are sent as, if the sink can. */
export type SinkFormat = typeof FORMATS[number];

/** Where `waggle stream` sends records to. */
export interface SinkOptions extends Omit<OutputOptions, "format"> {
  readonly format?: SinkFormat;
  /** The address of a WebSocket. */
  readonly websocket?: string;
  /** Whether it says what it has taken. */
  readonly acknowledge?: boolean;
  /** An address to which batches are posted. */
  readonly http?: string;
  /** Headers for one of these, such as `Authorization: Bearer …`. */
  readonly header?: readonly string[];
  /** Where WebSockets are served. */
  readonly serve?: ListenAddress;
  /** Whether they all get the same stream. */
  readonly broadcast?: boolean;
  readonly token?: string;
  readonly origin?: readonly string[];
  readonly slowClients?: typeof SLOW_CLIENTS[number];
  readonly insecure?: boolean;
  /** Addresses of Kafka brokers. */
  readonly kafkaServers?: string;
  readonly topic?: string;
  /** The column of the keys of records. */
  readonly key?: string;
  /** A file for the figures. */
  readonly metricsJson?: string;
}

/** Flags that only topics have. */
const KAFKA_FLAGS: readonly Flag[] = [RECORD_KEY, ...KAFKA_WRITE_FLAGS, ...KAFKA_LOGIN_FLAGS];

/** The flags of {@linkcode SinkOptions}. */
export const SINK_FLAGS: readonly Flag[] = [
  choice(
    "-f, --format <format>",
    "ndjson, csv, avro or parquet (default: by the file, ndjson); json of --websocket, --http, " +
      "--serve, of which all take msgpack too, and of Kafka",
    FORMATS,
  ),
  text("-o, --output <file>", "a file, or kafka://… (default: -, the standard output)"),
  FORCE,
  text("--websocket <uri>", "send each batch as a message to a WebSocket: ws://localhost:8765"),
  toggle("--acknowledge", 'with --websocket: the other side answers {"ack": number}'),
  text("--http <url>", "send each batch as the body of a POST"),
  list("--header <header>", "with --websocket or --http, also several: 'Authorization: Bearer …'"),
  {
    ...text("--serve <address>", "serve WebSockets, a stream for each: 8765, or 0.0.0.0:8765"),
    read: (given) => listenAddress(given, "--serve"),
  },
  toggle("--broadcast", "with --serve: one stream for all, which waits for the first client"),
  text("--token <token>", "with --serve: what clients have to know"),
  list("--origin <origin>", "with --serve, also several: the web pages that may connect, or '*'"),
  choice("--slow-clients <policy>", "with --serve: wait (default), conflate, drop or close", [
    ...SLOW_CLIENTS,
  ]),
  toggle("--insecure", "with --serve: other machines may connect without a token"),
  text("--kafka-servers <addresses>", "write to Kafka, by these brokers: localhost:9092"),
  text("--topic <topic>", "with --kafka-servers: the topic"),
  ...KAFKA_FLAGS,
];

/** Sinks by the option that asks for them, and what they take. */
const SINKS = {
  output: ["ndjson", "csv", "avro", "parquet"],
  websocket: ["json", "avro", "msgpack"],
  http: ["json", "ndjson", "csv", "avro", "msgpack"],
  serve: ["json", "ndjson", "avro", "msgpack"],
  kafkaServers: ["json", "avro"],
} as const satisfies Record<string, readonly SinkFormat[]>;

/** Flags that mean something with one of some others alone. */
const OF: readonly (readonly [
  option: keyof SinkOptions,
  flag: string,
  of: readonly (keyof SinkOptions)[],
])[] = [
  ["acknowledge", "--acknowledge", ["websocket"]],
  ["header", "--header", ["websocket", "http"]],
  ["broadcast", "--broadcast", ["serve"]],
  ["token", "--token", ["serve"]],
  ["origin", "--origin", ["serve"]],
  ["slowClients", "--slow-clients", ["serve"]],
  ["insecure", "--insecure", ["serve"]],
];

/** Where records go if that is a topic. */
function kafkaTarget({ output, kafkaServers, topic }: SinkOptions) {
  if (output !== undefined && isKafkaAddress(output)) {
    if (topic === undefined) return kafkaTopic(output);
    throw new UsageError("--topic is of --kafka-servers, and --output has a topic in it");
  }
  if (kafkaServers === undefined) {
    if (topic === undefined) return undefined;
    throw new UsageError("--topic is of Kafka, whose servers are given by --kafka-servers");
  }
  if (topic !== undefined) return { servers: kafkaServers, topic };
  throw new UsageError("--kafka-servers are where a topic is; name that by --topic");
}

/** Checks that what `--force` replaces is a file. */
function checkForce({ force, output, metricsJson }: SinkOptions): void {
  if (!force || metricsJson !== undefined) return;
  if (output !== undefined && output !== TO_STANDARD_OUTPUT && !isKafkaAddress(output)) return;
  throw new UsageError(
    "--force replaces a file that exists, and none is written; leave it out, or name a file by " +
      "--output or --metrics-json",
  );
}

/**
 * Checks that there is one sink, and that it can what is asked of it.
 *
 * @throws {UsageError} when not.
 */
export function checkSink(options: SinkOptions): void {
  const names = Object.keys(SINKS) as (keyof typeof SINKS)[];
  const given = names.filter((name) => options[name] !== undefined);
  if (given.length > 1) {
    throw new UsageError(
      `records go to one place: give one of ${given.map(flagOf).join(" and ")}`,
    );
  }
  checkForce(options);
  const target = kafkaTarget(options);
  if (!target) checkNoKafka(options, KAFKA_FLAGS);
  for (const [option, flag, of] of OF) {
    if (options[option] === undefined || of.some((name) => options[name] !== undefined)) continue;
    throw new UsageError(
      `${flag} is of ${of.map((name) => `--${name}`).join(" and ")}; pass that as well`,
    );
  }
  const sink = target ? "kafkaServers" : given[0] ?? "output";
  const { format } = options;
  const known: readonly SinkFormat[] = SINKS[sink];
  if (format === undefined || known.includes(format)) return;
  const what = sink === "output" ? "to a file" : target ? "of a topic" : `with --${sink}`;
  throw new UsageError(`--format ${format} cannot be ${what}, which takes ${known.join(", ")}`);
}

function flagOf(sink: keyof typeof SINKS): string {
  return sink === "kafkaServers" ? "--kafka-servers" : `--${sink}`;
}

/** What the standard output is called. */
export const STANDARD_OUTPUT = "standard output";

/** An open sink. */
export interface StreamSink {
  /** What it is, for messages. */
  readonly name: string;
  readonly publisher: Publisher;
  /** What the stream ends by, if not by the command's own signal. */
  readonly signal?: AbortSignal;
  /** What is to be known of it while it is open. */
  readonly told?: string;
  /** What a server counts. */
  readonly figures?: () => FanOutFigures;
  /** Why a connection is made anew, while it is. */
  readonly reconnecting?: () => string | undefined;
}

/** Loads what a format needs, which nothing else does. */
export async function loadFormat(format: SinkFormat | undefined): Promise<void> {
  if (format === "msgpack") await import("../codecs/msgpack/message_pack.ts");
}

async function webSocketSink(
  uri: string,
  { header = [], acknowledge = false, format }: SinkOptions,
  { runtime }: CommandContext,
): Promise<StreamSink> {
  const { WebSocketPublisher } = await import("../publishers/websocket/websocket_publisher.ts");
  const headers = headerList(header, "--header");
  const publisher = asked(() =>
    new WebSocketPublisher({
      ...{ uri, runtime, acknowledge, headers, json: JSON_OPTIONS },
      ...(format !== undefined && { format: format as WebSocketFormat }),
    }), SINK_FLAGS);
  const reconnecting = () => publisher.metrics().reconnecting;
  return { name: "the WebSocket", publisher, reconnecting };
}

async function httpSink(
  url: string,
  { header = [], format }: SinkOptions,
  { runtime }: CommandContext,
): Promise<StreamSink> {
  const { HttpPublisher } = await import("../publishers/http/http_publisher.ts");
  const headers = headerList(header, "--header");
  const publisher = asked(() =>
    new HttpPublisher({
      ...{ url, runtime, headers, json: JSON_OPTIONS },
      ...(format !== undefined && { format: format as HttpFormat }),
    }), SINK_FLAGS);
  return { name: "the server", publisher };
}

/** What servers of both kinds go by. */
export function serverOptions(options: SinkOptions, { runtime }: CommandContext) {
  const { serve, token, origin, slowClients, insecure = false, format } = options;
  return {
    ...{ ...serve, runtime, insecure, json: JSON_OPTIONS },
    ...(token !== undefined && { token }),
    ...(origin !== undefined && { origins: origin }),
    ...(slowClients !== undefined && { slowClients }),
    ...(format !== undefined && { format: format as MessageFormat }),
  };
}

async function broadcastSink(options: SinkOptions, context: CommandContext): Promise<StreamSink> {
  const { WebSocketServerPublisher } = await import(
    "../publishers/websocket_server/websocket_server_publisher.ts"
  );
  const server = { ...serverOptions(options, context), waitForClient: true };
  const publisher = asked(() => new WebSocketServerPublisher(server), SINK_FLAGS);
  try {
    const { uri } = await publisher.listen();
    const told = `sending one stream to all at ${uri}`;
    return { name: `clients of ${uri}`, publisher, told, figures: () => publisher.metrics() };
  } catch (error) {
    await publisher[Symbol.asyncDispose]();
    throw error;
  }
}

/** Opens where records go. */
export async function streamSink(
  options: SinkOptions,
  context: CommandContext,
): Promise<StreamSink> {
  const { output = STANDARD_OUTPUT, websocket, http, serve, format } = options;
  await loadFormat(format);
  const target = kafkaTarget(options);
  if (target) {
    const { key: recordKey } = options;
    const publisher = await kafkaOutput(
      { ...options, ...target, ...(recordKey !== undefined && { recordKey }) },
      context,
    );
    return { name: `topic ${target.topic}`, publisher };
  }
  if (websocket !== undefined) return await webSocketSink(websocket, options, context);
  if (http !== undefined) return await httpSink(http, options, context);
  if (serve !== undefined) return await broadcastSink(options, context);
  const file = { ...options, format: format as FileFormat | undefined };
  const publisher = new WholeBatches(await recordOutput(file, context), context);
  return { name: output, publisher, signal: publisher.signal };
}
