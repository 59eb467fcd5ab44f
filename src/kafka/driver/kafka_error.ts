import { several } from "../../batch/several.ts";
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

function isRetriable(error: unknown): boolean {
  return error instanceof StreamingError && error.retriable;
}

/** Some records of a block, and what became of them. */
export interface SentPart {
  /** How many. */
  readonly records: number;
  /** Why they were not appended, or nobody knows; absent: they were. */
  readonly error?: unknown;
}

/** Of a block that had to be split some records were appended, and others were not. */
export class PartlySent extends KafkaError {
  /** The name of the class. */
  override readonly name = "PartlySent";
  /** All records of the block, in order. */
  readonly parts: readonly SentPart[];

  /** With what became of each of them; of some it is an error. */
  constructor(parts: readonly SentPart[]) {
    const errors = parts.map(({ error }) => error).filter((error) => error !== undefined);
    const cause = errors.find((error) => !isRetriable(error)) ?? errors[0];
    const why = cause instanceof Error ? cause.message : String(cause);
    const sent = parts.reduce(
      (sum, { error, records }) => error === undefined ? sum + records : sum,
      0,
    );
    const rest = sent === 0
      ? ""
      : `; ${several(sent, "record")} of the same block ${sent === 1 ? "was" : "were"} appended`;
    const code = cause instanceof KafkaError ? cause.code : undefined;
    const retriable = errors.every(isRetriable);
    super(why + rest, { cause, retriable, ...(code !== undefined && { code }) });
    this.parts = parts;
  }
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

/** A partition whose offset is not there. */
export interface LostOffset extends TopicPartition {
  /** Up to where the leader has what was read, where it has less of it: the rest is lost. */
  readonly truncatedTo?: number;
}

/** Offsets that are no more, or not yet, there. */
export class OffsetOutOfRange extends KafkaError {
  /** The name of the class. */
  override readonly name = "OffsetOutOfRange";
  /** Where. */
  readonly partitions: readonly LostOffset[];

  /** With a message that says what could not be done, why, and what to do. */
  constructor(
    message: string,
    options: KafkaErrorOptions & { partitions: readonly LostOffset[] },
  ) {
    super(message, options);
    this.partitions = options.partitions;
  }
}
