import {
  Abortable,
  Fenced,
  GroupChanged,
  KafkaError,
  OffsetOutOfRange,
  Retriable,
} from "../../kafka/driver/kafka_error.ts";
import type { TopicPartition } from "../../kafka/driver/driver.ts";

/** What a broker answers when it does not do what it was asked: one of Kafka's error codes. */
export class BrokerRefusal extends Error {
  override readonly name = "BrokerRefusal";
  /** The code, such as `NOT_LEADER_OR_FOLLOWER`. */
  readonly code: string;
  /** The partitions that it is about, where it is about some. */
  readonly partitions: readonly TopicPartition[];

  /** With Kafka's own name of the error. */
  constructor(code: string, partitions: readonly TopicPartition[] = []) {
    super(code);
    this.code = code;
    this.partitions = partitions;
  }
}

/** The connection ended, or was silent for too long, before an answer came. */
export class LostConnection extends Error {
  override readonly name = "LostConnection";
  /** Whether the broker cannot have heard of the request. */
  readonly isUnheard: boolean;

  /** With what happened to it. */
  constructor(message: string, isUnheard: boolean) {
    super(message);
    this.isUnheard = isUnheard;
  }
}

const PASSING = new Set([
  ...["NOT_LEADER_OR_FOLLOWER", "LEADER_NOT_AVAILABLE", "FENCED_LEADER_EPOCH"],
  ...["COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS", "NOT_COORDINATOR"],
  ...["REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND"],
  ...["CONCURRENT_TRANSACTIONS", "KAFKA_STORAGE_ERROR", "UNSTABLE_OFFSET_COMMIT"],
  ...["CORRUPT_MESSAGE", "BROKER_NOT_AVAILABLE"],
]);
const FENCING = new Set([
  ...["INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED", "INVALID_PRODUCER_ID_MAPPING"],
]);
const ABORTING = new Set([
  ...["OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID", "INVALID_TXN_STATE"],
]);
const GROUP = new Set(["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"]);

/** Errors that tell that it may be done all the same. */
const DOUBTFUL = new Set(["REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS_AFTER_APPEND"]);

/** Whether asking again may help. */
export function isPassing(error: unknown): boolean {
  return error instanceof LostConnection || error instanceof Retriable ||
    error instanceof BrokerRefusal && PASSING.has(error.code);
}

/** Whether what was asked may have been done. */
export function mayBeDone(error: unknown): boolean {
  return error instanceof LostConnection && !error.isUnheard ||
    error instanceof BrokerRefusal && DOUBTFUL.has(error.code);
}

/**
 * What a driver makes of what came, or did not come, from a broker.
 *
 * @param doing What could not be done, for the message.
 */
export function driverError(error: unknown, doing: string): unknown {
  if (error instanceof LostConnection) {
    return new Retriable(`Cannot ${doing}: ${error.message}`, { cause: error });
  }
  if (!(error instanceof BrokerRefusal)) return error;
  const { code, partitions } = error;
  const options = { code, cause: error };
  const message = `Cannot ${doing}: the broker answers ${code}`;
  if (PASSING.has(code)) return new Retriable(message, options);
  if (FENCING.has(code)) return new Fenced(message, options);
  if (ABORTING.has(code)) return new Abortable(message, options);
  if (GROUP.has(code)) {
    return new GroupChanged(message, { ...options, forgotten: code === "UNKNOWN_MEMBER_ID" });
  }
  if (code === "OFFSET_OUT_OF_RANGE") {
    return new OffsetOutOfRange(message, { ...options, partitions });
  }
  return new KafkaError(message, options);
}
