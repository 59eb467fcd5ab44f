import type { PartitionOffset, TopicPartition } from "../driver/driver.ts";
import { KafkaError } from "../driver/kafka_error.ts";

/** Partitions that a message names; of more it says how many. */
const MOST_NAMED = 3;

/** A partition of which more was delivered than is committed. */
export interface UncommittedPartition extends TopicPartition {
  /** Up to where its records were delivered, the offset that could not be committed. */
  readonly delivered: number;
}

/**
 * A source of a group has delivered records at its end whose offsets could not be committed: they
 * come again when the group goes on.
 */
export class NotCommitted extends KafkaError {
  /** The name of the class. */
  override readonly name = "NotCommitted";
  /** What could not be committed, of each partition. */
  readonly partitions: readonly UncommittedPartition[];

  /** With what was to be committed, and why it could not be. */
  constructor(
    groupId: string,
    offsets: readonly PartitionOffset[],
    { cause }: { readonly cause: unknown },
  ) {
    const named = offsets.slice(0, MOST_NAMED).map(({ topic, partition, offset }) =>
      `partition ${partition} of ${topic} up to offset ${offset}`
    );
    const rest = offsets.length - named.length;
    if (rest > 0) named.push(`${rest} more`);
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `Cannot commit how far group "${groupId}" has come, ${
        named.join(", ")
      }: ${why}. All results ` +
        "were delivered, and those since the last commit come again when the group reads on: let " +
        "where they go expect that, or commit these offsets by hand first",
      { cause },
    );
    this.partitions = offsets.map(({ topic, partition, offset }) => {
      return { topic, partition, delivered: offset };
    });
  }
}
