/** What came before a block: what is known of all earlier ones, put together. */
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
  /** What was found in it, once a bee has told. */
  readonly known: KnownBlock | undefined;
  /** What came before it, once that is known. */
  before: BlocksBefore | undefined;
}

const NOTHING: BlocksBefore = { greatest: -Infinity, rows: 0, lines: 0 };

/**
 * Puts together, in the order of the source, what bees tell of blocks in any order: which line a
 * block begins on, how many rows came before it, and the greatest event time of these.
 */
export class BlockHistory {
  readonly #waiting: BlockInOrder[] = [];
  #first = 0;
  #before: BlocksBefore = NOTHING;

  /** Blocks of which all before are known, and of all before these. */
  get known(): number {
    return this.#first;
  }

  /** The greatest time of these, ms. */
  get greatest(): number {
    return this.#before.greatest;
  }

  /** The next block. */
  append(block: BlockInOrder): void {
    this.#waiting.push(block);
    this.advance();
  }

  /** Takes into account what was told since. */
  advance(): void {
    for (let [block] = this.#waiting; block; [block] = this.#waiting) {
      const lines = this.#before.lines + block.linesBefore;
      block.before ??= { ...this.#before, lines };
      const { known } = block;
      if (!known) return;
      this.#before = {
        greatest: Math.max(this.#before.greatest, known.greatest),
        rows: this.#before.rows + known.rows,
        lines: lines + known.lines,
      };
      this.#first++;
      this.#waiting.shift();
    }
  }
}
