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

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

type Buffer = NonNullable<KernelColumn["values"] | KernelColumn["offsets"]>;

/** Rows `from` to `from + count`; `from` is a multiple of 8. */
export interface RowSpan {
  readonly from: number;
  readonly count: number;
}

/** A buffer of a column: where it lies in kernel memory, or what is to be copied there. */
class Source {
  readonly #inPlace: number;
  readonly #bytes: Uint8Array;

  constructor(kernel: Kernel, buffer: Buffer | undefined) {
    this.#bytes = buffer === undefined
      ? new Uint8Array()
      : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#inPlace = this.#bytes.buffer === kernel.u8.buffer ? this.#bytes.byteOffset : -1;
  }

  /** Whether the buffer lies in kernel memory. */
  get inPlace(): boolean {
    return this.#inPlace >= 0;
  }

  /** What staging takes for these bytes. */
  cost(bytes: number): number {
    return this.#inPlace >= 0 ? 0 : aligned(bytes);
  }

  /** The address of the bytes, which are copied to `to` unless they lie in kernel memory. */
  place(kernel: Kernel, to: number, { at, bytes }: { at: number; bytes: number }): number {
    if (this.#inPlace >= 0) return this.#inPlace + at;
    kernel.u8.set(this.#bytes.subarray(at, at + bytes), to);
    return to;
  }
}

/** A dictionary that lies in kernel memory, kept while the column stays the same. */
export class StagedDictionary implements Disposable {
  readonly #kernel: Kernel;
  readonly #block: MemoryBlock;
  #column: KernelColumn | undefined;
  #bytes = 0;
  #offsets = 0;

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

  /** Whether this dictionary is the one in kernel memory. */
  holds(dictionary: KernelColumn): boolean {
    return dictionary === this.#column;
  }

  /** Puts a dictionary into kernel memory. */
  stage(dictionary: DictionarySource): void {
    this.#column = undefined;
    const { column, offsets, values, offsetsBytes, valuesBytes } = dictionary;
    const room = offsets.cost(offsetsBytes) + values.cost(valuesBytes);
    const block = this.#block.reserve(room + ALIGNMENT);
    this.#offsets = offsets.place(this.#kernel, block, { at: 0, bytes: offsetsBytes });
    const next = block + offsets.cost(offsetsBytes);
    this.#bytes = values.place(this.#kernel, next, { at: 0, bytes: valuesBytes });
    this.#column = column;
  }

  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
    this.#column = undefined;
  }
}

/** A dictionary that is to be put into kernel memory. */
class DictionarySource {
  readonly column: KernelColumn;
  readonly offsets: Source;
  readonly values: Source;
  readonly offsetsBytes: number;
  readonly valuesBytes: number;

  constructor(kernel: Kernel, column: KernelColumn) {
    this.column = column;
    this.offsets = new Source(kernel, column.offsets);
    this.values = new Source(kernel, column.values);
    this.offsetsBytes = (column.length + 1) * 4;
    this.valuesBytes = column.offsets?.[column.length] ?? 0;
  }
}

/** One column of a batch on its way into kernel memory. */
export class ColumnSource {
  readonly #kernel: Kernel;
  readonly #kind: number;
  readonly #width: number;
  readonly #values: Source;
  readonly #validity: Source;
  readonly #offsets: Source;
  readonly #starts: Int32Array;
  readonly #nulls: boolean;
  readonly #dictionary: DictionarySource | undefined;
  readonly #staged: StagedDictionary | undefined;
  readonly #mapped: boolean;
  readonly #fresh: boolean;

  /**
   * Takes the addresses of what lies in kernel memory, so before anything is allocated there.
   *
   * @param staged Where the dictionary of a `dict` column is kept.
   */
  constructor(kernel: Kernel, column: KernelColumn, staged?: StagedDictionary) {
    this.#kernel = kernel;
    this.#kind = KernelKind[column.type.kind as keyof typeof KernelKind] ?? KernelKind.any;
    this.#width = column.values?.BYTES_PER_ELEMENT ?? 0;
    this.#values = new Source(kernel, column.values);
    this.#validity = new Source(kernel, column.validity);
    this.#offsets = new Source(kernel, column.offsets);
    const offsets = column.offsets ?? new Int32Array();
    const mixed = this.#offsets.inPlace && !this.#values.inPlace;
    this.#starts = mixed ? offsets.slice() : offsets;
    this.#nulls = column.validity !== undefined;
    const dictionary = this.#kind === KernelKind.dict ? column.children?.[0] : undefined;
    this.#staged = staged;
    this.#dictionary = dictionary && new DictionarySource(kernel, dictionary);
    this.#fresh = dictionary !== undefined && staged?.holds(dictionary) === false;
    this.#mapped = dictionary !== undefined &&
      (!this.#fresh || dictionary.length <= MAP_SHARE * column.length + MAP_LEAST);
  }

  /** Whether the column's states are found by a map of its dictionary alone. */
  get isMapped(): boolean {
    return this.#mapped && !this.#nulls;
  }

  /** Whether the column has nulls. */
  get hasNulls(): boolean {
    return this.#nulls;
  }

  /** Puts the dictionary into kernel memory, if there is one; whether it is another than before. */
  stageDictionary(): boolean {
    if (this.#fresh) this.#staged!.stage(this.#dictionary!);
    return this.#fresh;
  }

  #spanOfValues({ from, count }: RowSpan): { at: number; bytes: number } {
    if (this.#kind === KernelKind.bool) return { at: from >> 3, bytes: (count + 7) >> 3 };
    if (this.#kind !== KernelKind.bytes) {
      return { at: from * this.#width, bytes: count * this.#width };
    }
    if (this.#values.inPlace) return { at: 0, bytes: 0 };
    const start = this.#starts[from];
    return { at: start, bytes: this.#starts[from + count] - start };
  }

  /** Bytes of staging that some rows take. */
  cost(span: RowSpan, validityOnly: boolean): number {
    const validity = this.#nulls ? this.#validity.cost((span.count + 7) >> 3) : 0;
    if (validityOnly) return validity;
    const offsets = this.#kind === KernelKind.bytes ? this.#offsets.cost((span.count + 1) * 4) : 0;
    return validity + offsets + this.#values.cost(this.#spanOfValues(span).bytes);
  }

  /** Brings some rows to `to`, unless they are there, and gives the words that describe them. */
  place(span: RowSpan, to: number, validityOnly: boolean): number[] {
    const { from, count } = span;
    const kernel = this.#kernel;
    const words = [this.#kind, 0, 0, 0, 0, 0, 0, 0];
    if (this.#nulls) {
      const part = { at: from >> 3, bytes: (count + 7) >> 3 };
      words[2] = this.#validity.place(kernel, to, part);
      to += this.#validity.cost(part.bytes);
    }
    if (validityOnly) return words;
    const part = this.#spanOfValues(span);
    words[1] = this.#values.place(kernel, to, part);
    to += this.#values.cost(part.bytes);
    if (this.#kind === KernelKind.bytes) {
      words[1] -= part.at;
      words[3] = this.#offsets.place(kernel, to, { at: from * 4, bytes: (count + 1) * 4 });
    }
    if (this.#dictionary !== undefined && this.#staged !== undefined) {
      words[3] = this.#dictionary.column.length;
      words[4] = this.#staged.bytes;
      words[5] = this.#staged.offsets;
      words[6] = Number(this.#mapped);
    }
    return words;
  }
}

/** A column to stage. */
export interface StagedColumn {
  readonly source: ColumnSource;
  /** Whether only its nulls matter. */
  readonly validityOnly: boolean;
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
   * Stages some rows of columns; their descriptions follow each other from `descriptions`.
   *
   * @throws {KernelMemoryError} when the budget does not hold them.
   */
  stage(
    columns: readonly StagedColumn[],
    span: RowSpan,
    descriptions: number,
  ): void {
    const costs = columns.map(({ source, validityOnly }) => source.cost(span, validityOnly));
    let at = this.#block.reserve(costs.reduce((sum, cost) => sum + cost, ALIGNMENT));
    const words = columns.flatMap(({ source, validityOnly }, index) => {
      at += index === 0 ? 0 : costs[index - 1];
      return source.place(span, at, validityOnly);
    });
    new Int32Array(this.#kernel.u8.buffer, descriptions, words.length).set(words);
  }

  /** Gives back what larger batches than usual took. */
  trim(): void {
    this.#block.trim();
  }

  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
  }
}
