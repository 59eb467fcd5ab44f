import type { DataType, TypedSchema } from "../../batch/schema.ts";
import type { AvroSchema } from "../../codecs/avro/avro_type.ts";
import type { Duration } from "../../runtime/duration.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { BadInputPolicy } from "../../stream/source.ts";
import type { Isolation, PartitionOffset, TopicPartition } from "../driver/driver.ts";
import type { KafkaConnectionOptions } from "../driver/kafka_connection.ts";
import type { SchemaRegistry } from "../registry/schema_registry.ts";

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
   * A name that this member of the group has again when it starts anew, and no other has: it then
   * goes on with its partitions, and the others with theirs, if it is back within `sessionTimeout`
   * (static membership, KIP-345). Default: none, and it leaves the group when it ends.
   */
  groupInstanceId?: string;
  /** After how long without a heartbeat a member's partitions go to others. Default `"45s"`. */
  sessionTimeout?: Duration;
  /** How long members have to let go of their partitions and join again. Default `"60s"`. */
  rebalanceTimeout?: Duration;
  /** How often a member tells that it lives: less than `sessionTimeout`. Default `"3s"`. */
  heartbeatInterval?: Duration;
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
  /**
   * Types of some of them, such as `{ price: types.f64 }`, where there is no schema: those of the others
   * are inferred. A value that is not of its column's type makes its record a bad one.
   */
  types?: Readonly<Record<string, DataType>>;
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
