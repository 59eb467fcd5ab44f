import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

/** Formats that the kernel compresses to, and inflates. */
export type KafkaCodec = "lz4" | "snappy";

/** Room for all that {@linkcode KafkaDeflater} may make: a head, and a part more of each block. */
const HEAD_BYTES = 64;
const BLOCK_BYTES = 32_768;
const MORE_A_BLOCK = 5_600;
const KEPT_BYTES = 1 << 24;

/** Whether the kernel has a format. */
export function isKafkaCodec(name: string): name is KafkaCodec {
  return name === "lz4" || name === "snappy";
}

/** Compresses what lies in kernel memory. */
export class KafkaDeflater implements Disposable {
  readonly #kernel: Kernel;
  readonly #out: MemoryBlock;

  /** In the memory of a kernel. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#out = new MemoryBlock(kernel, KEPT_BYTES);
  }

  /**
   * Compresses bytes at an address; a view that is valid until the next call, with so many bytes in
   * front that mean nothing.
   *
   * @throws {KernelMemoryError} when the budget does not hold what it may make.
   */
  deflate(codec: KafkaCodec, from: number, bytes: number, front: number): Uint8Array<ArrayBuffer> {
    const blocks = Math.ceil(bytes / BLOCK_BYTES);
    const room = front + HEAD_BYTES + bytes + blocks * MORE_A_BLOCK;
    this.#out.trim();
    const at = this.#out.reserve(room);
    const { exports } = this.#kernel;
    const deflate = codec === "lz4" ? exports.lz4Deflate : exports.snappyDeflate;
    const end = deflate(from, bytes, at + front) >>> 0;
    return this.#kernel.u8.subarray(at, end);
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#out[Symbol.dispose]();
  }
}
