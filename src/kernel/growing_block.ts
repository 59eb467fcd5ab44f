import type { Kernel } from "./kernel.ts";

/** Room behind every block, so that loops may write and read a little past its end. */
const PADDING_BYTES = 64;

/** A block of kernel memory that keeps what it holds when it grows. */
export class GrowingBlock implements Disposable {
  readonly #kernel: Kernel;
  #address = 0;
  #bytes = 0;

  /** An empty block. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
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
   * Makes it hold at least `bytes` bytes; its first `kept` stay as they are, the rest is undefined.
   *
   * @returns Whether it lies elsewhere than before.
   * @throws {KernelMemoryError} when the budget does not hold it; the block is as before then.
   */
  grow(bytes: number, kept: number): boolean {
    if (this.#address !== 0 && bytes <= this.#bytes) return false;
    // Doubling, so that a batch of many blocks copies each byte a few times at most.
    const size = this.#bytes === 0 ? bytes : Math.max(bytes, this.#bytes * 2);
    const address = this.#kernel.allocate(size + PADDING_BYTES);
    this.#kernel.u8.copyWithin(address, this.#address, this.#address + kept);
    this.#kernel.release(this.#address);
    this.#address = address;
    this.#bytes = size;
    return true;
  }

  /** Gives the memory back; the block can be used again. */
  [Symbol.dispose](): void {
    this.#kernel.release(this.#address);
    this.#address = 0;
    this.#bytes = 0;
  }
}
