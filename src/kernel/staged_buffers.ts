import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

const ALIGNMENT = 16;
/** Behind each buffer: loops read a little past the end. */
const SLACK_BYTES = 64;
const KEPT_BYTES = 1 << 24;

function bytesOf(view: ArrayBufferView): Uint8Array {
  if (view instanceof Uint8Array) return view;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function padded(bytes: number): number {
  return Math.ceil((bytes + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;
}

/** Buffers from outside that are brought into one block of kernel memory. */
export class StagedBuffers implements Disposable {
  readonly #kernel: Kernel;
  readonly #block: MemoryBlock;
  #next = 0;

  /** None, in the memory of a kernel. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#block = new MemoryBlock(kernel, KEPT_BYTES);
  }

  /** Bytes that a buffer takes; none where there is no buffer. */
  static cost(buffer: ArrayBufferView | undefined): number {
    return buffer === undefined ? 0 : padded(buffer.byteLength);
  }

  /**
   * Forgets what was there, and makes room for buffers that cost so many bytes together.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  begin(bytes: number): void {
    this.#next = this.#block.reserve(bytes);
  }

  /** Brings a buffer there, for which room was made; where it lies. */
  put(buffer: ArrayBufferView): number {
    const at = this.#next;
    this.#kernel.u8.set(bytesOf(buffer), at);
    this.#next += padded(buffer.byteLength);
    return at;
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
  }
}
