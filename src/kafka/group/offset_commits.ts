import type { Runtime } from "../../runtime/runtime.ts";
import type {
  GroupCoordinator,
  GroupIdentity,
  PartitionOffset,
  TopicPartition,
} from "../driver/driver.ts";
import { GroupChanged, KafkaError } from "../driver/kafka_error.ts";
import { untilDone } from "./passing.ts";

/** Options of {@linkcode OffsetCommits}. */
export interface OffsetCommitsOptions {
  readonly coordinator: GroupCoordinator;
  readonly identity: GroupIdentity;
  /** What the member holds. */
  readonly partitions: readonly TopicPartition[];
  readonly runtime: Runtime;
  /** Told when the coordinator does not let the member commit any more. */
  readonly refused: (error: GroupChanged) => void;
}

/** An offset of a partition, and its place among all that were ever wanted. */
interface Wanted {
  readonly at: PartitionOffset;
  readonly order: number;
}

interface Waiting extends PromiseWithResolvers<void> {
  /** For which, or later ones of their partitions. */
  readonly wanted: readonly Wanted[];
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}

/**
 * The offsets that a member commits in one generation: one request at a time, in which is the
 * latest of each partition, and never one that is before what was committed already.
 */
export class OffsetCommits {
  readonly #options: OffsetCommitsOptions;
  readonly #held: ReadonlySet<string>;
  readonly #committed = new Map<string, Wanted>();
  #wanted = new Map<string, Wanted>();
  #order = 0;
  #waiting: Waiting[] = [];
  #isSending = false;
  readonly #closed = new AbortController();

  /** Commits of nothing yet. */
  constructor(options: OffsetCommitsOptions) {
    this.#options = options;
    this.#held = new Set(options.partitions.map(keyOf));
  }

  /**
   * Resolves when these offsets, or later ones of their partitions, are committed. What is passing
   * is tried again until the generation ends.
   *
   * @throws {GroupChanged} when the generation has ended, or ends before.
   * @throws {KafkaError} when the coordinator refuses, or a partition is not the member's.
   */
  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    this.#closed.signal.throwIfAborted();
    const stray = offsets.find((each) => !this.#held.has(keyOf(each)));
    if (stray) throw this.#notHeld(stray);
    const wanted = offsets.map((each) => this.#want(each));
    if (wanted.every((each) => this.#isCommitted(each))) return;
    const waiting = { wanted, ...Promise.withResolvers<void>() };
    this.#waiting.push(waiting);
    this.#send();
    await waiting.promise;
  }

  /** The generation has ended: who waits is told so. */
  close(reason: unknown): void {
    this.#closed.abort(reason);
    this.#wanted.clear();
    this.#reject(reason);
  }

  /** What is to be committed so that an offset is: itself, or what is at least as late. */
  #want(at: PartitionOffset): Wanted {
    const key = keyOf(at);
    const latest = this.#wanted.get(key) ?? this.#committed.get(key);
    const isNewer = !latest || at.offset > latest.at.offset ||
      at.offset === latest.at.offset && at.metadata !== latest.at.metadata;
    if (!isNewer) return latest;
    const wanted = { at, order: ++this.#order };
    this.#wanted.set(key, wanted);
    return wanted;
  }

  #isCommitted({ at, order }: Wanted): boolean {
    return (this.#committed.get(keyOf(at))?.order ?? -1) >= order;
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    const { coordinator, identity, runtime } = this.#options;
    while (this.#wanted.size > 0) {
      const sent = [...this.#wanted.values()];
      this.#wanted = new Map();
      try {
        const offsets = sent.map(({ at }) => at);
        const commit = () => coordinator.commit(identity, offsets);
        await untilDone(commit, { runtime, signal: this.#closed.signal });
        this.#succeed(sent);
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#isSending = false;
  }

  #succeed(sent: readonly Wanted[]): void {
    for (const each of sent) this.#committed.set(keyOf(each.at), each);
    const done = this.#waiting.filter(({ wanted }) =>
      wanted.every((each) => this.#isCommitted(each))
    );
    this.#waiting = this.#waiting.filter((each) => !done.includes(each));
    for (const { resolve } of done) resolve();
  }

  #fail(error: unknown): void {
    if (error instanceof GroupChanged) {
      this.close(error);
      this.#options.refused(error);
    } else if (!this.#closed.signal.aborted) {
      this.#wanted.clear();
      this.#reject(error);
    }
  }

  #reject(reason: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(reason);
  }

  #notHeld({ topic, partition, offset }: PartitionOffset): KafkaError {
    const { groupId, generation } = this.#options.identity;
    return new KafkaError(
      `Cannot commit offset ${offset} of partition ${partition} of topic "${topic}": in generation ` +
        `${generation} of group "${groupId}" it is not this member's`,
    );
  }
}
