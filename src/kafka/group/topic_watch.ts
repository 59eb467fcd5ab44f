import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import type { KafkaCluster } from "../driver/driver.ts";
import { KafkaError } from "../driver/kafka_error.ts";

/** How many partitions topics have; those that are not there are left out. */
export async function partitionCounts(
  cluster: KafkaCluster,
  topics: readonly string[],
): Promise<Map<string, number>> {
  const found = await Promise.all(topics.map(async (topic) => {
    try {
      return await cluster.topics([topic], { fresh: true });
    } catch (error) {
      const isAbsent = error instanceof KafkaError && error.code === "UNKNOWN_TOPIC_OR_PARTITION";
      if (isAbsent) return [];
      throw error;
    }
  }));
  return new Map(found.flat().map(({ topic, partitions }) => [topic, partitions.length]));
}

/** Options of a {@linkcode TopicWatch}. */
export interface TopicWatchOptions {
  readonly cluster: KafkaCluster;
  /** What the leader has assigned by: all topics of the group, with their partitions. */
  readonly topics: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  /** How often to look, ms. */
  readonly metadataMs: number;
  readonly runtime: Runtime;
  readonly changed: () => void;
}

/** Looks whether topics have got partitions, or have come up, since a leader assigned them. */
export class TopicWatch implements Disposable {
  readonly #options: TopicWatchOptions;
  #cancel: Cancel = () => {};
  #isStopped = false;

  /** Begins to look. */
  constructor(options: TopicWatchOptions) {
    this.#options = options;
    this.#await();
  }

  /** Looks no more. */
  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #await(): void {
    const { runtime, metadataMs } = this.#options;
    this.#cancel = runtime.after(metadataMs, () => this.#look(), { background: true });
  }

  /** What cannot be found out now is looked at the next time. */
  async #look(): Promise<void> {
    const { cluster, topics, counts, changed } = this.#options;
    const now = await partitionCounts(cluster, topics).catch(() => counts);
    if (this.#isStopped) return;
    if (topics.some((topic) => now.get(topic) !== counts.get(topic))) changed();
    else this.#await();
  }
}
