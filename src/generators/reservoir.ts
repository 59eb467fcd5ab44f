import { RecordBatch } from "../batch/record_batch.ts";
import { SeededRandom } from "./sampling/seeded_random.ts";

const TWO_32 = 4294967296;

/** Some rows of a batch, and how they rank. */
interface Kept {
  readonly batch: RecordBatch;
  readonly ranks: Float64Array;
}

/**
 * A uniform sample of rows, however many come: each row gets a random rank by the seed and its place
 * alone, and those of the least ranks are kept, in the order in which they came.
 */
export class Reservoir {
  readonly #most: number;
  readonly #random: SeededRandom;
  #kept: Kept[] = [];
  #length = 0;
  #seen = 0;
  #limit = Infinity;

  /** Of at most so many rows. */
  constructor(most: number, seed: bigint) {
    this.#most = most;
    this.#random = new SeededRandom(seed, 2);
  }

  /** Rows that have come. */
  get seen(): number {
    return this.#seen;
  }

  /** Takes rows in. */
  add(batch: RecordBatch): void {
    this.#seen += batch.length;
    const all = Float64Array.from(
      { length: batch.length },
      () => this.#random.word() * TWO_32 + this.#random.word(),
    );
    this.#keep({ batch, ranks: all });
    if (this.#length > 2 * this.#most) this.#thin();
  }

  #keep({ batch, ranks }: Kept): void {
    const rows: number[] = [];
    for (let row = 0; row < ranks.length; row++) if (ranks[row] <= this.#limit) rows.push(row);
    if (rows.length === 0) return;
    const all = rows.length === batch.length;
    this.#kept.push({
      batch: all ? batch : batch.take(rows),
      ranks: all ? ranks : Float64Array.from(rows, (row) => ranks[row]),
    });
    this.#length += rows.length;
  }

  /** Leaves the rows of the least ranks. */
  #thin(): void {
    const ranks = new Float64Array(this.#length);
    let at = 0;
    for (const kept of this.#kept) {
      ranks.set(kept.ranks, at);
      at += kept.ranks.length;
    }
    this.#limit = ranks.sort()[this.#most - 1];
    const before = this.#kept;
    this.#kept = [];
    this.#length = 0;
    for (const kept of before) this.#keep(kept);
  }

  /** The rows that were kept; undefined when none came. */
  rows(): RecordBatch | undefined {
    if (this.#length > this.#most) this.#thin();
    if (this.#kept.length === 0) return undefined;
    return RecordBatch.concat(this.#kept.map(({ batch }) => batch));
  }
}
