import type { RecordInput } from "./record_input.ts";
import type { Duration } from "../../runtime/duration.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { KafkaConnectionOptions } from "../driver/kafka_connection.ts";

/** Who has to have a record before it counts as delivered. */
export type Acks = "all" | 1 | 0;

/** How records are compressed. */
export type KafkaCompression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/**
 * Which partition a record goes to: by its key as Java's producer does (`"murmur2"`; records without
 * a key stay together), by a column of whole numbers, or by a function of the bytes of its key.
 */
export type KafkaPartitioner =
  | "murmur2"
  | { readonly column: string }
  | ((key: Uint8Array | null, partitions: number) => number);

/** A topic that is made when it is not there. */
export interface CreateTopicOptions {
  /** How many partitions. Default: the broker's `num.partitions`. */
  partitions?: number;
  /** How many replicas of each. Default: the broker's `default.replication.factor`. */
  replicationFactor?: number;
  /** Settings, such as `{ "cleanup.policy": "compact" }`. */
  config?: Readonly<Record<string, string>>;
}

/** Options of {@linkcode KafkaPublisher}. */
export interface KafkaPublisherOptions extends KafkaConnectionOptions, RecordInput {
  /** Where records go. */
  topic: string;
  /**
   * Who has to have a record before it counts as delivered: all in-sync replicas (`"all"`, default),
   * the partition's leader (1), or nobody (0), so that what is lost on the way is lost unheard.
   */
  acks?: Acks;
  /**
   * Whether the broker leaves out what comes twice because an answer was lost, and keeps the order.
   * Default: with `acks: "all"` only, which it needs.
   */
  idempotent?: boolean;
  /** Compresses record batches. Default `"none"`. */
  compression?: KafkaCompression;
  /** Default `"murmur2"`. */
  partitioner?: KafkaPartitioner;
  /**
   * How long records wait for others to share a record batch while some are under way; when none are
   * they leave at once. Default `"5ms"`.
   */
  linger?: Duration;
  /** The most bytes of a record batch, before compression. Default 262,144. */
  batchBytes?: number;
  /** The most bytes of a record as it is encoded; a larger one is an error. Default 1,000,000. */
  maxRecordBytes?: number;
  /**
   * Bytes that are encoded and not acknowledged; with more than that `publish` waits. Default
   * 33,554,432.
   */
  bufferBytes?: number;
  /** How long a record is tried for before its batch counts as failed. Default `"2m"`. */
  deliveryTimeout?: Duration;
  /**
   * Publishes in transactions: readers of committed records see all of a batch or nothing. A name
   * that is the same when the program starts again, and that nobody else has: whoever is newer
   * takes over from the older.
   */
  transactionalId?: string;
  /** How long a transaction takes at most before it is committed. Default `"100ms"`. */
  transactionInterval?: Duration;
  /** Makes the topic when it is not there. Default `false`: that is an error. */
  createTopic?: boolean | CreateTopicOptions;
  /** The world: clocks and timers. Default: that of the process. */
  runtime?: Runtime;
}
