import { StreamingError, type StreamingErrorOptions } from "../../hive/streaming_error.ts";
import type { TopicPartition } from "./driver.ts";

/** What a {@linkcode KafkaError} may know beyond its message. */
export interface KafkaErrorOptions extends StreamingErrorOptions {
  /** The broker's own name of it, such as `TOPIC_AUTHORIZATION_FAILED`. */
  code?: string;
}

/** Kafka could not do what was asked of it. One that is none of the kinds below is for good. */
export class KafkaError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "KafkaError";
  /** The broker's own name of it, where it said one: see "Error Codes" in Kafka's protocol guide. */
  readonly code?: string;

  /** With a message that says what could not be done, why, and what to do. */
  constructor(message: string, options: KafkaErrorOptions = {}) {
    super(message, options);
    if (options.code !== undefined) this.code = options.code;
  }
}

/** It may succeed when it is tried again: nothing was done. */
export class Retriable extends KafkaError {
  /** The name of the class. */
  override readonly name = "Retriable";

  /** With a message that says what could not be done, why, and what to do. */
  constructor(message: string, options: KafkaErrorOptions = {}) {
    super(message, { ...options, retriable: true });
  }
}

/** The open transaction cannot be committed; aborted, its records can be sent again in a new one. */
export class Abortable extends KafkaError {
  /** The name of the class. */
  override readonly name = "Abortable";
}

/** A newer producer of the same transactional id, or the broker's timeout, has taken over. */
export class Fenced extends KafkaError {
  /** The name of the class. */
  override readonly name = "Fenced";
}

/** Nobody can say whether it was done: the answer was lost. */
export class UnknownOutcome extends KafkaError {
  /** The name of the class. */
  override readonly name = "UnknownOutcome";
}

/** A consumer group has changed: its members have to join again. */
export class GroupChanged extends KafkaError {
  /** The name of the class. */
  override readonly name = "GroupChanged";
  /** Whether the coordinator has forgotten this member, which joins as a new one then. */
  readonly forgotten: boolean;

  /** With a message that says what could not be done, why, and what to do. */
  constructor(message: string, options: KafkaErrorOptions & { forgotten: boolean }) {
    super(message, { ...options, retriable: true });
    this.forgotten = options.forgotten;
  }
}

/** Offsets that are no more, or not yet, there. */
export class OffsetOutOfRange extends KafkaError {
  /** The name of the class. */
  override readonly name = "OffsetOutOfRange";
  /** Where. */
  readonly partitions: readonly TopicPartition[];

  /** With a message that says what could not be done, why, and what to do. */
  constructor(
    message: string,
    options: KafkaErrorOptions & { partitions: readonly TopicPartition[] },
  ) {
    super(message, options);
    this.partitions = options.partitions;
  }
}
