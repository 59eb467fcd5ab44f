import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

const ALIGNMENT = 16;
/** Behind each buffer: loops read a little past the end. */
const SLACK_BYTES = 64;
const KEPT_BYTES = 1 << 24;

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function padded(bytes: number): number {
  return Math.ceil((bytes + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;
}

/** Buffers from outside that are brought into one block of kernel memory. */
export class StagedBuffers implements Disposable {
  readonly #kernel: Kernel;
  readonly #block: MemoryBlock;
  readonly #buffers: ArrayBufferView[] = [];
  #bytes = 0;

  /** None, in the memory of a kernel. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#block = new MemoryBlock(kernel, KEPT_BYTES);
  }

  /** Forgets the buffers that were noted. */
  clear(): void {
    this.#buffers.length = 0;
    this.#bytes = 0;
  }

  /** Takes note of a buffer; where it will lie, from the start of the block on. */
  add(buffer: ArrayBufferView): number {
    const at = this.#bytes;
    this.#buffers.push(buffer);
    this.#bytes += padded(buffer.byteLength);
    return at;
  }

  /** Brings all buffers there; where the block starts. */
  place(): number {
    const base = this.#block.reserve(this.#bytes);
    const { u8 } = this.#kernel;
    let at = base;
    for (const buffer of this.#buffers) {
      u8.set(bytesOf(buffer), at);
      at += padded(buffer.byteLength);
    }
    this.clear();
    return base;
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
  }
}
