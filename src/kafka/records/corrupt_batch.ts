import { KafkaError, type KafkaErrorOptions } from "../driver/kafka_error.ts";

/** Where a batch is. */
export interface BatchPlace {
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
  /** The offset of its first record. */
  readonly offset: number;
}

/** A record batch that came from a broker cannot be read: it is damaged, too large, or too old. */
export class CorruptBatch extends KafkaError {
  /** The name of the class. */
  override readonly name = "CorruptBatch";
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
  /** The offset of its first record. */
  readonly offset: number;

  /** With what is wrong, and what to do. */
  constructor(place: BatchPlace, reason: string, fix: string, options: KafkaErrorOptions = {}) {
    const { topic, partition, offset } = place;
    super(
      `Cannot read records of topic ${
        JSON.stringify(topic)
      }, partition ${partition}, from offset ` +
        `${offset} on: ${reason}; ${fix}`,
      options,
    );
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
  }
}
