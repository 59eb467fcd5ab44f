import { type JsonInput, MOST_SLOT_BYTES } from "./json_write_ops.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import { StagedBuffers } from "./staged_buffers.ts";

const MOST_CELLS = 1 << 16;
const MOST_ESCAPED = 6;
const SLACK_BYTES = 128;

/** The most bytes of all places of a dictionary; what is longer is copied by its length. */
const MOST_SLOTS_BYTES = 1 << 20;
const LEAST_SLOT_BYTES = 32;
const SLOT_ALIGNMENT = 16;
const LENGTH_BYTES = 4;
const NULL_BYTES = 4;

/** Where the cells of a dictionary lie. */
export interface CellsAt {
  /** Their addresses and lengths. */
  readonly table: number;
  /** Places of one size that hold them, and behind them null; absent where cells are too long. */
  readonly slots?: CellSlots;
}

/** Places of cells, of one size; another object when other cells lie there. */
export interface CellSlots {
  readonly at: number;
  /** Bytes of each, a multiple of 16. */
  readonly stride: number;
  /** How many there are, null included. */
  readonly count: number;
  /** The most bytes of a cell. */
  readonly longest: number;
}

/** The size of places of cells of at most so many bytes: the length of each is in its last four. */
export function strideOf(longest: number): number {
  return Math.max(
    LEAST_SLOT_BYTES,
    Math.ceil((longest + LENGTH_BYTES) / SLOT_ALIGNMENT) * SLOT_ALIGNMENT,
  );
}

/** The cells of a dictionary, prepared with a prefix. */
export class PreparedCells implements Disposable {
  readonly #kernel: Kernel;
  readonly #texts: MemoryBlock;
  readonly #table: MemoryBlock;
  readonly #slots: MemoryBlock;
  #dictionary: JsonInput | undefined;
  #prefix: Uint8Array | undefined;
  #prepared: CellsAt = { table: 0 };

  /** None, in the memory of a kernel. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#texts = new MemoryBlock(kernel);
    this.#table = new MemoryBlock(kernel);
    this.#slots = new MemoryBlock(kernel);
  }

  /** Whether the cells of a dictionary are there, or worth it for so many rows. */
  has(dictionary: JsonInput, prefix: Uint8Array, rows: number): boolean {
    if (this.#holds(dictionary, prefix)) return true;
    return dictionary.length <= Math.min(rows, MOST_CELLS);
  }

  /** The cells, prepared if they are not yet. */
  prepare(dictionary: JsonInput, prefix: Uint8Array): CellsAt {
    if (this.#holds(dictionary, prefix)) return this.#prepared;
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
    const longest = this.#longest(table, length, prefix);
    const stride = strideOf(longest);
    this.#prepared = { table };
    if (stride <= MOST_SLOT_BYTES && stride * (length + 1) <= MOST_SLOTS_BYTES) {
      const at = this.#slots.reserve(stride * (length + 1));
      exports.jsonPrepareSlots(table, length, prefixAt, prefix.length, stride, at);
      this.#prepared = { table, slots: { at, stride, count: length + 1, longest } };
    }
    this.#dictionary = dictionary;
    this.#prefix = prefix;
    return this.#prepared;
  }

  /** The bytes of the longest cell, null included. */
  #longest(table: number, length: number, prefix: Uint8Array): number {
    const words = new Uint32Array(this.#kernel.u8.buffer, table, length * 2);
    let longest = prefix.length + NULL_BYTES;
    for (let id = 0; id < length; id++) longest = Math.max(longest, words[id * 2 + 1]);
    return longest;
  }

  #holds(dictionary: JsonInput, prefix: Uint8Array): boolean {
    return this.#dictionary === dictionary && this.#prefix === prefix;
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#dictionary = undefined;
    this.#texts[Symbol.dispose]();
    this.#table[Symbol.dispose]();
    this.#slots[Symbol.dispose]();
  }
}
