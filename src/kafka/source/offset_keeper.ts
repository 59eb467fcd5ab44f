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

/** What is to be known of the group where it is committed for the last time. */
export interface FinishOptions {
  /** Whether partitions were lost, and none were assigned since. */
  readonly isAway: boolean;
  /** Resolves with whether this member is in the group, once it is that again. */
  readonly back: () => Promise<boolean>;
}

/** What a commit at the end could not commit, and why. */
export interface LeftOver {
  readonly offsets: readonly PartitionOffset[];
  readonly cause: unknown;
}

/** Commits what the pipeline has settled, and nothing else. */
export class OffsetKeeper {
  readonly #options: OffsetKeeperOptions;
  /** Settled offsets by the number of the partition. */
  readonly #settled = new Map<number, number>();
  readonly #committed = new Map<number, PartitionOffset>();
  /** What is noted beside offsets, of all partitions. */
  #note: string | undefined;
  #cancel: Cancel | undefined;
  #next: PromiseWithResolvers<void> | undefined;
  /** Commits follow each other. */
  #last: Promise<void> = Promise.resolve();
  #changed = Promise.withResolvers<void>();
  #isClosed = false;
  /** What the group has said against the last commit. */
  #refused: GroupChanged | undefined;

  /** A keeper that nothing was settled to. */
  constructor(options: OffsetKeeperOptions) {
    this.#options = options;
  }

  /** More is settled, and something to be noted with it; resolves when it is committed. */
  settled(positions: ReadonlyMap<number, number>, note?: string): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#note = note ?? this.#note;
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

  /** Up to where a partition is settled, with what is noted; `undefined`: nothing of it is. */
  settledOf(state: PartitionState): PartitionOffset | undefined {
    return this.#settled.has(state.index) ? this.#offsetOf(state) : undefined;
  }

  /** Partitions are counted anew. */
  renew(): void {
    this.#settled.clear();
    this.#committed.clear();
    this.#note = undefined;
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

  /**
   * Commits all that is settled, since nothing more will be; where the group has changed, again when
   * this member is back in it.
   *
   * @returns what is left, if anything is.
   */
  async finish({ isAway, back }: FinishOptions): Promise<LeftOver | undefined> {
    const own = this.#options.states().filter(({ isGone }) => isAway || !isGone);
    const wanted = own.filter((state) => this.#isDue(state));
    while (true) {
      await this.flush();
      const left = wanted.filter((state) => this.#isDue(state));
      if (left.length === 0) return undefined;
      if (left.some(({ isGone }) => !isGone) && await back()) continue;
      return { offsets: left.map((state) => this.#offsetOf(state)), cause: this.#refused };
    }
  }

  /** Whether more of a partition is settled than is committed, or more is noted of all. */
  #isDue({ index }: PartitionState): boolean {
    const settled = this.#settled.get(index);
    const committed = this.#committed.get(index);
    return settled !== undefined && settled !== committed?.offset ||
      this.#note !== undefined && this.#note !== committed?.metadata;
  }

  /** What is to be committed of one: what is noted counts for all, also where nothing is settled. */
  #offsetOf(state: PartitionState): PartitionOffset {
    return state.at(this.#settled.get(state.index) ?? state.first, this.#note ?? state.note);
  }

  async #commit(): Promise<void> {
    const due = this.#options.states().filter((state) => !state.isGone && this.#isDue(state));
    if (due.length === 0) return;
    const offsets = due.map((state) => this.#offsetOf(state));
    try {
      await this.#options.commit(offsets);
    } catch (error) {
      // who gets the partitions reads again what was not committed
      if (!(error instanceof GroupChanged)) throw error;
      this.#refused = error;
      return;
    }
    due.forEach(({ index }, at) => this.#committed.set(index, offsets[at]));
  }

  /** Nothing more is committed. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#next?.resolve();
    this.#next = undefined;
  }
}
