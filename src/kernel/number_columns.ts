import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

const MOST_BYTES = 48;
const KINDS = ["f64", "fixed", "i32", "i64", "decimal", "timestamp", "date", "time"] as const;

/** What a column of numbers is written as; `fixed` is an f64 with fixed decimals. */
export type NumberKind = typeof KINDS[number];

const VALUE_BYTES: Readonly<Record<NumberKind, number>> = {
  f64: 8,
  fixed: 8,
  i32: 4,
  i64: 8,
  decimal: 16,
  timestamp: 8,
  date: 4,
  time: 4,
};

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A column of ASCII texts. */
export interface TextColumn {
  /** All of them. */
  readonly bytes: Uint8Array;
  /** Where each starts, and where the last one ends. */
  readonly offsets: Int32Array;
}

/** Columns of numbers from columns of text, in the kernel. */
export class NumberColumns implements Disposable {
  readonly #kernel: Kernel;
  readonly #bytes: MemoryBlock;
  readonly #offsets: MemoryBlock;
  readonly #values: MemoryBlock;

  /** In the memory of a kernel. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#bytes = new MemoryBlock(kernel);
    this.#offsets = new MemoryBlock(kernel);
    this.#values = new MemoryBlock(kernel);
  }

  /**
   * The doubles that texts are, up to the first that is no number. A view of kernel memory, valid
   * until the next call.
   *
   * @param loose Whether numbers are taken as people write them, and not only as JSON does.
   * @throws {KernelMemoryError} when the kernel's budget does not hold the columns.
   */
  readDoubles(texts: TextColumn, loose: boolean): Float64Array {
    const rows = texts.offsets.length - 1;
    const [bytes, offsets] = this.#place(texts);
    const to = this.#values.reserve(rows * 8);
    const { exports } = this.#kernel;
    const read = exports.readDoubles(bytes, offsets, rows, loose ? 1 : 0, to);
    return new Float64Array(this.#kernel.u8.buffer, to, read);
  }

  /**
   * The scaled integers that decimals in text are, 16 bytes each, up to the first that is none or
   * does not fit. A view of kernel memory, valid until the next call.
   *
   * @throws {KernelMemoryError} when the kernel's budget does not hold the columns.
   */
  readDecimals(texts: TextColumn, scale: number, precision: number): Uint8Array {
    const rows = texts.offsets.length - 1;
    const [bytes, offsets] = this.#place(texts);
    const to = this.#values.reserve(rows * 16);
    const { exports } = this.#kernel;
    const read = exports.readDecimals(bytes, offsets, rows, scale, precision, to);
    return new Uint8Array(this.#kernel.u8.buffer, to, read * 16);
  }

  /**
   * Numbers as texts; of a time that `Date` does not have, the text is empty. Views of kernel
   * memory, valid until the next call.
   *
   * @param digits How many stand behind the point, of `fixed` (at most 19) and `decimal`.
   * @throws {KernelMemoryError} when the kernel's budget does not hold the columns.
   */
  write(kind: NumberKind, values: ArrayBufferView, digits = 0): TextColumn {
    const rows = values.byteLength / VALUE_BYTES[kind];
    const at = this.#values.write(bytesOf(values));
    const offsets = this.#offsets.reserve(rows * 4 + 4);
    const to = this.#bytes.reserve(rows * MOST_BYTES);
    const { exports } = this.#kernel;
    const code = KINDS.indexOf(kind);
    const bytes = exports.writeNumbers(code, at, rows, digits, offsets + 4, to);
    const { u8 } = this.#kernel;
    const starts = new Int32Array(u8.buffer, offsets, rows + 1);
    starts[0] = 0;
    return { bytes: u8.subarray(to, to + bytes), offsets: starts };
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#bytes[Symbol.dispose]();
    this.#offsets[Symbol.dispose]();
    this.#values[Symbol.dispose]();
  }

  #place({ bytes, offsets }: TextColumn): [bytes: number, offsets: number] {
    return [this.#bytes.write(bytes), this.#offsets.write(bytesOf(offsets))];
  }
}
