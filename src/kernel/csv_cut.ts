import { type CsvMarks, NO_BYTE } from "./csv_types.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

/** Bytes that are looked at together, so many that they stay in the cache. */
const PIECE_BYTES = 131_072;
const FIRST_BYTES = 512;
const STATE_BYTES = 16;

/** Finds the ends of CSV records in bytes that come piece by piece. */
export class CsvCut implements Disposable {
  readonly #kernel: Kernel;
  readonly #words: MemoryBlock;
  readonly #input: MemoryBlock;

  /**
   * Finds records of a dialect.
   *
   * @throws {KernelMemoryError} when the budget does not hold the little that it takes.
   */
  constructor(kernel: Kernel, { separator, quote, comment = NO_BYTE }: CsvMarks) {
    this.#kernel = kernel;
    this.#words = new MemoryBlock(kernel);
    this.#input = new MemoryBlock(kernel);
    const address = this.#words.reserve(STATE_BYTES * 2);
    new Uint32Array(kernel.u8.buffer, address, 3).set([separator, quote, comment]);
    this.begin();
  }

  /** What comes next is the start of a record. */
  begin(): void {
    this.#kernel.exports.csvCutBegin(this.#state);
  }

  /**
   * The end of the last whole record in the bytes, or of the first one; −1 when none ends there. It
   * may be 0: a record that ended with a carriage return before, no line feed following.
   */
  next(bytes: Uint8Array, first: boolean): number {
    let end = -1;
    // The first end is near, most of the time.
    let size = first ? FIRST_BYTES : PIECE_BYTES;
    for (let at = 0; at < bytes.length; at += size, size = Math.min(size * 2, PIECE_BYTES)) {
      const found = this.#piece(bytes.subarray(at, at + size), first);
      if (found >= 0) end = at + found;
      if (first && found >= 0) return end;
    }
    return end;
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#words[Symbol.dispose]();
    this.#input[Symbol.dispose]();
  }

  get #state(): number {
    return this.#words.address + STATE_BYTES;
  }

  #piece(piece: Uint8Array, first: boolean): number {
    const from = this.#input.write(piece);
    const [marks, to] = [this.#words.address, from + piece.length];
    const end = this.#kernel.exports.csvCut(marks, this.#state, from, to, first) >>> 0;
    return end === 0 ? -1 : end - from;
  }
}
