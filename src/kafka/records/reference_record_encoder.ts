import { partitionOfKey } from "./murmur2.ts";
import { encodePlainBatch, type PlainRecord, varint } from "./reference_records.ts";
import { HEADER_BYTES } from "./batch_header.ts";

/** A row as the parts of its record. */
export type PlainRow = Omit<PlainRecord, "offset"> & {
  /** Where it goes; default: by its key. */
  readonly partition?: number;
};

/** How rows become batches. */
export interface ReferenceEncoderOptions {
  readonly partitions: number;
  readonly batchBytes: number;
  /** The partition that the first rows without a key go to. */
  readonly sticky: number;
}

/** A batch of a partition. */
export interface PlainBlock {
  readonly partition: number;
  readonly records: number;
  readonly bytes: Uint8Array;
}

interface OpenBatch {
  records: PlainRecord[];
  bytes: number;
}

function sized(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varint(bytes.length).length + bytes.length;
}

/** What a record takes besides its length and the differences of time and offset. */
function plainSize({ key, value, headers }: PlainRow): number {
  const names = headers.reduce(
    (sum, [name, cell]) => sum + sized(new TextEncoder().encode(name)) + sized(cell),
    0,
  );
  return 1 + sized(key) + sized(value) + varint(headers.length).length + names;
}

/** What the kernel's encoder is held to: rows to batches, one row after the other. */
export class ReferenceRecordEncoder {
  readonly #options: ReferenceEncoderOptions;
  readonly #open: OpenBatch[];
  readonly #closed: PlainBlock[][];
  #sticky: number;

  /** An encoder that has no rows. */
  constructor(options: ReferenceEncoderOptions) {
    this.#options = options;
    this.#open = Array.from({ length: options.partitions }, () => ({ records: [], bytes: 0 }));
    this.#closed = Array.from({ length: options.partitions }, () => []);
    this.#sticky = options.sticky;
  }

  /** Appends rows: first all partitions are chosen, by what is open before. */
  append(rows: readonly PlainRow[]): void {
    let filled = this.#open[this.#sticky].bytes;
    const partitions = rows.map((row) => {
      if (row.partition !== undefined) return row.partition;
      if (row.key !== null) return partitionOfKey(row.key, this.#options.partitions);
      const size = plainSize(row) + 2;
      if (filled > 0 && filled + size > this.#options.batchBytes) {
        this.#sticky = (this.#sticky + 1) % this.#options.partitions;
        filled = this.#open[this.#sticky].bytes;
      }
      filled = (filled || HEADER_BYTES) + size;
      return this.#sticky;
    });
    rows.forEach((row, at) => this.#put(row, partitions[at]));
  }

  /** Takes the batches that are full, or all. */
  take(all: boolean): PlainBlock[] {
    if (all) {
      const isOpen = this.#open[this.#sticky].records.length > 0;
      this.#open.forEach((_, partition) => this.#close(partition));
      if (isOpen) this.#sticky = (this.#sticky + 1) % this.#options.partitions;
    }
    return this.#closed.flatMap((blocks) => blocks.splice(0));
  }

  #put(row: PlainRow, partition: number): void {
    const before = this.#open[partition].records;
    const first = before[0]?.timestamp ?? row.timestamp;
    const body = plainSize(row) + varint(row.timestamp - first).length +
      varint(before.length).length;
    const size = varint(body).length + body;
    if (before.length > 0 && this.#open[partition].bytes + size > this.#options.batchBytes) {
      this.#close(partition);
      return this.#put(row, partition);
    }
    const open = this.#open[partition];
    open.records.push({ ...row, offset: open.records.length });
    open.bytes = (open.bytes || HEADER_BYTES) + size;
  }

  #close(partition: number): void {
    const { records } = this.#open[partition];
    if (records.length === 0) return;
    const bytes = encodePlainBatch({ records });
    this.#closed[partition].push({ partition, records: records.length, bytes });
    this.#open[partition] = { records: [], bytes: 0 };
  }
}
