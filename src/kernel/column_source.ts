import { BufferSource, type ByteSpan } from "./buffer_source.ts";
import type { Kernel } from "./kernel.ts";
import { DictionarySource, type StagedDictionary } from "./staged_dictionary.ts";
import type { KernelColumn } from "./window_types.ts";

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

// A dictionary that was not seen before is mapped unless it is much longer than its column.
const MAP_SHARE = 4;
const MAP_LEAST = 1024;

// Offsets that are looked at together when only a bound of their lengths is wanted.
const LENGTHS_TOGETHER = 64;

/** Rows `from` to `from + count`; `from` is a multiple of 8. */
export interface RowSpan {
  readonly from: number;
  readonly count: number;
}

/** How long the cells of a column are, in bytes. */
export interface CellBytes {
  readonly longest: number;
  readonly total: number;
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
