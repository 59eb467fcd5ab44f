import type { PartitionOffset, TopicPartition } from "../../kafka/driver/driver.ts";

/** What a group has committed. */
export class GroupOffsets {
  readonly #offsets = new Map<string, PartitionOffset>();

  /** All of it, in the order of topics and partitions. */
  get all(): readonly PartitionOffset[] {
    return [...this.#offsets.values()].sort((a, b) =>
      a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition
    );
  }

  /** A topic is deleted: what was committed of it counts no more. */
  forget(deleted: string): void {
    for (const [key, { topic }] of this.#offsets) if (topic === deleted) this.#offsets.delete(key);
  }

  /** Makes offsets count. */
  store(offsets: readonly PartitionOffset[]): void {
    for (const each of offsets) this.#offsets.set(`${each.topic}/${each.partition}`, each);
  }

  /** Those of some partitions. */
  of(partitions: readonly TopicPartition[]): PartitionOffset[] {
    return partitions.flatMap(({ topic, partition }) =>
      this.#offsets.get(`${topic}/${partition}`) ?? []
    );
  }
}
