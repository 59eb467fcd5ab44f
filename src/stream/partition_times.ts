import type { Column } from "../batch/column.ts";
import { greatestTime } from "../hive/event_times.ts";
import type { PartitionMarks } from "./alignment.ts";

/** Watermarks of rows of a partition, ms. */
interface PlacedTimes {
  /** Before the first row, of this partition alone. */
  readonly watermark: number;
  /** Of all partitions, after the last row. */
  readonly watermarkAfter: number;
  /** What the other partitions hold the watermark down to. */
  readonly cap: number;
}

/** The greatest event times of partitions, and the watermarks that lie a bound behind them. */
export class PartitionTimes implements PartitionMarks {
  #greatest: Float64Array;
  readonly #bound: number;
  readonly #ended = new Set<number>();

  /** Of so many partitions without rows; the bound in ms. */
  constructor(partitions: number, bound: number) {
    this.#greatest = new Float64Array(partitions).fill(-Infinity);
    this.#bound = bound;
  }

  /** How many partitions there are. */
  get length(): number {
    return this.#greatest.length;
  }

  /** Whether there are none that have not ended. */
  get haveEnded(): boolean {
    return this.#ended.size === this.length;
  }

  /** The watermark of all partitions, ms. */
  get watermark(): number {
    return Math.min(...this.#greatest) - this.#bound;
  }

  /** The watermark of one, ms. */
  markOf(partition: number): number {
    return this.#greatest[partition] - this.#bound;
  }

  /** Whether it still may give rows. */
  holdsBack(partition: number): boolean {
    return !this.#ended.has(partition);
  }

  /** Those that have not ended. */
  get open(): number[] {
    return Array.from(this.#greatest.keys()).filter((partition) => this.holdsBack(partition));
  }

  /** There are so many from now on: new ones hold the watermark back from where it is. */
  grow(partitions: number): void {
    const before = this.#greatest;
    const least = this.watermark + this.#bound;
    this.#greatest = new Float64Array(partitions).fill(least);
    this.#greatest.set(before);
    // the last of all may have ended without
    for (const partition of this.#ended) this.release(partition);
  }

  /** It gives no more rows; it holds the others back until {@linkcode PartitionTimes.release}. */
  end(partition: number): void {
    this.#ended.add(partition);
  }

  /** One that has ended holds the others back no longer. */
  release(partition: number): void {
    this.#greatest[partition] = Infinity;
  }

  /** Whether some have ended. */
  get hasEnded(): boolean {
    return this.#ended.size > 0;
  }

  /** The watermark of one is at least this, ms. */
  begin(partition: number, watermark: number): void {
    const greatest = watermark + this.#bound;
    this.#greatest[partition] = Math.max(greatest, this.#greatest[partition]);
  }

  /** The watermark of each is at least this, ms. */
  raise(watermark: number): void {
    this.#greatest.forEach((greatest, partition) => {
      this.#greatest[partition] = Math.max(greatest, watermark + this.#bound);
    });
  }

  /** Takes in rows of a partition, whose times may matter. */
  place(partition: number, times: Column | undefined): PlacedTimes {
    const watermark = this.markOf(partition);
    const cap = this.#othersAt(partition) - this.#bound;
    if (times) {
      const greatest = greatestTime(times, times.length);
      if (greatest > this.#greatest[partition]) this.#greatest[partition] = greatest;
    }
    return { watermark, watermarkAfter: Math.min(cap, this.markOf(partition)), cap };
  }

  /** The least of the greatest times of the other partitions. */
  #othersAt(partition: number): number {
    let least = Infinity;
    for (let other = 0; other < this.#greatest.length; other++) {
      if (other !== partition && this.#greatest[other] < least) least = this.#greatest[other];
    }
    return least;
  }
}
