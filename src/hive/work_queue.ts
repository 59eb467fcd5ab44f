/** Records that were encoded together and are dispatched whole or in ranges. */
export interface SealedBatch {
  /** Which key group its records belong to. */
  readonly group: number;
  readonly priority: boolean;
  /** Rows in the body. */
  readonly rows: number;
  /** Key hashes, values and keys, as a frame of work has them behind its header. */
  readonly body: Uint8Array;
  readonly valueBytes: number;
  readonly keyBytes: number;
  readonly keys: readonly string[];
  /** The number of each record in the order of submission; only where that order is kept. */
  readonly sequences?: readonly number[];
  /** Order of sealing, which is the order of service. */
  readonly order: number;
}

/** A range of a batch that waits for a bee, or is with one. */
export interface WorkRange {
  readonly batch: SealedBatch;
  readonly from: number;
  readonly to: number;
  /** How many bees were lost over it. */
  readonly losses: number;
}

interface KeyGroup {
  readonly index: number;
  /** The bee that has records of the group, and therefore gets the next ones too; −1 if none. */
  bee: number;
  inFlight: number;
  readonly normal: WorkRange[];
  readonly priority: WorkRange[];
}

/**
 * Ranges of records that wait for a bee, by key group.
 *
 * Order per key rests on one rule: while a bee has records of a group, only that bee gets more of
 * it. A group without records under way is free for whichever bee has room first, so that work
 * moves away from slow bees. Records of high priority overtake the rest of their group: whoever
 * enqueues them has made sure that no earlier record of the same key waits there.
 */
export class WorkQueue {
  readonly #groups: KeyGroup[];
  readonly #ordered: boolean;
  #rows = 0;
  #priorityRows = 0;

  /** A queue of so many key groups; `ordered: false` lets a group go to several bees at once. */
  constructor(groups: number, options: { ordered: boolean }) {
    this.#ordered = options.ordered;
    this.#groups = Array.from({ length: groups }, (_, index) => ({
      index,
      bee: -1,
      inFlight: 0,
      normal: [],
      priority: [],
    }));
  }

  /** Rows that wait. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows of high priority that wait. */
  get priorityRows(): number {
    return this.#priorityRows;
  }

  /** Puts a range at the end of its group's line. */
  enqueue(range: WorkRange): void {
    this.#line(range).push(range);
    this.#count(range, 1);
  }

  /** Puts a range back to the head of its group's line. */
  putBack(range: WorkRange): void {
    this.#line(range).unshift(range);
    this.#count(range, 1);
  }

  /** Whether a bee may be given records of the group now. */
  isFreeFor(group: number, bee: number): boolean {
    const owner = this.#groups[group].bee;
    return !this.#ordered || owner === -1 || owner === bee;
  }

  /** The heads of the lines that a bee may take from. */
  *heads(bee: number): Generator<WorkRange> {
    for (const group of this.#groups) {
      if (!this.isFreeFor(group.index, bee)) continue;
      const head = group.priority[0] ?? group.normal[0];
      if (head) yield head;
    }
  }

  /** Takes the first `rows` rows of a head; the rest of it stays the head. */
  take(head: WorkRange, options: { bee: number; rows: number }): WorkRange {
    const line = this.#line(head);
    const to = Math.min(head.to, head.from + options.rows);
    const taken = { ...head, to };
    if (to < head.to) line[0] = { ...head, from: to };
    else line.shift();
    this.#count(taken, -1);
    const group = this.#groups[head.batch.group];
    group.bee = options.bee;
    group.inFlight++;
    return taken;
  }

  /** A range that was taken is finished, or lost. */
  settle(range: WorkRange): void {
    const group = this.#groups[range.batch.group];
    if (--group.inFlight === 0) group.bee = -1;
  }

  #line({ batch }: WorkRange): WorkRange[] {
    const group = this.#groups[batch.group];
    return batch.priority ? group.priority : group.normal;
  }

  #count(range: WorkRange, sign: number): void {
    const rows = sign * (range.to - range.from);
    this.#rows += rows;
    if (range.batch.priority) this.#priorityRows += rows;
  }
}
