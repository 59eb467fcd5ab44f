import type { Kernel } from "./kernel.ts";

/** Room behind every buffer, so that loops may read a little past the end. */
const PADDING_BYTES = 64;

/** A block of kernel memory that grows when it must; what it held is not kept then. */
export class KernelBuffer {
  readonly #kernel: Kernel;
  #address = 0;
  #bytes = 0;

  /** An empty buffer, at no address yet. */
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
   * Makes it hold at least `bytes`, contents undefined, and tells where.
   *
   * @throws {KernelMemoryError} when the budget does not hold it.
   */
  reserve(bytes: number): number {
    if (this.#address !== 0 && bytes <= this.#bytes) return this.#address;
    this.release();
    this.#address = this.#kernel.allocate(bytes + PADDING_BYTES);
    this.#bytes = bytes;
    return this.#address;
  }

  /** Reserves as many bytes as there are, and copies them there. */
  write(bytes: Uint8Array): number {
    const address = this.reserve(bytes.byteLength);
    this.#kernel.u8.set(bytes, address);
    return address;
  }

  /** Gives the memory back. */
  release(): void {
    if (this.#address !== 0) this.#kernel.release(this.#address);
    this.#address = 0;
    this.#bytes = 0;
  }
}
