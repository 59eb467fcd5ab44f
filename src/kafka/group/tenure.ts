import type { Runtime } from "../../runtime/runtime.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import type { GroupCoordinator, GroupIdentity, TopicPartition } from "../driver/driver.ts";
import { GroupChanged } from "../driver/kafka_error.ts";
import { Heart, losesPlace } from "./heart.ts";
import { OffsetCommits } from "./offset_commits.ts";

/** Options of a {@linkcode Tenure}. */
export interface TenureOptions {
  readonly coordinator: GroupCoordinator;
  readonly identity: GroupIdentity;
  readonly heartbeatMs: number;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly runtime: Runtime;
  /** Aborted when the member is to leave. */
  readonly closing: AbortSignal;
}

/** A member's time in one generation of its group. */
export class Tenure implements Disposable {
  /** Who it is in it. */
  readonly identity: GroupIdentity;
  readonly #options: TenureOptions;
  readonly #heart: Heart;
  readonly #stop: ChildAbort;
  readonly #ended = Promise.withResolvers<void>();
  readonly #leave = () => this.end();
  #error?: unknown;
  #hasEnded = false;
  #isLost = false;
  #commits?: OffsetCommits;

  /** Begins, with the first of its heartbeats to come. */
  constructor(options: TenureOptions) {
    const { identity, closing } = options;
    this.#options = options;
    this.identity = identity;
    this.#stop = new ChildAbort(closing);
    this.#heart = new Heart({
      ...options,
      ended: (error, isLost) => isLost ? this.#lose(error) : this.end(error),
    });
    closing.addEventListener("abort", this.#leave);
    if (closing.aborted) this.end();
  }

  /** Aborted when the member's place is lost, or the member is to leave. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Resolves when the partitions are to be let go. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Whether they are. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Why, where it was not asked for: what the coordinator said. */
  get error(): unknown {
    return this.#error;
  }

  /** Whether the partitions may be another's by now. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Resolves when the coordinator says that this is still the generation, or it has ended. */
  async confirm(): Promise<void> {
    await Promise.race([this.#heart.confirm(), this.ended]);
  }

  /** Makes partitions this member's, whose offsets can be committed then. */
  hold(partitions: readonly TopicPartition[]): OffsetCommits {
    const { coordinator, identity, runtime } = this.#options;
    this.#commits = new OffsetCommits({
      coordinator,
      identity,
      partitions,
      runtime,
      refused: (error) => losesPlace(error) ? this.#lose(error) : this.end(error),
    });
    return this.#commits;
  }

  /** The partitions are to be let go. */
  end(error?: unknown): void {
    this.#error ??= error;
    this.#hasEnded = true;
    this.#ended.resolve();
  }

  /** Nothing can be committed any more, and no heart beats. */
  [Symbol.dispose](): void {
    const { closing, identity: { groupId, generation } } = this.#options;
    this.#heart[Symbol.dispose]();
    this.#stop[Symbol.dispose]();
    closing.removeEventListener("abort", this.#leave);
    this.#commits?.close(
      new GroupChanged(
        `Cannot commit offsets: generation ${generation} of group "${groupId}" is over; who gets ` +
          "the partitions reads again what was not committed",
        { forgotten: false },
      ),
    );
  }

  #lose(error: unknown): void {
    this.#isLost = true;
    this.#commits?.close(error);
    this.end(error);
    this.#stop.abort(error);
  }
}
