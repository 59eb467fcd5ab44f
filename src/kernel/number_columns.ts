import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

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

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#bytes[Symbol.dispose]();
    this.#offsets[Symbol.dispose]();
    this.#values[Symbol.dispose]();
  }

  #place({ bytes, offsets }: TextColumn): [bytes: number, offsets: number] {
    const { buffer, byteOffset, byteLength } = offsets;
    return [
      this.#bytes.write(bytes),
      this.#offsets.write(new Uint8Array(buffer, byteOffset, byteLength)),
    ];
  }
}
