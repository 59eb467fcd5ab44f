/** What a block without bytes says of its partition. */
export type BlockMarker = "begins" | "ends";

const PARTITION_AT = 0;
const COUNT_AT = 1;
const TIMES_AT = 2;

/** The watermarks that rows of a block are judged by. */
export interface BlockMarks {
  /** Of their partition, before the first of them, ms. */
  readonly watermark: number;
  /** What the other partitions hold the watermark down to, ms; `Infinity`: nothing. */
  readonly cap: number;
}

/**
 * Bytes of what stands before a block of one of several partitions.
 *
 * @param times Open partitions, each with its greatest time, in turn.
 */
export function partitionedBytes(times: Float64Array): number {
  return Float64Array.BYTES_PER_ELEMENT * (TIMES_AT + times.length);
}

/** Writes it: the block's own partition, how many are open, and each with its greatest time. */
export function writePartitioned(
  { buffer, byteOffset }: Uint8Array,
  { partition, times }: { readonly partition: number; readonly times: Float64Array },
): void {
  const doubles = new Float64Array(buffer, byteOffset, TIMES_AT + times.length);
  doubles[PARTITION_AT] = partition;
  doubles[COUNT_AT] = times.length / 2;
  doubles.set(times, TIMES_AT);
}

/** Where source partitions stand before a block: the watermark of each, and so of all. */
export class PartitionMarks {
  /** The partition of the block. */
  readonly partition: number;
  /** Bytes that it was read from. */
  readonly bytes: number;
  readonly #known: Float64Array;
  readonly #greatest = new Map<number, number>();
  readonly #bound: number;

  /** Reads what {@linkcode writePartitioned} wrote; the bound in ms. */
  constructor({ buffer, byteOffset }: Uint8Array, bound: number) {
    const [partition, count] = new Float64Array(buffer, byteOffset, TIMES_AT);
    this.partition = partition;
    const from = byteOffset + Float64Array.BYTES_PER_ELEMENT * TIMES_AT;
    this.#known = new Float64Array(buffer.slice(from, from + 16 * count));
    this.bytes = partitionedBytes(this.#known);
    this.#bound = bound;
  }

  /** Goes back to what it was read from. */
  reset(): void {
    this.#greatest.clear();
    for (let at = 0; at < this.#known.length; at += 2) {
      this.#greatest.set(this.#known[at], this.#known[at + 1]);
    }
  }

  /** A block of a partition was before; one with an infinite time has ended it. */
  pass(greatest: number, partition: number): void {
    if (greatest === Infinity) this.#greatest.delete(partition);
    else {
      this.#greatest.set(partition, Math.max(greatest, this.#greatest.get(partition) ?? -Infinity));
    }
  }

  /** What rows of the block are judged by. */
  get before(): BlockMarks {
    let others = Infinity;
    for (const [partition, greatest] of this.#greatest) {
      if (partition !== this.partition) others = Math.min(others, greatest);
    }
    const own = this.#greatest.get(this.partition) ?? -Infinity;
    return { watermark: own - this.#bound, cap: others - this.#bound };
  }
}
