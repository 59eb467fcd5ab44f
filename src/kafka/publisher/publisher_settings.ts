import { checkPositive, checkWord } from "../../codecs/option_checks.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { milliseconds } from "../../runtime/duration.ts";
import {
  checkBoolean,
  knownOptions,
  type OptionRule,
  received,
} from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ConnectionOptions, KafkaDriver, NewTopic, SinkOptions } from "../driver/driver.ts";
import {
  checkText,
  checkTopic,
  KAFKA_CONNECTION_OPTIONS,
  kafkaConnection,
} from "../driver/kafka_connection.ts";
import type {
  Acks,
  CreateTopicOptions,
  KafkaCompression,
  KafkaPartitioner,
  KafkaPublisherOptions,
} from "./publisher_options.ts";
import { checkRecordInput, RECORD_INPUT } from "./record_input.ts";

/** What cannot be done without good options. */
export const DOING = "create KafkaPublisher";

const OPTIONS: OptionRule<KafkaPublisherOptions> = {
  doing: DOING,
  names: {
    ...KAFKA_CONNECTION_OPTIONS,
    topic: true,
    ...RECORD_INPUT,
    acks: true,
    idempotent: true,
    compression: true,
    partitioner: true,
    linger: true,
    batchBytes: true,
    maxRecordBytes: true,
    bufferBytes: true,
    deliveryTimeout: true,
    transactionalId: true,
    transactionInterval: true,
    createTopic: true,
    runtime: true,
  },
  example: '{ bootstrapServers: "localhost:9092", topic: "readings" }',
};
const COMPRESSIONS: readonly KafkaCompression[] = ["none", "gzip", "snappy", "lz4", "zstd"];

// The defaults of Java's producer of Kafka 4 (linger: KIP-1030), but for batches: ours are sent when
// nothing is under way, so that large ones cost no time.
const DEFAULT_LINGER = "5ms";
const DEFAULT_BATCH_BYTES = 262_144;
const DEFAULT_MAX_RECORD_BYTES = 1_000_000;
const DEFAULT_BUFFER_BYTES = 33_554_432;
const DEFAULT_DELIVERY_TIMEOUT = "2m";
const DEFAULT_TRANSACTION_INTERVAL = "100ms";
/** Bytes of a record batch that are no record, and those of a record that are no data, at most. */
const OVERHEAD_BYTES = 128;
const MOST_BATCH_BYTES = 2 ** 30;
/** What brokers allow by default before they give up a transaction. */
const MOST_TRANSACTION_MS = 900_000;
const MOST_INTERVAL_MS = 600_000;
const MOST_PARTITIONS = 1_000_000;

/** How often a transaction is committed. */
export interface TransactionSettings {
  /** A transaction takes that long at most before it is committed. */
  readonly intervalMs: number;
}

/** {@linkcode KafkaPublisherOptions} with all that is not given, but for what records are made of. */
export interface PublisherSettings {
  readonly topic: string;
  readonly connection: ConnectionOptions;
  readonly driver: KafkaDriver | undefined;
  readonly sink: SinkOptions;
  readonly compression: KafkaCompression;
  readonly partitioner: KafkaPartitioner;
  readonly lingerMs: number;
  readonly batchBytes: number;
  readonly maxRecordBytes: number;
  readonly bufferBytes: number;
  readonly transaction: TransactionSettings | undefined;
  readonly createTopic: NewTopic | undefined;
  readonly runtime: Runtime;
}

/**
 * Checks the options of a {@linkcode KafkaPublisher}.
 *
 * @throws {TypeError | RangeError} when one is none that it can be.
 */
export function publisherSettings(options: KafkaPublisherOptions): PublisherSettings {
  const given = knownOptions(options, OPTIONS);
  const connection = kafkaConnection(given, DOING);
  const topic = checkTopic("topic", given.topic, DOING);
  checkRecordInput(given, DOING);
  const { compression = "none", partitioner = "murmur2" } = given;
  const { linger = DEFAULT_LINGER, runtime = denoRuntime } = given;
  return {
    topic,
    connection,
    driver: given.driver,
    sink: sinkOf(given, connection),
    compression: checkWord("compression", compression, COMPRESSIONS, DOING),
    partitioner: checkPartitioner(partitioner, given),
    lingerMs: milliseconds(linger, "linger", { fractions: true }),
    ...sizesOf(given),
    transaction: transactionOf(given),
    createTopic: newTopicOf(given.createTopic ?? false, topic),
    runtime,
  };
}

function sinkOf(
  given: KafkaPublisherOptions,
  { requestTimeoutMs }: ConnectionOptions,
): SinkOptions {
  const acks = checkAcks(given.acks ?? "all");
  const { deliveryTimeout = DEFAULT_DELIVERY_TIMEOUT, transactionalId } = given;
  const { idempotent = acks === "all" } = given;
  if (checkBoolean("idempotent", idempotent, DOING) && acks !== "all") {
    throw new TypeError(
      `Cannot ${DOING}: idempotent needs acks: "all", received acks: ${acks}; leave one of them out`,
    );
  }
  const sink = {
    acks,
    idempotent,
    requestTimeoutMs,
    deliveryTimeoutMs: milliseconds(deliveryTimeout, "deliveryTimeout", { least: 1 }),
  };
  if (transactionalId === undefined) return sink;
  checkText("transactionalId", transactionalId, DOING);
  if (!idempotent) {
    throw new TypeError(
      `Cannot ${DOING}: transactionalId needs ${
        acks === "all" ? "idempotent: true" : 'acks: "all"'
      }, ` +
        `received ${acks === "all" ? "idempotent: false" : `acks: ${acks}`}; leave it out`,
    );
  }
  // What is sent at the end of an interval may take as long as it may anywhere.
  const needsMs = transactionOf(given)!.intervalMs + sink.deliveryTimeoutMs;
  return { ...sink, transactionalId, transactionTimeoutMs: Math.min(needsMs, MOST_TRANSACTION_MS) };
}

function checkAcks(acks: Acks): Acks {
  if (acks === "all" || acks === 1 || acks === 0) return acks;
  throw new TypeError(
    `Cannot ${DOING}: acks must be "all", 1 or 0, received ${received(acks)}` +
      ((acks as unknown) === -1 ? '; -1 is "all" here' : ""),
  );
}

function transactionOf(
  { transactionalId, transactionInterval }: KafkaPublisherOptions,
): TransactionSettings | undefined {
  if (transactionalId === undefined) {
    if (transactionInterval === undefined) return undefined;
    throw new TypeError(`Cannot ${DOING}: transactionInterval needs a transactionalId`);
  }
  const interval = transactionInterval ?? DEFAULT_TRANSACTION_INTERVAL;
  const intervalMs = milliseconds(interval, "transactionInterval", { least: 1 });
  if (intervalMs <= MOST_INTERVAL_MS) return { intervalMs };
  throw new RangeError(
    `Cannot ${DOING}: transactionInterval must be at most 10m, for brokers give up transactions ` +
      `after 15m, received ${received(interval)}`,
  );
}

function checkPartitioner(
  partitioner: KafkaPartitioner,
  { key }: KafkaPublisherOptions,
): KafkaPartitioner {
  if (partitioner === "murmur2" || typeof partitioner === "function") return partitioner;
  const { column } = Object(partitioner) as { column?: unknown };
  if (typeof column !== "string" || column === "") {
    throw new TypeError(
      `Cannot ${DOING}: partitioner must be "murmur2", { column } with the name of a column, or a ` +
        `function of a key and the number of partitions, received ${received(partitioner)}`,
    );
  }
  if (column === key) {
    throw new TypeError(
      `Cannot ${DOING}: partitioner.column must be another than that of key, received ${
        received(column)
      } for both; by the key itself partitions are chosen without it`,
    );
  }
  return partitioner;
}

function sizesOf(given: KafkaPublisherOptions) {
  const {
    batchBytes = DEFAULT_BATCH_BYTES,
    maxRecordBytes = DEFAULT_MAX_RECORD_BYTES,
    bufferBytes = DEFAULT_BUFFER_BYTES,
  } = given;
  for (const [name, value] of Object.entries({ batchBytes, maxRecordBytes, bufferBytes })) {
    checkPositive(name, value, DOING);
    if (value <= MOST_BATCH_BYTES) continue;
    throw new RangeError(
      `Cannot ${DOING}: ${name} must be at most ${MOST_BATCH_BYTES}, received ${value}`,
    );
  }
  if (maxRecordBytes + OVERHEAD_BYTES > bufferBytes) {
    throw new RangeError(
      `Cannot ${DOING}: bufferBytes must be at least ${
        maxRecordBytes + OVERHEAD_BYTES
      }, so that a ` +
        `record of maxRecordBytes has room, received ${bufferBytes}`,
    );
  }
  return { batchBytes, maxRecordBytes, bufferBytes };
}

function newTopicOf(given: boolean | CreateTopicOptions, topic: string): NewTopic | undefined {
  if (given === false) return undefined;
  if (given === true) return { topic };
  const doing = `${DOING}: createTopic`;
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `Cannot ${doing} must be true, false or an object such as { partitions: 4 }, received ${
        received(given)
      }`,
    );
  }
  const { partitions, replicationFactor, config } = knownOptions(given, {
    doing,
    names: { partitions: true, replicationFactor: true, config: true },
  });
  for (const [name, value] of Object.entries({ partitions, replicationFactor })) {
    if (value === undefined || checkPositive(name, value, doing) <= MOST_PARTITIONS) continue;
    throw new RangeError(`Cannot ${doing}: ${name} must be at most ${MOST_PARTITIONS}`);
  }
  const strange = Object.entries(Object(config ?? {})).find(([, v]) => typeof v !== "string");
  if (strange || config !== undefined && (typeof config !== "object" || config === null)) {
    throw new TypeError(
      `Cannot ${doing}: config must be an object of texts such as { "cleanup.policy": "compact" }, ` +
        `received ${
          strange ? `${received(strange[1])} for ${received(strange[0])}` : received(config)
        }`,
    );
  }
  return {
    topic,
    ...(partitions !== undefined && { partitions }),
    ...(replicationFactor !== undefined && { replicationFactor }),
    ...(config && { config }),
  };
}
