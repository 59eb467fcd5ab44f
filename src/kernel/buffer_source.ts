import type { Kernel } from "./kernel.ts";
import type { KernelColumn } from "./window_types.ts";

/** What buffers that are brought into kernel memory begin at multiples of. */
export const ALIGNMENT = 16;

type Buffer = NonNullable<KernelColumn["values"] | KernelColumn["offsets"]>;

/** Some bytes of a buffer. */
export interface ByteSpan {
  readonly at: number;
  readonly bytes: number;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** A buffer of a column: where it lies in kernel memory, or what is to be copied there. */
export class BufferSource {
  readonly #kernel: Kernel;
  readonly #address: number;
  readonly #bytes: Uint8Array;

  constructor(kernel: Kernel, buffer: Buffer | undefined) {
    this.#kernel = kernel;
    this.#bytes = buffer === undefined
      ? new Uint8Array()
      : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#address = this.#bytes.buffer === kernel.u8.buffer ? this.#bytes.byteOffset : -1;
  }

  /** Whether the buffer lies in kernel memory. */
  get inPlace(): boolean {
    return this.#address >= 0;
  }

  /** What staging takes for these bytes. */
  cost(bytes: number): number {
    return this.inPlace ? 0 : aligned(bytes);
  }

  /** The address of the bytes, which are copied to `to` unless they lie in kernel memory. */
  place(to: number, { at, bytes }: ByteSpan): number {
    if (this.inPlace) return this.#address + at;
    this.#kernel.u8.set(this.#bytes.subarray(at, at + bytes), to);
    return to;
  }
}
