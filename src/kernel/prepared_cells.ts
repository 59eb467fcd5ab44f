import type { JsonInput } from "./json_write_ops.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import { StagedBuffers } from "./staged_buffers.ts";

const MOST_CELLS = 1 << 16;
const MOST_ESCAPED = 6;
const SLACK_BYTES = 128;

/** The cells of a dictionary, prepared with a prefix. */
export class PreparedCells implements Disposable {
  readonly #kernel: Kernel;
  readonly #texts: MemoryBlock;
  readonly #table: MemoryBlock;
  #dictionary: JsonInput | undefined;
  #prefix: Uint8Array | undefined;

  /** None, in the memory of a kernel. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#texts = new MemoryBlock(kernel);
    this.#table = new MemoryBlock(kernel);
  }

  /** Whether the cells of a dictionary are there, or worth it for so many rows. */
  has(dictionary: JsonInput, prefix: Uint8Array, rows: number): boolean {
    if (this.#holds(dictionary, prefix)) return true;
    return dictionary.length <= Math.min(rows, MOST_CELLS);
  }

  /** The address of the table of cells. */
  prepare(dictionary: JsonInput, prefix: Uint8Array): number {
    if (this.#holds(dictionary, prefix)) return this.#table.address;
    const { length, values, offsets } = dictionary;
    this.#dictionary = undefined;
    using stage = new StagedBuffers(this.#kernel);
    const places = [prefix, values!, offsets!].map((buffer) => stage.add(buffer));
    const base = stage.place();
    const [prefixAt, valuesAt, offsetsAt] = places.map((at) => base + at);
    const most = length * (prefix.length + 2) + values!.byteLength * MOST_ESCAPED + SLACK_BYTES;
    const texts = this.#texts.reserve(most);
    const table = this.#table.reserve(length * 8);
    const { exports } = this.#kernel;
    exports.jsonPrepareCells(prefixAt, prefix.length, valuesAt, offsetsAt, length, table, texts);
    this.#dictionary = dictionary;
    this.#prefix = prefix;
    return table;
  }

  #holds(dictionary: JsonInput, prefix: Uint8Array): boolean {
    return this.#dictionary === dictionary && this.#prefix === prefix;
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#dictionary = undefined;
    this.#texts[Symbol.dispose]();
    this.#table[Symbol.dispose]();
  }
}
