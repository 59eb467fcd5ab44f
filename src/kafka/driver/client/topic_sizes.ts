import type { RecordBlock } from "../driver.ts";

/** What is known of the sizes of blocks that topics take: nobody may ask a broker for that. */
export class TopicSizes {
  /** The least bytes that a topic has refused. */
  readonly #refused = new Map<string, number>();

  /** A topic has refused a block as too large. */
  refused({ topic, bytes }: RecordBlock): void {
    this.#refused.set(topic, Math.min(this.#refused.get(topic) ?? Infinity, bytes.length));
  }

  /** Whether a topic may take a block, as far as is known. */
  takes({ topic, bytes }: RecordBlock): boolean {
    return bytes.length < (this.#refused.get(topic) ?? Infinity);
  }
}
