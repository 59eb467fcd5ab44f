import type { BlockContent } from "../block_content.ts";

/** Reads of a partition that are kept apart at most; of more, two each are settled together. */
const MAX_READS = 1024;

/** What was read of a partition at a time. */
export interface PlacedRead {
  /**
   * Where a reader of the partition would go on behind it, as its source counts. Absent: nobody could
   * begin there, it is settled with what comes behind.
   */
  readonly position?: number | undefined;
  /** Number of the first batch of the log that is not of it. */
  readonly end: number;
  /** The greatest event time in it, ms; `-Infinity` without one. */
  readonly greatest: number;
  /** Of which it is not known before a bee has told. */
  readonly block?: BlockContent | undefined;
}

/** What is known of how far a run has come. */
export interface SettledState {
  /** Number of the first batch of the log of which it is not decided what becomes of its rows. */
  readonly decided: number;
  /** Whether no window that has not left may hold a row of a time, ms. */
  isPast(time: number): boolean;
  /** Windows that end by then have left, ms, where that is known. */
  readonly delivered?: number | undefined;
}

/** The reads of one partition that are not settled, in its order. */
export class PartitionPositions {
  #reads: PlacedRead[] = [];

  /** Whether everything that was read is settled. */
  get isEmpty(): boolean {
    return this.#reads.length === 0;
  }

  /** Adds what was read behind all before. */
  add(read: PlacedRead): void {
    this.#reads.push(read);
    if (this.#reads.length > MAX_READS) this.#reads = inPairs(this.#reads);
  }

  /** Lets go of the reads that are settled, and gives where they end; `undefined`: none is. */
  take({ decided, isPast }: SettledState): number | undefined {
    this.#know(decided);
    const open = this.#reads.findIndex(({ end, greatest }) => end > decided || !isPast(greatest));
    const settled = this.#reads.splice(0, open < 0 ? this.#reads.length : open);
    return settled.findLast(({ position }) => position !== undefined)?.position;
  }

  /** Of blocks that bees have told of the times are known, and their bytes are not kept. */
  #know(decided: number): void {
    for (const [at, { block, ...read }] of this.#reads.entries()) {
      if (read.end > decided) break;
      if (block) this.#reads[at] = { ...read, greatest: block.greatest };
    }
  }
}

/** Two reads each as one: settled when both are. */
function inPairs(reads: readonly PlacedRead[]): PlacedRead[] {
  const pairs: PlacedRead[] = [];
  for (let at = 0; at < reads.length; at++) {
    const [one, other] = [reads[at], reads[at + 1]];
    if (!other || one.block || other.block) pairs.push(one);
    else {
      const position = other.position ?? one.position;
      pairs.push({ ...other, position, greatest: Math.max(one.greatest, other.greatest) });
      at++;
    }
  }
  return pairs;
}
