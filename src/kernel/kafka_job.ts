import type { KafkaCells, KafkaHeaderCells } from "./kafka_cells.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

/** A column in kernel memory. */
export interface KafkaColumn {
  /** Where the values lie. */
  readonly values: number;
  /** A bitmap of those that are not null; 0: all. */
  readonly valid: number;
}

/** Rows to be appended. */
export interface KafkaRows {
  readonly rows: number;
  /** The time of those that have none, ms. */
  readonly nowMs: number;
  readonly value: KafkaCells;
  readonly key?: KafkaCells;
  readonly headers: readonly KafkaHeaderCells[];
  /** Times of 64 bits, ms. */
  readonly times?: KafkaColumn;
  /** A bitmap of the rows that have no value. */
  readonly tombstones?: KafkaColumn;
  /** Partitions of 32 bits. */
  readonly partitions?: KafkaColumn;
}

/** What rows are appended to. */
export interface KafkaJobPlace {
  readonly partitions: number;
  /** Where the states of partitions lie. */
  readonly states: number;
  /** The partition that rows without a key go to. */
  readonly sticky: number;
  readonly batchBytes: number;
  readonly maxRecordBytes: number;
  readonly isSummed: boolean;
}

/** Words of a job and of cells, as `assembly/kafka/job.ts` has them. */
const JOB_BYTES = 96;
const CELLS_BYTES = 48;
const STICKY = 80 / 4;
const FAULT_ROW = 84;
const FAULT_VALUE = 88;

/** Rows to be appended, as the kernel reads them. */
export class KafkaJob implements Disposable {
  readonly #kernel: Kernel;
  readonly #job: MemoryBlock;
  readonly #cells: MemoryBlock;
  readonly #texts: MemoryBlock;
  readonly #rowPlaces: MemoryBlock;

  /** Of no rows yet. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#job = new MemoryBlock(kernel);
    this.#cells = new MemoryBlock(kernel);
    this.#texts = new MemoryBlock(kernel);
    this.#rowPlaces = new MemoryBlock(kernel);
  }

  /** The partition that rows without a key go to from here on. */
  get sticky(): number {
    return this.#kernel.u32[(this.#job.address >>> 2) + STICKY];
  }

  /** Which row cannot be appended, and the value that is why. */
  get fault(): { readonly row: number; readonly value: number } {
    const view = new DataView(this.#kernel.u8.buffer, this.#job.address);
    return { row: view.getUint32(FAULT_ROW, true), value: view.getFloat64(FAULT_VALUE, true) };
  }

  /** Puts rows into kernel memory, and gives the address of the job. */
  place(
    { rows, nowMs, value, key, headers, times, tombstones, partitions }: KafkaRows,
    to: KafkaJobPlace,
  ): number {
    const cells = this.#placeCells(value, key, headers);
    const rowPlaces = this.#rowPlaces.reserve(rows * 8);
    const job = this.#job.reserve(JOB_BYTES);
    const view = new DataView(this.#kernel.u8.buffer, job, JOB_BYTES);
    view.setBigInt64(24, BigInt(nowMs), true);
    const words = this.#kernel.u32.subarray(job >>> 2, (job + JOB_BYTES) >>> 2);
    words.set([rows, to.partitions, to.states, to.batchBytes, to.maxRecordBytes]);
    words[5] = to.isSummed ? 1 : 0;
    words.set([times?.values ?? 0, times?.valid ?? 0], 8);
    words.set([tombstones?.values ?? 0, tombstones?.valid ?? 0], 10);
    words.set([partitions?.values ?? 0, partitions?.valid ?? 0], 12);
    words.set([key ? cells + CELLS_BYTES : 0, cells, cells + 2 * CELLS_BYTES, headers.length], 14);
    words.set([rowPlaces, rowPlaces + rows * 4, to.sticky], 18);
    return job;
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    for (const block of [this.#job, this.#cells, this.#texts, this.#rowPlaces]) {
      block[Symbol.dispose]();
    }
  }

  #placeCells(
    value: KafkaCells,
    key: KafkaCells | undefined,
    headers: readonly KafkaHeaderCells[],
  ): number {
    const all: readonly (KafkaCells & { name?: Uint8Array })[] = [
      value,
      key ?? { values: 0, offsets: 0 },
      ...headers,
    ];
    let textBytes = 0;
    for (const { prefix, name } of all) textBytes += (prefix?.length ?? 0) + (name?.length ?? 0);
    let text = this.#texts.reserve(textBytes);
    const at = this.#cells.reserve(all.length * CELLS_BYTES);
    const { u8, u32 } = this.#kernel;
    const put = (bytes: Uint8Array | undefined): number[] => {
      if (!bytes || bytes.length === 0) return [0, 0];
      u8.set(bytes, text);
      text += bytes.length;
      return [text - bytes.length, bytes.length];
    };
    all.forEach(
      ({ values, offsets, valid = 0, indices = 0, entries = 0, trim = 0, ...rest }, each) => {
        const words = [values, offsets, valid, indices, entries, trim, ...put(rest.prefix)];
        u32.set([...words, ...put(rest.name)], (at + each * CELLS_BYTES) >>> 2);
      },
    );
    return at;
  }
}
