import type { Kernel } from "./kernel.ts";

/** A block of kernel memory that grows when more is asked for. */
export class MemoryBlock implements Disposable {
  readonly #kernel: Kernel;
  readonly #kept: number;
  #address = 0;
  #bytes = 0;

  /** An empty block that gives back what it has beyond `keptBytes` when it is trimmed. */
  constructor(kernel: Kernel, keptBytes: number) {
    this.#kernel = kernel;
    this.#kept = keptBytes;
  }

  /**
   * The address of at least `bytes` bytes; what was in the block is lost when it has to grow.
   *
   * @throws {KernelMemoryError} when the budget does not hold it.
   */
  reserve(bytes: number): number {
    if (bytes <= this.#bytes) return this.#address;
    this[Symbol.dispose]();
    this.#address = this.#kernel.allocate(bytes);
    this.#bytes = bytes;
    return this.#address;
  }

  /** Gives the block back if it is larger than what is kept. */
  trim(): void {
    if (this.#bytes > this.#kept) this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#kernel.release(this.#address);
    this.#address = 0;
    this.#bytes = 0;
  }
}
