import type { AvroSchema } from "../../codecs/avro/avro_type.ts";
import { schemaOf } from "../../codecs/avro/avro_encoder.ts";
import type { TypedSchema } from "../../batch/schema.ts";
import { MAX_RECORD_BYTES } from "../../codecs/limits.ts";
import { checkPositive, checkWord } from "../../codecs/option_checks.ts";
import { INFERENCE_ROWS } from "../../batch/limits.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { BadInputPolicy } from "../../stream/source.ts";
import type {
  ConnectionOptions,
  Isolation,
  KafkaDriver,
  PartitionOffset,
  TopicPartition,
} from "../driver/driver.ts";
import {
  checkText,
  checkTopic,
  KAFKA_CONNECTION_OPTIONS,
  kafkaConnection,
  type KafkaConnectionOptions,
} from "../driver/kafka_connection.ts";
import type { SchemaRegistry } from "../registry/schema_registry.ts";
import { checkRegistry } from "../registry/registry_serializer.ts";

/** What values of records are. */
export type KafkaValues = "json" | "avro" | "text" | "raw";

/** Where a topic is read from. */
export type KafkaStart =
  | "earliest"
  | "latest"
  | "committed"
  | { readonly timestamp: Date | number | string }
  | { readonly offsets: readonly PartitionOffset[] };

/** What is done where there is no offset to go on from. */
export type OffsetReset = "earliest" | "latest" | "fail";

/** The columns that are not in the values of records; each is made only when it has a name. */
export interface KafkaColumnOptions {
  /** The key, null where there is none. */
  keyColumn?: string;
  /** What keys are: texts, in which what is no UTF-8 becomes U+FFFD, or bytes. Default `"text"`. */
  keys?: "text" | "raw";
  /** All headers as a map of bytes; of several by one name the last one counts. */
  headersColumn?: string;
  /** Columns of texts by the names of headers; null where a record has no such header. */
  headerColumns?: Readonly<Record<string, string>>;
  /** The topic. */
  topicColumn?: string;
  /** The partition, `i32`. */
  partitionColumn?: string;
  /** The offset, `i64`, a number in rows. */
  offsetColumn?: string;
  /** When the record was made or appended, as the topic says; null where nobody said. */
  timestampColumn?: string;
  /** Whether the value is null; needs `tombstones: "row"`. */
  tombstoneColumn?: string;
  /** The value, where values are `"text"` or `"raw"`. Default `"value"`. */
  valueColumn?: string;
}

/** Options of {@linkcode kafkaSource}. */
export interface KafkaSourceOptions<Row = Record<string, unknown>>
  extends KafkaConnectionOptions, KafkaColumnOptions {
  /** The topic, or several. */
  topics: string | readonly string[];
  /**
   * The consumer group whose members share the partitions, and under which is committed how far they
   * have come. Default: none, and nothing is committed.
   */
  groupId?: string;
  /**
   * Which partitions are read, of each topic, or by their names; a group then only keeps offsets.
   * Default: all there are or, in a group, those that it assigns.
   */
  partitions?: readonly number[] | readonly TopicPartition[];
  /** Where to begin. Default `"committed"` in a group, else `"earliest"`. */
  start?: KafkaStart;
  /**
   * Where to begin in partitions of which nothing is committed, or of which `start` says nothing.
   * Default `"earliest"`.
   */
  otherwise?: OffsetReset;
  /**
   * `"end"`: up to the end that each partition has when it begins, for jobs that are to end. Default:
   * for ever.
   */
  until?: "end";
  /** What is done about an offset that is no longer, or not yet, there. Default `"fail"`. */
  outOfRange?: OffsetReset;
  /** Whether records of open and aborted transactions are seen. Default `"read_committed"`. */
  isolation?: Isolation;
  /** What values are. Default `"json"`, an object each. */
  values?: KafkaValues;
  /** The columns of JSON values. Default: inferred from the first records. */
  schema?: TypedSchema<Row>;
  /** Records from which columns are inferred, at most. Default 1,024. */
  inferenceRows?: number;
  /** How long is waited for these after the first has come. Default `"500ms"`. */
  inferenceWait?: Duration;
  /**
   * What a key of JSON means that is no column: an error, or nothing. Default: nothing where columns
   * were inferred and the pipeline does not ask for all, else an error.
   */
  extraKeys?: "error" | "ignore";
  /**
   * The schema that Avro values are read as. With a `registry` it may be left out: they are read as
   * the latest schema of the first topic's subject; without one all were written with it.
   */
  avroSchema?: AvroSchema | string | object;
  /** Where the schemas are whose numbers stand in front of Avro values. Default: none stand there. */
  registry?: SchemaRegistry;
  /**
   * What a record without a value is: nothing but counted by `tombstones` of the metrics, or a row
   * whose columns of the value are null. Default `"skip"`.
   */
  tombstones?: "skip" | "row";
  /** A larger value is a bad record. Default 1 MiB. */
  maxRecordBytes?: number;
  /** What becomes of values that cannot be decoded. Default: what the pipeline's `badRecords` says. */
  badRecords?: Exclude<BadInputPolicy, "deadLetter">;
  /** Fetched bytes that the pipeline has not taken, at most; beyond, nothing is fetched. Default 32 MiB. */
  maxBufferBytes?: number;
  /** The most bytes of a partition that are fetched at once. Default 1 MiB. */
  maxPartitionBytes?: number;
  /** How long a broker waits for records where it has none. Default `"500ms"`. */
  maxWait?: Duration;
  /** How often is committed what the pipeline is done with. Default `"5s"`. */
  commitInterval?: Duration;
  /** How often the ends of partitions are asked for, by which the lag is known. Default `"5s"`. */
  lagInterval?: Duration;
  /**
   * After how long without records, though there are some, all connections are given up and made
   * anew. Default: three times `requestTimeout` and `maxWait` together.
   */
  watchdog?: Duration;
  /** How long it is tried when brokers fail, before the source does. Default `"5m"`. */
  retryTimeout?: Duration;
  /** The world: clocks and timers. Default: that of the pipeline. */
  runtime?: Runtime;
}

const DOING = "create kafkaSource";
const OPTIONS: OptionRule<KafkaSourceOptions<never>> = {
  doing: DOING,
  names: {
    ...KAFKA_CONNECTION_OPTIONS,
    ...{ topics: true, groupId: true, partitions: true, start: true, otherwise: true, until: true },
    ...{ outOfRange: true, isolation: true, values: true, schema: true, inferenceRows: true },
    ...{ inferenceWait: true, extraKeys: true, avroSchema: true, registry: true, tombstones: true },
    ...{ keyColumn: true, keys: true, headersColumn: true, headerColumns: true, topicColumn: true },
    ...{ partitionColumn: true, offsetColumn: true, timestampColumn: true, tombstoneColumn: true },
    ...{ valueColumn: true, maxRecordBytes: true, badRecords: true, maxBufferBytes: true },
    ...{ maxPartitionBytes: true, maxWait: true, commitInterval: true, lagInterval: true },
    ...{ watchdog: true, retryTimeout: true, runtime: true },
  },
  example: '{ bootstrapServers: "localhost:9092", topics: "readings" }',
};
const MAX_BUFFER_BYTES = 33_554_432;
const MAX_PARTITION_BYTES = 1_048_576;
const WATCHDOG_TIMES = 3;

/** Where to begin, with times as numbers. */
export type StartSettings =
  | { readonly at: "earliest" | "latest" | "committed" }
  | { readonly at: { readonly timestampMs: number } }
  | { readonly at: "offsets"; readonly offsets: readonly PartitionOffset[] };

/** What a source goes by. */
export interface KafkaSourceSettings {
  readonly connection: ConnectionOptions;
  readonly driver: KafkaDriver | undefined;
  readonly runtime: Runtime | undefined;
  readonly topics: readonly string[];
  readonly groupId: string | undefined;
  /** Absent: all of the topics, or those that the group assigns. */
  readonly partitions: readonly TopicPartition[] | undefined;
  readonly start: StartSettings;
  readonly otherwise: OffsetReset;
  readonly toEnd: boolean;
  readonly outOfRange: OffsetReset;
  readonly isolation: Isolation;
  readonly values: KafkaValues;
  readonly schema: TypedSchema<never> | undefined;
  readonly inferenceRows: number;
  readonly inferenceWaitMs: number;
  readonly extraKeys: "error" | "ignore" | undefined;
  readonly avroSchema: AvroSchema | undefined;
  readonly registry: SchemaRegistry | undefined;
  readonly keepsTombstones: boolean;
  readonly columns: KafkaColumnOptions;
  readonly maxRecordBytes: number;
  readonly badRecords: BadInputPolicy | undefined;
  readonly maxBufferBytes: number;
  readonly maxPartitionBytes: number;
  readonly maxWaitMs: number;
  readonly commitMs: number;
  readonly lagMs: number;
  readonly watchdogMs: number;
  readonly retryMs: number;
}

/**
 * What a source goes by, checked.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function kafkaSourceSettings(given: KafkaSourceOptions<never>): KafkaSourceSettings {
  const options = knownOptions(given, OPTIONS);
  const connection = kafkaConnection(options, DOING);
  const topics = topicsOf(options.topics);
  const { groupId, isolation = "read_committed", values = "json", otherwise, until } = options;
  if (groupId !== undefined) checkText("groupId", groupId, DOING);
  if (until !== undefined) checkWord("until", until, ["end"], DOING);
  const maxWaitMs = milliseconds(options.maxWait ?? "500ms", "maxWait", { least: 1 });
  const watchdogMs = WATCHDOG_TIMES * (connection.requestTimeoutMs + maxWaitMs);
  const positive = (name: "maxRecordBytes" | "maxBufferBytes" | "maxPartitionBytes", or: number) =>
    checkPositive(name, options[name] ?? or, DOING);
  const resets: readonly OffsetReset[] = ["earliest", "latest", "fail"];
  return {
    ...{ connection, driver: options.driver, runtime: options.runtime, topics, groupId },
    partitions: partitionsOf(options.partitions, topics),
    start: startOf(options, topics),
    otherwise: checkWord("otherwise", otherwise ?? "earliest", resets, DOING),
    toEnd: until === "end",
    outOfRange: checkWord("outOfRange", options.outOfRange ?? "fail", resets, DOING),
    isolation: checkWord("isolation", isolation, ["read_committed", "read_uncommitted"], DOING),
    values: checkWord("values", values, ["json", "avro", "text", "raw"], DOING),
    ...valueSettings(options),
    columns: columnsOf(options),
    maxRecordBytes: positive("maxRecordBytes", MAX_RECORD_BYTES),
    badRecords: options.badRecords &&
      checkWord<BadInputPolicy>("badRecords", options.badRecords, ["fail", "skip"], DOING),
    maxBufferBytes: positive("maxBufferBytes", MAX_BUFFER_BYTES),
    maxPartitionBytes: positive("maxPartitionBytes", MAX_PARTITION_BYTES),
    maxWaitMs,
    commitMs: milliseconds(options.commitInterval ?? "5s", "commitInterval", { least: 1 }),
    lagMs: milliseconds(options.lagInterval ?? "5s", "lagInterval", { least: 1 }),
    watchdogMs: milliseconds(options.watchdog ?? watchdogMs, "watchdog", { least: 1 }),
    retryMs: milliseconds(options.retryTimeout ?? "5m", "retryTimeout"),
  };
}

/** What is said of values, where it goes together. */
function valueSettings(options: KafkaSourceOptions<never>) {
  const { values = "json", schema, extraKeys, avroSchema, registry, tombstones = "skip" } = options;
  const { inferenceRows = INFERENCE_ROWS, inferenceWait = "500ms", tombstoneColumn } = options;
  if (extraKeys !== undefined) checkWord("extraKeys", extraKeys, ["error", "ignore"], DOING);
  checkWord("tombstones", tombstones, ["skip", "row"], DOING);
  if (registry !== undefined) checkRegistry(registry, DOING);
  const only = (name: keyof KafkaSourceOptions, format: KafkaValues) => {
    if (options[name] === undefined || values === format) return;
    throw new TypeError(
      `Cannot ${DOING}: ${name} is about values: "${format}", received values: "${values}"`,
    );
  };
  for (const name of ["schema", "inferenceRows", "inferenceWait", "extraKeys"] as const) {
    only(name, "json");
  }
  for (const name of ["avroSchema", "registry"] as const) only(name, "avro");
  if (values === "avro" && avroSchema === undefined && registry === undefined) {
    throw new TypeError(
      `Cannot ${DOING}: values: "avro" needs the schema that they were written with, as ` +
        `avroSchema, or the registry that has it`,
    );
  }
  if (tombstoneColumn !== undefined && tombstones === "skip") {
    throw new TypeError(
      `Cannot ${DOING}: tombstoneColumn would always be false, since records without a value are ` +
        `skipped; pass tombstones: "row" with it`,
    );
  }
  return {
    ...{ schema, extraKeys, registry, keepsTombstones: tombstones === "row" },
    avroSchema: avroSchema === undefined ? undefined : schemaOf(avroSchema),
    inferenceRows: checkPositive("inferenceRows", inferenceRows, DOING),
    inferenceWaitMs: milliseconds(inferenceWait, "inferenceWait"),
  };
}

function topicsOf(given: string | readonly string[]): readonly string[] {
  const topics = Array.isArray(given) ? given : [given];
  if (topics.length === 0) {
    throw new TypeError(`Cannot ${DOING}: topics must name at least one topic, received none`);
  }
  for (const topic of topics) checkTopic("topics", topic, DOING);
  return [...new Set(topics)];
}

function checkPartition(partition: unknown): number {
  if (Number.isSafeInteger(partition) && (partition as number) >= 0) return partition as number;
  throw new RangeError(
    `Cannot ${DOING}: partitions must be whole numbers from 0, received ${received(partition)}`,
  );
}

function checkOf(topic: string, topics: readonly string[]): string {
  if (topics.includes(topic)) return topic;
  throw new TypeError(
    `Cannot ${DOING}: ${received(topic)} is none of the topics ${topics.join(", ")}`,
  );
}

function partitionsOf(
  given: KafkaSourceOptions["partitions"],
  topics: readonly string[],
): readonly TopicPartition[] | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given) || given.length === 0) {
    throw new TypeError(
      `Cannot ${DOING}: partitions must be numbers such as [0, 1], or { topic, partition } each, ` +
        `received ${received(given)}`,
    );
  }
  return given.flatMap((each: number | TopicPartition) => {
    if (typeof each !== "object" || each === null) {
      return topics.map((topic) => ({ topic, partition: checkPartition(each) }));
    }
    return [{ topic: checkOf(each.topic, topics), partition: checkPartition(each.partition) }];
  });
}

function startOf(
  { start, groupId }: KafkaSourceOptions<never>,
  topics: readonly string[],
): StartSettings {
  if (start === undefined) return { at: groupId === undefined ? "earliest" : "committed" };
  if (start === "committed" && groupId === undefined) {
    throw new TypeError(`Cannot ${DOING}: start: "committed" needs a groupId that has committed`);
  }
  if (typeof start === "string") {
    const words = ["earliest", "latest", "committed"] as const;
    return { at: checkWord<typeof words[number]>("start", start, words, DOING) };
  }
  if (Object(start) === start && "timestamp" in start) {
    const timestampMs = new Date(start.timestamp).getTime();
    if (Number.isFinite(timestampMs)) return { at: { timestampMs } };
    throw new RangeError(
      `Cannot ${DOING}: start.timestamp must be a time, such as "2026-01-31T12:00:00Z" or a Date, ` +
        `received ${received(start.timestamp)}`,
    );
  }
  if (Object(start) === start && "offsets" in start && Array.isArray(start.offsets)) {
    return { at: "offsets", offsets: start.offsets.map((each) => offsetOf(each, topics)) };
  }
  throw new TypeError(
    `Cannot ${DOING}: start must be "earliest", "latest", "committed", { timestamp } or ` +
      `{ offsets: [{ topic, partition, offset }] }, received ${received(start)}`,
  );
}

function offsetOf(given: PartitionOffset, topics: readonly string[]): PartitionOffset {
  const { topic, partition, offset } = Object(given) as PartitionOffset;
  if (!(Number.isSafeInteger(offset) && offset >= 0)) {
    throw new RangeError(
      `Cannot ${DOING}: start.offsets must have whole numbers from 0, received ${received(offset)}`,
    );
  }
  return { topic: checkOf(topic, topics), partition: checkPartition(partition), offset };
}

const COLUMN_NAMES = [
  ...["keyColumn", "headersColumn", "topicColumn", "partitionColumn", "offsetColumn"] as const,
  ...["timestampColumn", "tombstoneColumn", "valueColumn"] as const,
];

function columnsOf(options: KafkaSourceOptions<never>): KafkaColumnOptions {
  const { keys, values = "json", headerColumns } = options;
  if (keys !== undefined) checkWord("keys", keys, ["text", "raw"], DOING);
  const isValue = values === "text" || values === "raw";
  if (options.valueColumn !== undefined && !isValue) {
    throw new TypeError(
      `Cannot ${DOING}: valueColumn is about values: "text" and "raw", received values: "${values}"`,
    );
  }
  const names = COLUMN_NAMES.flatMap((name) => {
    const given = options[name] ?? (name === "valueColumn" && isValue ? "value" : undefined);
    return given === undefined ? [] : [[name, checkText(name, given, DOING)] as const];
  });
  if (headerColumns !== undefined && Object(headerColumns) !== headerColumns) {
    throw new TypeError(
      `Cannot ${DOING}: headerColumns must be an object of columns by the names of headers, such ` +
        `as { trace: "traceId" }, received ${received(headerColumns)}`,
    );
  }
  const headers = Object.values(headerColumns ?? {});
  for (const name of headers) checkText("headerColumns", name, DOING);
  const all = [...names.map(([, name]) => name), ...headers];
  const twice = all.find((name, at) => all.indexOf(name) < at);
  if (twice !== undefined) {
    throw new TypeError(`Cannot ${DOING}: two columns are to be named ${received(twice)}`);
  }
  return {
    ...Object.fromEntries(names),
    ...(keys !== undefined && { keys }),
    ...(headerColumns && { headerColumns }),
  };
}
