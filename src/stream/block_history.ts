import type { BlockMarker } from "../hive/partition_marks.ts";

/** What came before a block in its partition: what is known of all earlier ones, put together. */
export interface BlocksBefore {
  /** The greatest usable event time, ms; `-Infinity` without one. */
  readonly greatest: number;
  readonly rows: number;
  /** Physical lines. */
  readonly lines: number;
}

/** What a block adds to what came before the next. */
export interface KnownBlock {
  readonly greatest: number;
  readonly rows: number;
  readonly lines: number;
}

/** A block as its history sees it. */
export interface BlockInOrder {
  /** Lines between the block before and this one. */
  readonly linesBefore: number;
  /** Which source partition it is of. Default 0. */
  readonly partition?: number;
  /** What it is in the place of rows. */
  readonly marker?: BlockMarker | undefined;
  /** What was found in it, once a bee has told. */
  readonly known: KnownBlock | undefined;
  /** What came before it, once that is known. */
  before: BlocksBefore | undefined;
  /** The times of all partitions before it, once they are known, where there are several. */
  timesBefore?: Float64Array | undefined;
}

const NOTHING: BlocksBefore = { greatest: -Infinity, rows: 0, lines: 0 };

/**
 * Puts together, in the order of the source, what bees tell of blocks in any order: which line a
 * block begins on, how many rows came before it, and the greatest event time of these, each in its
 * partition.
 */
export class BlockHistory {
  readonly #waiting: BlockInOrder[] = [];
  /** Partitions that have not ended. */
  readonly #open: Map<number, BlocksBefore>;
  #isPartitioned: boolean;
  #times: Float64Array | undefined;
  #first = 0;

  /** Of the partitions that are open before the first block. Default: one. */
  constructor(partitions: Iterable<number> = [0]) {
    this.#open = new Map(Array.from(partitions, (partition) => [partition, NOTHING]));
    this.#isPartitioned = this.#open.size !== 1 || !this.#open.has(0);
  }

  /** The greatest time of a partition is at least this; before its first block. */
  begin(partition: number, greatest: number): void {
    const last = this.#open.get(partition);
    if (!last || greatest <= last.greatest) return;
    this.#open.set(partition, { ...last, greatest });
    this.#times = undefined;
  }

  /** Blocks of which all before are known, and of all before these. */
  get known(): number {
    return this.#first;
  }

  /** The greatest time of these in any open partition, ms. */
  get greatest(): number {
    let greatest = -Infinity;
    for (const each of this.#open.values()) greatest = Math.max(greatest, each.greatest);
    return greatest;
  }

  /** Open partitions, each with its greatest time, in turn; absent where there is but one. */
  get times(): Float64Array | undefined {
    if (!this.#isPartitioned) return undefined;
    const pairs = () =>
      [...this.#open].flatMap(([partition, { greatest }]) => [partition, greatest]);
    return this.#times ??= Float64Array.from(pairs());
  }

  /** The next block. */
  append(block: BlockInOrder): void {
    if (block.marker) this.#isPartitioned = true;
    this.#waiting.push(block);
    this.advance();
  }

  /** Takes into account what was told since. */
  advance(): void {
    for (let [block] = this.#waiting; block; [block] = this.#waiting) {
      const { partition = 0, linesBefore } = block;
      const last = this.#open.get(partition) ?? NOTHING;
      const before = { ...last, lines: last.lines + linesBefore };
      block.before ??= before;
      block.timesBefore ??= this.times;
      const { known } = block;
      if (!known) return;
      this.#pass(block, before, known);
      this.#first++;
      this.#waiting.shift();
    }
  }

  #pass({ partition = 0, marker }: BlockInOrder, before: BlocksBefore, known: KnownBlock): void {
    const greatest = Math.max(before.greatest, known.greatest);
    if (marker || greatest > before.greatest) this.#times = undefined;
    if (marker === "ends") this.#open.delete(partition);
    else {
      const { rows, lines } = before;
      this.#open.set(partition, { greatest, rows: rows + known.rows, lines: lines + known.lines });
    }
  }
}
