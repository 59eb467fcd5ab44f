import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import type { PartitionOffset } from "../driver/driver.ts";
import { GroupChanged } from "../driver/kafka_error.ts";
import type { PartitionState } from "./partition_state.ts";

/** What an {@linkcode OffsetKeeper} works with. */
export interface OffsetKeeperOptions {
  readonly runtime: Runtime;
  /** How long what is settled may wait, ms. */
  readonly commitMs: number;
  /** All partitions that were ever read, by their numbers. */
  readonly states: () => readonly PartitionState[];
  /** Commits. */
  readonly commit: (offsets: readonly PartitionOffset[]) => Promise<void>;
}

/** Commits what the pipeline has settled, and nothing else. */
export class OffsetKeeper {
  readonly #options: OffsetKeeperOptions;
  /** Settled offsets by the number of the partition. */
  readonly #settled = new Map<number, number>();
  readonly #committed = new Map<number, number>();
  #cancel: Cancel | undefined;
  #next: PromiseWithResolvers<void> | undefined;
  /** Commits follow each other. */
  #last: Promise<void> = Promise.resolve();
  #changed = Promise.withResolvers<void>();
  #isClosed = false;

  /** A keeper that nothing was settled to. */
  constructor(options: OffsetKeeperOptions) {
    this.#options = options;
  }

  /** More is settled; resolves when it is committed. */
  settled(positions: ReadonlyMap<number, number>): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    for (const [partition, offset] of positions) this.#settled.set(partition, offset);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    const next = this.#next ??= Promise.withResolvers<void>();
    // Who has nothing left to settle may be about to end, and is not held up.
    if (this.isAllSettled) this.flush().catch(() => {});
    else {
      const { runtime, commitMs } = this.#options;
      this.#cancel ??= runtime.after(commitMs, () => void this.flush().catch(() => {}));
    }
    return next.promise;
  }

  /** Whether everything that the pipeline was given is settled. */
  get isAllSettled(): boolean {
    return this.#options.states().every((state) =>
      state.isGone || state.taken === state.first || this.#settled.get(state.index) === state.taken
    );
  }

  /** Resolves when all is settled, or a promise does. */
  async whenSettled(enough: Promise<void>): Promise<void> {
    let isEnough = false;
    const stop = enough.then(() => void (isEnough = true));
    while (!isEnough && !this.isAllSettled) await Promise.race([stop, this.#changed.promise]);
  }

  /** Up to where a partition is settled; −1: nothing is. */
  settledOf({ index }: PartitionState): number {
    return this.#settled.get(index) ?? -1;
  }

  /** Partitions are counted anew. */
  renew(): void {
    this.#settled.clear();
    this.#committed.clear();
  }

  /** Commits now; behind a commit that is under way. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const next = this.#next;
    this.#next = undefined;
    const done = this.#last.then(() => this.#commit());
    this.#last = done.catch(() => {});
    if (next) done.then(next.resolve, next.reject);
    return done;
  }

  async #commit(): Promise<void> {
    const due = this.#options.states().filter(({ index, isGone }) => {
      const settled = this.#settled.get(index);
      return !isGone && settled !== undefined && settled !== this.#committed.get(index);
    });
    if (due.length === 0) return;
    const offsets = due.map((state) => state.at(this.#settled.get(state.index)!));
    try {
      await this.#options.commit(offsets);
    } catch (error) {
      // who gets the partitions reads again what was not committed
      if (error instanceof GroupChanged) return;
      throw error;
    }
    due.forEach(({ index }, at) => this.#committed.set(index, offsets[at].offset));
  }

  /** Nothing more is committed. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#next?.resolve();
    this.#next = undefined;
  }
}
