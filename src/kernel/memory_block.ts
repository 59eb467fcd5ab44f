import type { Kernel } from "./kernel.ts";

/** Room behind every block, so that loops may read a little past its end. */
const PADDING_BYTES = 64;
const WORD_BYTES = 8;

/** A block of kernel memory that grows when more is asked for; what it held is not kept then. */
export class MemoryBlock implements Disposable {
  readonly #kernel: Kernel;
  readonly #kept: number;
  #address = 0;
  #bytes = 0;

  /** An empty block that is given back when it is trimmed and larger than `keptBytes`. */
  constructor(kernel: Kernel, keptBytes: number = Infinity) {
    this.#kernel = kernel;
    this.#kept = keptBytes;
  }

  /** Where it lies; 0 before anything was reserved. */
  get address(): number {
    return this.#address;
  }

  /** How many bytes it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The address of at least `bytes` bytes, contents undefined.
   *
   * @throws {KernelMemoryError} when the budget does not hold it.
   */
  reserve(bytes: number): number {
    if (this.#address !== 0 && bytes <= this.#bytes) return this.#address;
    this[Symbol.dispose]();
    this.#address = this.#kernel.allocate(bytes + PADDING_BYTES);
    this.#bytes = bytes;
    return this.#address;
  }

  /**
   * Reserves as many bytes as there are, and copies them there.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  write(bytes: Uint8Array): number {
    const address = this.reserve(bytes.byteLength);
    this.#kernel.u8.set(bytes, address);
    return address;
  }

  /**
   * As {@linkcode MemoryBlock.write}, to an address that lies within a word as the bytes do, and with
   * room behind them: from shared memory engines copy byte by byte what does not lie alike.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  load(bytes: Uint8Array, behind = 0): number {
    const address = this.reserve(bytes.length + WORD_BYTES + behind) +
      bytes.byteOffset % WORD_BYTES;
    this.#kernel.u8.set(bytes, address);
    return address;
  }

  /** Gives the block back if it is larger than what is kept. */
  trim(): void {
    if (this.#bytes > this.#kept) this[Symbol.dispose]();
  }

  /** Gives the memory back; the block can be used again. */
  [Symbol.dispose](): void {
    this.#kernel.release(this.#address);
    this.#address = 0;
    this.#bytes = 0;
  }
}
