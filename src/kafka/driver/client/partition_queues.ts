import type { TopicPartition } from "../driver.ts";
import { NO_IDENTITY, type ProducerIdentity } from "../wire/transaction_requests.ts";
import { PartitionQueue } from "./partition_queue.ts";

/** The queues of all partitions that anything was sent to. */
export class PartitionQueues {
  readonly #isIdempotent: boolean;
  /** By topic and partition. */
  readonly #queues = new Map<string, Map<number, PartitionQueue>>();
  #identity: ProducerIdentity = NO_IDENTITY;

  /** None yet. */
  constructor(isIdempotent: boolean) {
    this.#isIdempotent = isIdempotent;
  }

  /** The queue of a partition. */
  of({ topic, partition }: TopicPartition): PartitionQueue {
    const queues = this.#queues.getOrInsertComputed(topic, () => new Map());
    return queues.getOrInsertComputed(partition, () => {
      const made = new PartitionQueue({ topic, partition }, this.#isIdempotent);
      made.restart(this.#identity);
      return made;
    });
  }

  /** The queues of a topic. */
  ofTopic(topic: string): Iterable<PartitionQueue> {
    return this.#queues.get(topic)?.values() ?? [];
  }

  /** Whether a block with a sequence number was given up. */
  get hasGap(): boolean {
    return this.#queues.values().some((queues) => queues.values().some((queue) => queue.hasGap));
  }

  /** Who sends from now on: all sequence numbers begin anew. */
  become(identity: ProducerIdentity): void {
    this.use(identity);
    for (const queues of this.#queues.values()) {
      for (const queue of queues.values()) queue.restart(identity);
    }
  }

  /** Who sends to partitions that nothing was sent to before. */
  use(identity: ProducerIdentity): void {
    this.#identity = identity;
  }
}
