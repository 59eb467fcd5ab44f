import type { Runtime } from "../../../runtime/runtime.ts";
import type { RecordBlock } from "../driver.ts";

/** For how long it is taken for granted that a topic refuses what it has refused, ms. */
export const SIZE_MEMORY_MS = 300_000;

interface Refused {
  /** The least bytes that it has refused. */
  readonly bytes: number;
  /** When it may be asked again: its limit may have been raised. */
  readonly untilMs: number;
}

/** What is known of the sizes of blocks that topics take: nobody may ask a broker for that. */
export class TopicSizes {
  readonly #runtime: Runtime;
  readonly #refused = new Map<string, Refused>();

  /** Nothing is known yet. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** A topic has refused a block as too large. */
  refused({ topic, bytes }: RecordBlock): void {
    const untilMs = this.#runtime.monotonicMs() + SIZE_MEMORY_MS;
    this.#refused.set(topic, { bytes: Math.min(this.#leastOf(topic), bytes.length), untilMs });
  }

  /** Whether a topic may take a block, as far as is known. */
  takes({ topic, bytes }: RecordBlock): boolean {
    return bytes.length < this.#leastOf(topic);
  }

  #leastOf(topic: string): number {
    const { bytes, untilMs } = this.#refused.get(topic) ?? { bytes: Infinity, untilMs: Infinity };
    if (this.#runtime.monotonicMs() < untilMs) return bytes;
    this.#refused.delete(topic);
    return Infinity;
  }
}
