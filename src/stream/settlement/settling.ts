import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import type { Settlement, SourceBatch } from "../source.ts";
import { PartitionPositions, type PlacedRead, type SettledState } from "./partition_positions.ts";
import type { ResultAccount } from "./result_account.ts";

const MAX_MARKS = 64;

/** Takes positions that are settled. */
export type SettledListener = Parameters<Settlement["onSettled"]>[0];

/** What {@linkcode Settling} works with. */
export interface SettlingOptions {
  readonly runtime: Runtime;
  /** Whether rows wait for others once they have been read. */
  readonly keepsRows: boolean;
  /** Which windows they are kept in, where it is told up to where these are delivered. */
  readonly windows?: string | undefined;
  /** How long what could be settled may wait for that, ms. */
  readonly intervalMs: number;
  /** Kinds of windows, each with results of its own. */
  readonly kinds: number;
  /** Dead letters and late rows that were put on their way so far. */
  readonly letters: () => number;
  /** Resolves when those have been delivered. */
  readonly deliver: () => Promise<void>;
  /** It is time to look at what is settled. */
  readonly due: () => void;
  /** Something that was waited for has failed. */
  readonly failed: (error: unknown) => void;
}

/** Positions that are settled once so many rows of each kind have been acknowledged. */
interface Mark {
  readonly rows: readonly number[];
  /** Letters that are to be delivered before. */
  readonly letters: number;
  readonly positions: ReadonlyMap<number, number>;
  /** Windows that end by then are in so many rows, ms. */
  readonly delivered: number | undefined;
}

/**
 * Finds out up to where the rows of each source partition are done with, and tells the source.
 *
 * Now and then a mark is set, when all results that there are have been handed out: it says what is
 * settled once these have been acknowledged.
 */
export class Settling implements Settlement {
  readonly #options: SettlingOptions;
  readonly #listeners: SettledListener[] = [];
  readonly #finishers: (() => void | Promise<void>)[] = [];
  readonly #awaited: (() => void | Promise<void>)[] = [];
  readonly #partitions = new Map<number, PartitionPositions>();
  /** Rows of each kind that were acknowledged. */
  readonly #acknowledged: number[];
  /** Those that are not acknowledged; beyond a number of them what comes later becomes one. */
  readonly #marks: Mark[] = [];
  /** Letters that were delivered. */
  #delivered = 0;
  #delivering: Promise<void> | undefined;
  /** What listeners have returned and is not settled. */
  readonly #telling = new Set<Promise<void>>();
  #isDue = false;
  #cancel: Cancel | undefined;
  #isOver = false;

  /** Of a run that has read nothing. */
  constructor(options: SettlingOptions) {
    this.#options = options;
    this.#acknowledged = Array(options.kinds).fill(0);
  }

  /** Whether something is to be settled that somebody wants to know of. */
  get isActive(): boolean {
    return this.#partitions.size > 0;
  }

  /** Whether somebody will want to know. */
  get isWanted(): boolean {
    return this.#listeners.length > 0;
  }

  get keepsRows(): boolean {
    return this.#options.keepsRows;
  }

  get windows(): string | undefined {
    return this.#options.windows;
  }

  onSettled(listener: SettledListener): void {
    this.#listeners.push(listener);
  }

  onFinished(listener: () => void | Promise<void>): void {
    this.#finishers.push(listener);
  }

  /** Something was read, which is in the log with all before. */
  read(
    { partition = 0, position, batch, block }: SourceBatch,
    read: Omit<PlacedRead, "position">,
  ): void {
    if (!this.isWanted || this.#isOver) return;
    if (position === undefined && !batch && !block) return;
    const positions = this.#partitions.get(partition) ?? new PartitionPositions();
    this.#partitions.set(partition, positions);
    positions.add({ position, ...read });
    this.#waitForDue();
  }

  #waitForDue(): void {
    const { runtime, intervalMs, due } = this.#options;
    if (this.#isDue || this.#cancel || this.#isOver) return;
    this.#cancel = runtime.after(intervalMs, () => {
      this.#cancel = undefined;
      this.#isDue = true;
      due();
    });
  }

  /**
   * All results that there are have been handed out, so many rows of each kind: if it is time, it is
   * noted what is settled by that.
   */
  look(rows: readonly number[], state: () => SettledState): void {
    const { intervalMs } = this.#options;
    if (!this.#isDue && intervalMs > 0 || this.#isOver || this.#partitions.size === 0) return;
    this.#isDue = false;
    this.#mark(rows, state());
    if (this.#marks.length > 0) this.#await();
    if (intervalMs > 0 && this.#partitions.values().some(({ isEmpty }) => !isEmpty)) {
      this.#waitForDue();
    }
  }

  #mark(rows: readonly number[], state: SettledState): void {
    const positions = new Map<number, number>();
    for (const [partition, reads] of this.#partitions) {
      const position = reads.take(state);
      if (position !== undefined) positions.set(partition, position);
    }
    if (positions.size === 0) return;
    const last = this.#marks.length < MAX_MARKS ? undefined : this.#marks.pop();
    const all = new Map([...last?.positions ?? [], ...positions]);
    const { letters, windows } = this.#options;
    const delivered = windows === undefined ? undefined : state.delivered ?? last?.delivered;
    this.#marks.push({ rows: [...rows], letters: letters(), positions: all, delivered });
    this.#settle();
  }

  /** Tells of marks that are acknowledged. */
  #settle(): void {
    while (!this.#delivering && !this.#isOver) {
      const [mark] = this.#marks;
      if (!mark || mark.rows.some((rows, kind) => rows > this.#acknowledged[kind])) return;
      if (mark.letters > this.#delivered) return this.#deliver(mark);
      this.#marks.shift();
      this.#tell(mark);
      if (this.#marks.length > 0) this.#await();
    }
  }

  #await(): void {
    for (const listener of this.#awaited) listener();
  }

  /** Notes what is settled by so many rows of results, all that there are, whether it is time. */
  markNow(rows: readonly number[], state: () => SettledState): void {
    if (this.#partitions.size > 0) this.#mark(rows, state());
  }

  /**
   * Resolves when what is noted has been acknowledged, as far as it can be now, and told; what
   * listeners make of that, as commits at their own pace, is not waited for.
   */
  async pressed(): Promise<void> {
    if (this.#marks.length > 0) await Promise.all(this.#awaited.map((listener) => listener()));
    while (this.#delivering) await this.#delivering;
  }

  async #told(): Promise<void> {
    while (this.#delivering || this.#telling.size > 0) {
      await this.#delivering;
      await Promise.all(this.#telling);
    }
  }

  #deliver({ letters }: Mark): void {
    const { deliver, failed } = this.#options;
    this.#delivering = deliver().then(() => {
      this.#delivered = letters;
    }, failed).finally(() => {
      this.#delivering = undefined;
      if (this.#delivered >= letters) this.#settle();
    });
  }

  #tell({ positions, delivered }: Mark): void {
    for (const listener of this.#listeners) {
      const told: Promise<void> = Promise.try(listener, positions, delivered)
        .catch((error) => this.#options.failed(error))
        .finally(() => this.#telling.delete(told));
      this.#telling.add(told);
    }
  }

  /** What is told of the results of a kind. */
  account(kind: number): ResultAccount {
    const { failed } = this.#options;
    const isActive = () => this.isActive;
    return {
      get isKept() {
        return isActive();
      },
      acknowledge: (rows) => {
        this.#acknowledged[kind] = Math.max(this.#acknowledged[kind], rows);
        this.#settle();
      },
      isAwaited: (rows) => {
        const [mark] = this.#marks;
        return mark !== undefined && rows >= mark.rows[kind] &&
          mark.rows[kind] > this.#acknowledged[kind];
      },
      onAwaited: (listener) => {
        this.#awaited.push(listener);
      },
      refuse: failed,
    };
  }

  /**
   * Everything that was read is in results, of which there were so many rows; resolves when what is
   * settled by that has been taken note of.
   */
  async finish(rows: readonly number[]): Promise<void> {
    this.#cancel?.();
    this.#mark(rows, { decided: Infinity, isPast: () => true });
    await this.#told();
    if (this.#isOver) return;
    await Promise.all(this.#finishers.map((listener) => listener()))
      .catch((error) => this.#options.failed(error));
  }

  /** Nothing more is settled. */
  close(): void {
    this.#isOver = true;
    this.#cancel?.();
  }
}
