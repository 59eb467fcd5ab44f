import { ALIGNMENT, BufferSource } from "./buffer_source.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import type { KernelColumn } from "./window_types.ts";

const KEPT_DICTIONARY_BYTES = 4 << 20;

/** A dictionary that is to be put into kernel memory. */
export class DictionarySource {
  readonly column: KernelColumn;
  readonly offsets: BufferSource;
  readonly values: BufferSource;
  readonly offsetsBytes: number;
  readonly valuesBytes: number;

  constructor(kernel: Kernel, column: KernelColumn) {
    this.column = column;
    this.offsets = new BufferSource(kernel, column.offsets);
    this.values = new BufferSource(kernel, column.values);
    this.offsetsBytes = (column.length + 1) * 4;
    this.valuesBytes = column.offsets?.[column.length] ?? 0;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  const words = (a.byteOffset | b.byteOffset) % 4 === 0 ? a.length >> 2 : 0;
  const wordsOf = ({ buffer, byteOffset }: Uint8Array) => new Int32Array(buffer, byteOffset, words);
  return areEqual(wordsOf(a), wordsOf(b)) && areEqual(a.subarray(words * 4), b.subarray(words * 4));
}

function areEqual(a: Uint8Array | Int32Array, b: Uint8Array | Int32Array): boolean {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** A dictionary that lies in kernel memory, kept while its entries stay the same. */
export class StagedDictionary implements Disposable {
  readonly #kernel: Kernel;
  readonly #block: MemoryBlock;
  #column: KernelColumn | undefined;
  #bytes = 0;
  #offsets = 0;
  /** Whether it is a copy, which nobody writes over. */
  #isCopy = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#block = new MemoryBlock(kernel, KEPT_DICTIONARY_BYTES);
  }

  /** Address of its bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Address of its offsets. */
  get offsets(): number {
    return this.#offsets;
  }

  /** Whether a dictionary with these entries is in kernel memory: often each batch has a copy. */
  holds(dictionary: KernelColumn): boolean {
    if (dictionary === this.#column) return true;
    if (!this.#isCopy || !this.#hasEntriesOf(dictionary)) return false;
    this.#column = dictionary;
    return true;
  }

  #hasEntriesOf({ length, offsets, values }: KernelColumn): boolean {
    if (length !== this.#column?.length || offsets === undefined || values === undefined) {
      return false;
    }
    const { buffer } = this.#kernel.u8;
    const ends = offsets.subarray(0, length + 1);
    if (!areEqual(ends, new Int32Array(buffer, this.#offsets, length + 1))) return false;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, ends[length]);
    return sameBytes(bytes, new Uint8Array(buffer, this.#bytes, ends[length]));
  }

  /** Puts a dictionary into kernel memory. */
  stage(dictionary: DictionarySource): void {
    this.#column = undefined;
    const { column, offsets, values, offsetsBytes, valuesBytes } = dictionary;
    const room = offsets.cost(offsetsBytes) + values.cost(valuesBytes);
    const block = this.#block.reserve(room + ALIGNMENT);
    this.#offsets = offsets.place(block, { at: 0, bytes: offsetsBytes });
    const next = block + offsets.cost(offsetsBytes);
    this.#bytes = values.place(next, { at: 0, bytes: valuesBytes });
    this.#isCopy = !offsets.inPlace && !values.inPlace;
    this.#column = column;
  }

  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
    this.#column = undefined;
  }
}
