import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import type { KernelColumn } from "./window_types.ts";

/** Bytes of a column's description in kernel memory. */
export const DESCRIPTION_BYTES = 32;

/** How the kernel names the kinds of columns. */
export const KernelKind = {
  bool: 0,
  i32: 1,
  date: 1,
  time: 1,
  i64: 2,
  timestamp: 2,
  any: 2,
  f32: 3,
  f64: 4,
  utf8: 5,
  bytes: 5,
  dict: 6,
} as const satisfies Record<string, number>;

const ALIGNMENT = 16;
const KEPT_BYTES = 1 << 20;
const KEPT_DICTIONARY_BYTES = 4 << 20;

// A dictionary that was not seen before is mapped unless it is much longer than its column.
const MAP_SHARE = 4;
const MAP_LEAST = 1024;

type Buffer = NonNullable<KernelColumn["values"] | KernelColumn["offsets"]>;

// Offsets that are looked at together when only a bound of their lengths is wanted.
const LENGTHS_TOGETHER = 64;

/** Rows `from` to `from + count`; `from` is a multiple of 8. */
export interface RowSpan {
  readonly from: number;
  readonly count: number;
}

/** Some bytes of a buffer. */
interface ByteSpan {
  readonly at: number;
  readonly bytes: number;
}

/** How long the cells of a column are, in bytes. */
export interface CellBytes {
  readonly longest: number;
  readonly total: number;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * An upper bound of the lengths between offsets: of many together as long as that is short enough,
 * else of each.
 */
function lengthsIn(offsets: Int32Array, length: number, enough: number): CellBytes {
  const stride = longestOf(offsets, length, LENGTHS_TOGETHER);
  const longest = stride <= enough ? stride : longestOf(offsets, length, 1);
  return { longest, total: offsets[length] };
}

function longestOf(offsets: Int32Array, length: number, step: number): number {
  let longest = 0;
  for (let row = 0; row < length; row += step) {
    const end = offsets[Math.min(row + step, length)];
    longest = Math.max(longest, end - offsets[row]);
  }
  return longest;
}

function areBelow(indices: Int32Array, length: number, end: number): boolean {
  let most = 0;
  for (let row = 0; row < length; row++) most = Math.max(most, indices[row] >>> 0);
  return most < end;
}

/** A buffer of a column: where it lies in kernel memory, or what is to be copied there. */
class BufferSource {
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

/** A dictionary that is to be put into kernel memory. */
class DictionarySource {
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

/** What {@linkcode ColumnSource} needs beside the column. */
export interface SourceOptions {
  /** Address at which the column is described to the kernel. */
  readonly description: number;
  /** Whether only its nulls matter. Default `false`. */
  readonly validityOnly?: boolean;
  /** Where the dictionary of a `dict` column is kept. */
  readonly dictionary?: StagedDictionary;
}

/** One column of a batch on its way into kernel memory. */
export class ColumnSource {
  readonly #options: SourceOptions;
  readonly #kind: number;
  readonly #width: number;
  readonly #values: BufferSource;
  readonly #validity: BufferSource;
  readonly #offsets: BufferSource;
  readonly #starts: Int32Array;
  readonly #indices: Int32Array;
  readonly #dictionary: DictionarySource | undefined;
  readonly #fresh: boolean;
  readonly #mapped: boolean;
  /** Whether the column has nulls. */
  readonly hasNulls: boolean;

  /** Takes the addresses of what lies in kernel memory, so before anything is allocated there. */
  constructor(kernel: Kernel, column: KernelColumn, options: SourceOptions) {
    const { type, values, offsets = new Int32Array(1), validity, children } = column;
    this.#options = options;
    this.#kind = KernelKind[type.kind as keyof typeof KernelKind] ?? KernelKind.any;
    this.#width = values?.BYTES_PER_ELEMENT ?? 0;
    this.#values = new BufferSource(kernel, values);
    this.#validity = new BufferSource(kernel, validity);
    this.#offsets = new BufferSource(kernel, column.offsets);
    const mixed = this.#offsets.inPlace && !this.#values.inPlace;
    this.#starts = mixed ? offsets.slice() : offsets;
    this.#indices = this.#kind === KernelKind.dict ? values as Int32Array : new Int32Array();
    this.hasNulls = validity !== undefined;
    const dictionary = this.#kind === KernelKind.dict ? children?.[0] : undefined;
    this.#dictionary = dictionary && new DictionarySource(kernel, dictionary);
    this.#fresh = dictionary !== undefined && options.dictionary?.holds(dictionary) === false;
    this.#mapped = dictionary !== undefined &&
      (!this.#fresh || dictionary.length <= MAP_SHARE * column.length + MAP_LEAST);
  }

  /** Address at which the column is described to the kernel. */
  get description(): number {
    return this.#options.description;
  }

  /** Whether each row's state is found by its dictionary index alone. */
  get isMapped(): boolean {
    return this.#mapped && !this.hasNulls;
  }

  /** Whether nothing of the column needs to be copied. */
  get inPlace(): boolean {
    const { hasNulls } = this;
    const validity = !hasNulls || this.#validity.inPlace;
    if (this.#options.validityOnly) return validity;
    const offsets = this.#kind !== KernelKind.bytes || this.#offsets.inPlace;
    return validity && offsets && this.#values.inPlace;
  }

  /** Whether all cells have the same width, and no nulls are among them. */
  get isFixed(): boolean {
    return this.#kind < KernelKind.bytes && !this.hasNulls;
  }

  /** Bytes of a map of the dictionary; 0 when there is none. */
  get mapBytes(): number {
    return this.#dictionary === undefined ? 0 : (this.#dictionary.column.length + 1) * 4;
  }

  /**
   * How many bytes the cells take in keys; infinite for a dictionary column with an index that its
   * dictionary does not have. A bound that is at most `enough` may be higher than need be.
   */
  cellBytes(length: number, enough: number): CellBytes {
    if (this.#kind === KernelKind.bytes) return lengthsIn(this.#starts, length, enough);
    if (this.#dictionary === undefined) return { longest: 8, total: 8 * length };
    const { offsets = new Int32Array(1), length: entries } = this.#dictionary.column;
    const { longest } = lengthsIn(offsets, entries, 0);
    const known = areBelow(this.#indices, length, entries);
    return known ? { longest, total: longest * length } : { longest: Infinity, total: Infinity };
  }

  /** Puts the dictionary into kernel memory, if there is one; whether it is another than before. */
  stageDictionary(): boolean {
    if (this.#fresh) this.#options.dictionary!.stage(this.#dictionary!);
    return this.#fresh;
  }

  #spanOfValues({ from, count }: RowSpan): ByteSpan {
    if (this.#kind === KernelKind.bool) return { at: from >> 3, bytes: (count + 7) >> 3 };
    if (this.#kind !== KernelKind.bytes) {
      return { at: from * this.#width, bytes: count * this.#width };
    }
    if (this.#values.inPlace) return { at: 0, bytes: 0 };
    const start = this.#starts[from];
    return { at: start, bytes: this.#starts[from + count] - start };
  }

  /** Bytes of staging that some rows take. */
  cost(span: RowSpan): number {
    const validity = this.hasNulls ? this.#validity.cost((span.count + 7) >> 3) : 0;
    if (this.#options.validityOnly) return validity;
    const offsets = this.#kind === KernelKind.bytes ? this.#offsets.cost((span.count + 1) * 4) : 0;
    return validity + offsets + this.#values.cost(this.#spanOfValues(span).bytes);
  }

  /** Brings some rows to `to`, unless they are there, and gives the words that describe them. */
  place(span: RowSpan, to: number): number[] {
    const { from, count } = span;
    const words = [this.#kind, 0, 0, 0, 0, 0, 0, 0];
    if (this.hasNulls) {
      const part = { at: from >> 3, bytes: (count + 7) >> 3 };
      words[2] = this.#validity.place(to, part);
      to += this.#validity.cost(part.bytes);
    }
    if (this.#options.validityOnly) return words;
    const part = this.#spanOfValues(span);
    words[1] = this.#values.place(to, part);
    to += this.#values.cost(part.bytes);
    if (this.#kind === KernelKind.bytes) {
      words[1] -= part.at;
      words[3] = this.#offsets.place(to, { at: from * 4, bytes: (count + 1) * 4 });
    }
    this.#describeDictionary(words);
    return words;
  }

  #describeDictionary(words: number[]): void {
    const staged = this.#options.dictionary;
    if (this.#dictionary === undefined || staged === undefined) return;
    words[3] = this.#dictionary.column.length;
    words[4] = staged.bytes;
    words[5] = staged.offsets;
    words[6] = Number(this.#mapped);
  }
}

/** Brings columns into kernel memory, some rows at a time. */
export class ColumnStaging implements Disposable {
  readonly #kernel: Kernel;
  readonly #block: MemoryBlock;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#block = new MemoryBlock(kernel, KEPT_BYTES);
  }

  /**
   * Stages some rows of columns and describes them to the kernel.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  stage(columns: readonly ColumnSource[], span: RowSpan): void {
    let cost = ALIGNMENT;
    for (const column of columns) cost += column.cost(span);
    let at = this.#block.reserve(cost);
    const memory = new Int32Array(this.#kernel.u8.buffer);
    for (const column of columns) {
      memory.set(column.place(span, at), column.description / 4);
      at += column.cost(span);
    }
  }

  /** Gives back what larger batches than usual took. */
  trim(): void {
    this.#block.trim();
  }

  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
  }
}
