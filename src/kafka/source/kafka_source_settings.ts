import { INFERENCE_ROWS } from "../../batch/limits.ts";
import type { TypedSchema } from "../../batch/schema.ts";
import { schemaOf } from "../../codecs/avro/avro_encoder.ts";
import type { AvroSchema } from "../../codecs/avro/avro_type.ts";
import { MAX_RECORD_BYTES } from "../../codecs/limits.ts";
import { checkPositive, checkWord } from "../../codecs/option_checks.ts";
import { checkTypes, type ColumnTypes } from "../../codecs/typed_columns.ts";
import { milliseconds } from "../../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { BadInputPolicy } from "../../stream/source.ts";
import type {
  ConnectionOptions,
  Isolation,
  KafkaDriver,
  TopicPartition,
} from "../driver/driver.ts";
import {
  checkText,
  KAFKA_CONNECTION_OPTIONS,
  kafkaConnection,
} from "../driver/kafka_connection.ts";
import { checkRegistry } from "../registry/registry_serializer.ts";
import type { SchemaRegistry } from "../registry/schema_registry.ts";
import type {
  KafkaColumnOptions,
  KafkaSourceOptions,
  KafkaValues,
  OffsetReset,
} from "./kafka_source_options.ts";
import { type MemberSettings, memberSettings } from "./member_settings.ts";
import { DOING, partitionsOf, startOf, type StartSettings, topicsOf } from "./start_settings.ts";

const OPTIONS: OptionRule<KafkaSourceOptions<never>> = {
  doing: DOING,
  names: {
    ...KAFKA_CONNECTION_OPTIONS,
    ...{ topics: true, groupId: true, partitions: true, start: true, otherwise: true, until: true },
    ...{ outOfRange: true, isolation: true, values: true, schema: true, inferenceRows: true },
    ...{ types: true },
    ...{ inferenceWait: true, extraKeys: true, avroSchema: true, registry: true, tombstones: true },
    ...{ keyColumn: true, keys: true, headersColumn: true, headerColumns: true, topicColumn: true },
    ...{ partitionColumn: true, offsetColumn: true, timestampColumn: true, tombstoneColumn: true },
    ...{ valueColumn: true, maxRecordBytes: true, badRecords: true, maxBufferBytes: true },
    ...{ maxPartitionBytes: true, maxWait: true, commitInterval: true, lagInterval: true },
    ...{ watchdog: true, retryTimeout: true, runtime: true, groupInstanceId: true },
    ...{ sessionTimeout: true, rebalanceTimeout: true, heartbeatInterval: true },
  },
  example: '{ bootstrapServers: "localhost:9092", topics: "readings" }',
};
const MAX_BUFFER_BYTES = 33_554_432;
const MAX_PARTITION_BYTES = 1_048_576;
const WATCHDOG_TIMES = 3;

/** What a source goes by. */
export interface KafkaSourceSettings {
  readonly connection: ConnectionOptions;
  readonly driver: KafkaDriver | undefined;
  readonly runtime: Runtime | undefined;
  readonly topics: readonly string[];
  readonly groupId: string | undefined;
  readonly member: MemberSettings;
  /** Absent: all of the topics, or those that the group assigns. */
  readonly partitions: readonly TopicPartition[] | undefined;
  readonly start: StartSettings;
  readonly otherwise: OffsetReset;
  readonly toEnd: boolean;
  readonly outOfRange: OffsetReset;
  readonly isolation: Isolation;
  readonly values: KafkaValues;
  readonly schema: TypedSchema<never> | undefined;
  readonly types: ColumnTypes | undefined;
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
    member: memberSettings(options),
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
  const { values = "json", schema, types, extraKeys, avroSchema, registry, tombstones = "skip" } =
    options;
  const { inferenceRows = INFERENCE_ROWS, inferenceWait = "500ms", tombstoneColumn } = options;
  if (extraKeys !== undefined) checkWord("extraKeys", extraKeys, ["error", "ignore"], DOING);
  checkWord("tombstones", tombstones, ["skip", "row"], DOING);
  checkTypes({ schema, ...(types && { types }) }, DOING);
  if (registry !== undefined) checkRegistry(registry, DOING);
  const only = (name: keyof KafkaSourceOptions, format: KafkaValues) => {
    if (options[name] === undefined || values === format) return;
    throw new TypeError(
      `Cannot ${DOING}: ${name} is about values: "${format}", received values: "${values}"`,
    );
  };
  for (const name of ["schema", "types", "inferenceRows", "inferenceWait", "extraKeys"] as const) {
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
    ...{ schema, types, extraKeys, registry, keepsTombstones: tombstones === "row" },
    avroSchema: avroSchema === undefined ? undefined : schemaOf(avroSchema),
    inferenceRows: checkPositive("inferenceRows", inferenceRows, DOING),
    inferenceWaitMs: milliseconds(inferenceWait, "inferenceWait"),
  };
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
