import type { Kernel } from "./kernel.ts";

/** Rows that are sampled together. */
export const BLOCK_ROWS = 4096;

/** Copies share buffers of this size. */
const PAGE_BYTES = 112 * 1024;
/** Weights that tables are made of at a time. */
const WEIGHTS_BYTES = 256 * 1024;
/** What random words begin with. */
const SEED_BYTES = 64;
/** All bits of a symbol. */
const ALL_BITS = 0xffff;
const STORED: Readonly<Record<string, number>> = {
  i32: 0,
  i64: 1,
  f32: 2,
  f64: 3,
  decimal: 4,
  whole: 5,
};

/** What numbers are stored as. */
export type StoredKind = "i32" | "i64" | "f32" | "f64" | "decimal";

/** Which block of which sample random words are for. */
export interface BlockSeed {
  /** 64 bits. */
  readonly seed: bigint;
  /** The number of the block. */
  readonly block: number;
}

/** Where numbers come from. */
export interface KnotTable {
  /** Knots of all symbols, f64. */
  readonly knots: number;
  /** `2^bits + 1` of them a symbol. */
  readonly bits: number;
  /** Whether numbers are rounded. */
  readonly whole: boolean;
  /** What they are multiplied by then. */
  readonly scale: number;
}

/** An alias table, or several of one size. */
export interface DrawTable {
  /** Where they lie. */
  readonly at: number;
  /** `2^bits` entries each. */
  readonly bits: number;
}

/** What a tree needs to be drawn by. */
export const TREE_SCRATCH_BYTES: number = BLOCK_ROWS * 6;

/** A decision tree over the symbols of other variables. */
export interface TreeTable {
  /** Records of nodes, in preorder. */
  readonly nodes: number;
  /** The alias tables of its leaves have `2^bits` entries. */
  readonly bits: number;
  /** Memory to work in, of `TREE_SCRATCH_BYTES`. */
  readonly scratch: number;
}

/** How symbols come from normal deviates. */
export interface CopulaTable {
  /** What deviates are multiplied by, f32 each. */
  readonly weights: number;
  /** How many of them there are. */
  readonly count: number;
  /** The limits of symbols, `2^bits - 1` of f32 in ascending order. */
  readonly limits: number;
  readonly bits: number;
}

/** Lookups by one or two columns. */
export interface LookupTable {
  /** Entries, i32. */
  readonly entries: number;
  /** Entries for each value of the first column. */
  readonly width: number;
  /** Records of choices, 0 where there are none. */
  readonly choices: number;
}

/** Blocks of 4,096 rows, drawn in kernel memory: each function works on one column. */
export class SamplerKernel implements Disposable {
  readonly #kernel: Kernel;
  readonly #blocks: number[] = [];
  /** What the random words of a stream begin with. */
  readonly #seeds: number;
  readonly #random: number;
  /** Whether the random words are those of the seeds. */
  #isRandom = false;
  #page: Uint8Array<ArrayBuffer> = new Uint8Array();
  #used = 0;

  /**
   * In the memory of a kernel.
   *
   * @throws {KernelMemoryError} when its budget does not hold what is needed; so of `reserve`.
   */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#seeds = this.reserve(SEED_BYTES);
    this.#random = this.reserve(BLOCK_ROWS * 4);
  }

  /** Memory of this size, contents undefined. */
  reserve(bytes: number): number {
    const block = this.#kernel.allocate(bytes + 64);
    this.#blocks.push(block);
    return block;
  }

  /** A copy of values in kernel memory. */
  place(values: ArrayBufferView): number {
    const at = this.reserve(values.byteLength);
    this.write(at, values);
    return at;
  }

  /** Copies values to kernel memory that was reserved for them. */
  write(at: number, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.#kernel.u8.set(new Uint8Array(buffer, byteOffset, byteLength), at);
  }

  /**
   * Makes alias tables of `2^bits` words each, of which every one has its own weights.
   *
   * @param weigh Writes the weights of a table's outcomes.
   */
  aliasTables({ count, outcomes, bits, weigh }: {
    count: number;
    outcomes: number;
    bits: number;
    weigh: (table: number, weights: Float64Array) => void;
  }): DrawTable {
    const at = this.reserve((count << bits) * 4);
    const most = Math.max(1, Math.min(count, Math.floor(WEIGHTS_BYTES / (outcomes * 8))));
    const weightBytes = most * outcomes * 8;
    const block = this.#kernel.allocate(weightBytes + (12 << bits));
    for (let first = 0; first < count; first += most) {
      const tables = Math.min(most, count - first);
      const weights = new Float64Array(this.#kernel.u8.buffer, block, tables * outcomes);
      for (let table = 0; table < tables; table++) {
        weigh(first + table, weights.subarray(table * outcomes, (table + 1) * outcomes));
      }
      const to = at + (first << bits) * 4;
      this.#kernel.exports.sampleAlias(block, tables, outcomes, bits, to, block + weightBytes);
    }
    this.#kernel.release(block);
    return { at, bits };
  }

  /** A copy of kernel memory. */
  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#kernel.u8.slice(at, at + length);
  }

  /**
   * A copy of kernel memory, 16-byte aligned within a buffer that others share: making a buffer for
   * each takes longer than filling it.
   */
  copy(at: number, length: number): Uint8Array<ArrayBuffer> {
    if (this.#used + length > this.#page.length) {
      this.#page = new Uint8Array(Math.max(PAGE_BYTES, length));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += Math.ceil(length / 16) * 16;
    this.#page.set(this.#kernel.u8.subarray(at, at + length), start);
    return this.#page.subarray(start, start + length);
  }

  /** The positions of a block, or other i32, as a view that holds until memory is reserved. */
  positionsAt(at: number): Int32Array {
    return new Int32Array(this.#kernel.u8.buffer, at, BLOCK_ROWS);
  }

  /** The numbers of a block, f64 each, as such a view. */
  numbersAt(at: number): Float64Array {
    return new Float64Array(this.#kernel.u8.buffer, at, BLOCK_ROWS);
  }

  /** The symbols of a block, as such a view. */
  symbolsAt(at: number): Uint16Array {
    return new Uint16Array(this.#kernel.u8.buffer, at, BLOCK_ROWS);
  }

  /** Goes to the random words for one stream of a block, by which the functions draw that follow. */
  randomize({ seed, block }: BlockSeed, stream: number): void {
    this.#kernel.exports.sampleSeeds(
      Number(seed & 0xffff_ffffn),
      Number(seed >> 32n),
      block >>> 0,
      Math.floor(block / 2 ** 32),
      stream,
      this.#seeds,
    );
    this.#isRandom = false;
  }

  /** Where the random words are, for the functions that do not make them as they go. */
  #words(): number {
    if (!this.#isRandom) this.#kernel.exports.sampleRandom(this.#seeds, this.#random, BLOCK_ROWS);
    this.#isRandom = true;
    return this.#random;
  }

  /** The random words themselves, as a view that holds until there are others or memory is reserved. */
  wordsView(): Uint32Array {
    return new Uint32Array(this.#kernel.u8.buffer, this.#words(), BLOCK_ROWS);
  }

  /** The random words themselves, as a copy. */
  words(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.bytes(this.#words(), BLOCK_ROWS * 4).buffer);
  }

  /**
   * Draws symbols, u16 each, by those of `parents`, or with 0 all from one table.
   *
   * @param keep The bits of a parent that its symbol has as well.
   * @param known The bits of a parent that count.
   */
  draw(table: DrawTable, parents: number, keep: number, to: number, known = ALL_BITS): void {
    const { exports } = this.#kernel;
    const { at, bits } = table;
    exports.sampleDraw(this.#seeds, BLOCK_ROWS, parents, at, bits, known, keep, to);
  }

  /** Draws symbols, u16 each, by a tree over those of other variables. */
  tree({ nodes, bits, scratch }: TreeTable, to: number): void {
    this.#kernel.exports.sampleTree(this.#words(), BLOCK_ROWS, nodes, bits, scratch, to);
  }

  /** A normal deviate, f32, of each random word. */
  normals(to: number): void {
    this.#kernel.exports.sampleNormals(this.#words(), BLOCK_ROWS, to);
  }

  /** Symbols, u16 each, of sums of columns of normal deviates that lie one after the other. */
  copula(normals: number, { weights, count, limits, bits }: CopulaTable, to: number): void {
    const { exports } = this.#kernel;
    exports.sampleCopula(BLOCK_ROWS, normals, weights, count, limits, bits, to);
  }

  /** Positions of values where each symbol is one, −1 where it is `none`. */
  positions(symbols: number, none: number, to: number): void {
    this.#kernel.exports.samplePositions(BLOCK_ROWS, symbols, none, to);
  }

  /** Positions of values where each symbol stands for one, by their list. */
  firsts(symbols: number, firsts: number, to: number): void {
    this.#kernel.exports.sampleFirsts(BLOCK_ROWS, symbols, firsts, to);
  }

  /** Positions of values, i32 each, from symbols. */
  values(symbols: number, records: number, to: number): void {
    this.#kernel.exports.sampleValues(this.#words(), BLOCK_ROWS, symbols, records, to);
  }

  /** Positions of values from those of one or two other columns (`second` 0). */
  lookup(first: number, second: number, table: LookupTable, to: number): void {
    const { entries, width, choices } = table;
    const { exports } = this.#kernel;
    const random = choices === 0 ? 0 : this.#words();
    exports.sampleLookup(random, BLOCK_ROWS, first, second, width, entries, choices, to);
  }

  /** Numbers, f64 each, from symbols; added to those there are where `adds`. */
  numbers(symbols: number, table: KnotTable, adds: boolean, to: number): void {
    const { knots, bits, whole, scale } = table;
    const { exports } = this.#kernel;
    const [rounds, added] = [whole ? 1 : 0, adds ? to : 0];
    exports.sampleNumbers(this.#seeds, BLOCK_ROWS, symbols, knots, bits, rounds, scale, added, to);
  }

  /** The same as i32 each, within limits; added to numbers at an address that is not 0. */
  ints(
    symbols: number,
    { knots, bits, whole, scale }: KnotTable,
    { added, low, high }: { added: number; low: number; high: number },
    to: number,
  ): void {
    const { exports } = this.#kernel;
    const rounds = whole ? 1 : 0;
    exports.sampleInts(
      this.#seeds,
      BLOCK_ROWS,
      symbols,
      knots,
      bits,
      rounds,
      scale,
      added,
      low,
      high,
      to,
    );
  }

  /** Numbers from a list by position. */
  gather(positions: number, values: number, to: number): void {
    this.#kernel.exports.sampleGather(BLOCK_ROWS, positions, values, to);
  }

  /** Stores numbers as a column holds them, within limits. */
  store(
    values: number,
    kind: StoredKind | "whole",
    { divisor, low, high }: { divisor: number; low: number; high: number },
    to: number,
  ): void {
    const { exports } = this.#kernel;
    exports.sampleStore(BLOCK_ROWS, values, STORED[kind], divisor, low, high, to);
  }

  /** The bitmap of rows whose symbol is not `none`; returns how many are. */
  valid(symbols: number, none: number, to: number): number {
    return this.#kernel.exports.sampleValid(BLOCK_ROWS, symbols, none, to);
  }

  /** The bitmap of rows whose position is not −1, which becomes 0; returns how many were. */
  present(positions: number, to: number): number {
    return this.#kernel.exports.samplePresent(BLOCK_ROWS, positions, to);
  }

  /** The bitmap of rows whose position is 1. */
  bools(positions: number, to: number): void {
    this.#kernel.exports.sampleBools(BLOCK_ROWS, positions, to);
  }

  /** Where texts end; returns how many bytes they have. */
  textEnds(positions: number, offsets: number, to: number): number {
    return this.#kernel.exports.sampleTextEnds(BLOCK_ROWS, positions, offsets, to) >>> 0;
  }

  /** Texts, one after the other; 16 bytes behind the last may be written. */
  texts(positions: number, list: { offsets: number; bytes: number }, to: number): void {
    const { exports } = this.#kernel;
    exports.sampleTexts(BLOCK_ROWS, positions, list.offsets, list.bytes, to);
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    for (const block of this.#blocks.splice(0)) this.#kernel.release(block);
  }
}
