import { type JsonInput, MOST_SLOT_BYTES } from "./json_write_ops.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import { StagedBuffers } from "./staged_buffers.ts";

const MOST_CELLS = 1 << 16;
const MOST_ESCAPED = 6;
const SLACK_BYTES = 128;

/** The most bytes of texts that are prepared for rows that may come. */
const MOST_AHEAD_BYTES = 1 << 22;
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

/** Where the entries of a dictionary lie. */
export interface EntriesAt {
  /** Their bytes. */
  readonly values: number;
  /** Where each starts in these. */
  readonly offsets: number;
}

/** The most bytes of the texts of all cells, each behind a prefix. */
function mostBytes({ length, values }: JsonInput, prefix: Uint8Array): number {
  return length * (prefix.length + 2) + values!.byteLength * MOST_ESCAPED + SLACK_BYTES;
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
  readonly #entries: StagedBuffers;
  readonly #prefixes: MemoryBlock;
  #dictionary: JsonInput | undefined;
  #prefix: Uint8Array | undefined;
  #prepared: CellsAt = { table: 0 };
  /** The dictionary that came last, and rows that had it, one batch after the other. */
  #last: JsonInput | undefined;
  #rows = 0;
  /** The dictionary whose entries are there as they are. */
  #staged: JsonInput | undefined;
  #entriesAt: EntriesAt = { values: 0, offsets: 0 };

  /** None, in the memory of a kernel. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#texts = new MemoryBlock(kernel);
    this.#table = new MemoryBlock(kernel);
    this.#slots = new MemoryBlock(kernel);
    this.#entries = new StagedBuffers(kernel);
    this.#prefixes = new MemoryBlock(kernel);
  }

  /**
   * The cells, for so many more rows; `undefined` as long as a dictionary has more entries than
   * rows have come with it.
   */
  cells(dictionary: JsonInput, prefix: Uint8Array, rows: number): CellsAt | undefined {
    if (this.#dictionary === dictionary && this.#prefix === prefix) return this.#prepared;
    if (this.#last !== dictionary) this.#rows = 0;
    this.#last = dictionary;
    this.#rows += rows;
    const { length } = dictionary;
    const isAhead = length > rows;
    if (length > Math.min(this.#rows, MOST_CELLS)) return undefined;
    return isAhead && mostBytes(dictionary, prefix) > MOST_AHEAD_BYTES
      ? undefined
      : this.#prepare(dictionary, prefix);
  }

  /** The entries as they are, brought there unless they were. */
  entries(dictionary: JsonInput): EntriesAt {
    if (this.#staged === dictionary) return this.#entriesAt;
    const [values, offsets] = [dictionary.values!, dictionary.offsets!];
    this.#staged = undefined;
    this.#entries.begin(StagedBuffers.cost(values) + StagedBuffers.cost(offsets));
    this.#entriesAt = { values: this.#entries.put(values), offsets: this.#entries.put(offsets) };
    this.#staged = dictionary;
    return this.#entriesAt;
  }

  #prepare(dictionary: JsonInput, prefix: Uint8Array): CellsAt {
    const { length } = dictionary;
    this.#dictionary = undefined;
    const prefixAt = this.#prefixes.write(prefix);
    const { values: valuesAt, offsets: offsetsAt } = this.entries(dictionary);
    const texts = this.#texts.reserve(mostBytes(dictionary, prefix));
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

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#dictionary = this.#last = this.#staged = undefined;
    const blocks = [this.#texts, this.#table, this.#slots, this.#entries, this.#prefixes];
    for (const each of blocks) each[Symbol.dispose]();
  }
}
