import { several } from "../batch/several.ts";
import { PartitionTimes } from "./partition_times.ts";

const MAX_PARTITIONS = 65_536;

/** Options of {@linkcode FeedPartitions}. */
export interface FeedPartitionsOptions {
  /** How many there are. */
  readonly count: number;
  /** How far watermarks are behind the greatest time, ms. */
  readonly bound: number;
}

/** The partitions of a source: up to where each was read, and where it began and has ended. */
export class FeedPartitions {
  readonly times: PartitionTimes;
  readonly #name: string;
  /** Position of the next row of each. */
  #positions: Float64Array;
  /** Watermarks that partitions began with, ms. */
  readonly #begun = new Map<number, number>();
  #lastEnded = 0;

  /**
   * Of a source of that name, without rows.
   *
   * @throws {RangeError} when there cannot be so many.
   */
  constructor(name: string, { count, bound }: FeedPartitionsOptions) {
    this.#name = name;
    this.#checkCount(count, 1);
    this.times = new PartitionTimes(count, bound);
    this.#positions = new Float64Array(count);
  }

  /** How many there are. */
  get count(): number {
    return this.#positions.length;
  }

  /** The one that was the last to end. */
  get lastEnded(): number {
    return this.#lastEnded;
  }

  /**
   * Something comes of a partition.
   *
   * @throws {RangeError} when there is none such, or it has ended.
   */
  check(partition: number): void {
    if (!(partition in this.#positions)) {
      throw new RangeError(
        `Cannot read ${this.#name}: it has ${
          several(this.count, "partition")
        }, received a batch of ` +
          `partition ${partition}`,
      );
    }
    if (this.times.holdsBack(partition)) return;
    throw new RangeError(
      `Cannot read ${this.#name}: received a batch of partition ${partition} after that had ended; ` +
        `say ended with the last one`,
    );
  }

  #checkCount(count: number, least: number): void {
    const isCount = Number.isInteger(count) && count >= least;
    if (isCount && count <= MAX_PARTITIONS) return;
    throw new RangeError(
      `Cannot read ${this.#name}: partitions must be a whole number from ${least} to ` +
        `${MAX_PARTITIONS}, received ${count}`,
    );
  }

  /** Position of the next row of one. */
  positionOf(partition: number): number {
    return this.#positions[partition];
  }

  /** The next row of one is at this position. */
  moveTo(partition: number, position: number): void {
    this.#positions[partition] = position;
  }

  /** So many rows of one go on their way; the position of the first. */
  pass(partition: number, rows: number): number {
    const position = this.#positions[partition];
    this.#positions[partition] += rows;
    return position;
  }

  /** What of one is in windows that end by then, ms, was delivered before. */
  begin(partition: number, delivered: number): void {
    this.check(partition);
    this.#begun.set(partition, delivered);
  }

  /**
   * Up to where windows are delivered once they have left up to a watermark, ms; `undefined` where
   * that is not to be told, as rows of a partition may come again that has ended.
   */
  delivered(left: number): number | undefined {
    if (this.times.hasEnded || left === Infinity) return undefined;
    const isBegun = this.#begun.size === this.times.length;
    const begun = isBegun ? Math.min(...this.#begun.values()) : -Infinity;
    const delivered = Math.max(left, begun);
    return delivered === -Infinity ? undefined : delivered;
  }

  /**
   * There are so many from now on.
   *
   * @throws {RangeError} when there cannot be so many, or there were more.
   */
  grow(count: number): void {
    this.#checkCount(count, this.count);
    const positions = this.#positions;
    this.#positions = new Float64Array(count);
    this.#positions.set(positions);
    this.times.grow(count);
  }

  /** One gives no more rows; it holds the watermark back until that is released. */
  end(partition: number): void {
    this.times.end(partition);
    this.#lastEnded = partition;
  }
}
