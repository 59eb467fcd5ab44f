import { GrowingBlock } from "./growing_block.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

/** What a column is written as: its number in the kernel. */
export const CsvOutputKind = {
  bool: 0,
  i32: 1,
  i64: 2,
  f32: 3,
  f64: 4,
  timestamp: 5,
  date: 6,
  time: 7,
  decimal: 8,
  text: 9,
  dict: 10,
} as const;

/** A column to be written. */
export interface CsvOutputColumn {
  readonly kind: keyof typeof CsvOutputKind;
  readonly validity?: Uint8Array;
  readonly values: ArrayBufferView;
  /** Of texts, or of the entries of a dictionary. */
  readonly offsets?: Int32Array;
  /** The texts of the entries of a dictionary. */
  readonly texts?: Uint8Array;
  /** Of a decimal. */
  readonly scale?: number;
}

/** How fields and lines are written. */
export interface CsvOutputStyle {
  readonly separator: number;
  readonly quote: number;
  readonly quotesAll: boolean;
  readonly defuses: boolean;
  readonly lineEnd: "\n" | "\r\n";
  readonly nullText: Uint8Array;
}

/** Lines of CSV, or where a value is that has no text. */
export type CsvWritten =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly row: number; readonly column: number };

const CONTEXT_WORDS = 9;
const WRITTEN = 7;
const FAULT = 8;
const NO_FAULT = 0xffff_ffff;
/** Room of a cell that is no text, with separator and quotes. */
const CELL_BYTES = 64;
/** Room behind a row that loops may write to. */
const SLACK_BYTES = 128;
/** Room to begin with; it doubles when rows do not fit. */
const FIRST_BYTES = 65_536;

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The buffers of one column in kernel memory. */
class Place implements Disposable {
  readonly #blocks: readonly MemoryBlock[];

  constructor(kernel: Kernel) {
    this.#blocks = Array.from({ length: 4 }, () => new MemoryBlock(kernel));
  }

  /** The words that describe the column, whose buffers are copied. */
  words({ kind, validity, values, offsets, texts, scale = 0 }: CsvOutputColumn): number[] {
    const [first, second, third, fourth] = this.#blocks;
    const put = (block: MemoryBlock, view: ArrayBufferView | undefined) =>
      view === undefined ? 0 : block.write(bytesOf(view));
    const placed = put(first, values);
    const textBytes = kind === "dict" ? put(fourth, texts) : placed;
    const words = [placed, put(second, validity), put(third, offsets), textBytes];
    return [CsvOutputKind[kind], ...words, scale, 0, 0];
  }

  [Symbol.dispose](): void {
    for (const block of this.#blocks) block[Symbol.dispose]();
  }
}

/** Writes columns as lines of CSV. */
export class CsvWriter implements Disposable {
  readonly #kernel: Kernel;
  readonly #style: CsvOutputStyle;
  readonly #places: Place[] = [];
  readonly #context: MemoryBlock;
  readonly #columns: MemoryBlock;
  readonly #nullText: MemoryBlock;
  readonly #out: GrowingBlock;

  /**
   * A writer of one style.
   *
   * @throws {KernelMemoryError} when the budget does not hold it.
   */
  constructor(kernel: Kernel, style: CsvOutputStyle) {
    this.#kernel = kernel;
    this.#style = style;
    this.#context = new MemoryBlock(kernel);
    this.#columns = new MemoryBlock(kernel);
    this.#nullText = new MemoryBlock(kernel);
    this.#out = new GrowingBlock(kernel);
  }

  /**
   * Writes all rows. The bytes lie in kernel memory and are valid until the next call.
   *
   * @throws {KernelMemoryError} when the budget does not hold columns and lines.
   */
  write(columns: readonly CsvOutputColumn[], rows: number): CsvWritten {
    while (this.#places.length < columns.length) this.#places.push(new Place(this.#kernel));
    const words = columns.flatMap((column, at) => this.#places[at].words(column));
    const described = this.#columns.write(bytesOf(Uint32Array.from(words)));
    const rowBytes = columns.length * (CELL_BYTES + this.#style.nullText.length) + SLACK_BYTES;
    const context = this.#describe(rowBytes);
    this.#out.grow(Math.max(FIRST_BYTES, rowBytes * 2), 0);
    let used = 0;
    for (let row = 0; row < rows;) {
      const { address, bytes } = this.#out;
      const end = this.#kernel.exports.csvWrite(
        ...[
          context,
          described,
          columns.length,
          row,
          rows,
          address + used,
          address + bytes,
        ] as const,
      ) >>> 0;
      used = end - address;
      const state = new Uint32Array(this.#kernel.u8.buffer, context, CONTEXT_WORDS);
      row = state[WRITTEN];
      if (state[FAULT] !== NO_FAULT) return { row, column: state[FAULT] };
      if (row < rows) this.#out.grow(bytes * 2, used);
    }
    return { bytes: new Uint8Array(this.#kernel.u8.buffer, this.#out.address, used) };
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    for (const place of this.#places) place[Symbol.dispose]();
    for (const block of [this.#context, this.#columns, this.#nullText]) block[Symbol.dispose]();
    this.#out[Symbol.dispose]();
  }

  #describe(rowBytes: number): number {
    const { separator, quote, quotesAll, defuses, lineEnd, nullText } = this.#style;
    const style = Number(quotesAll) | (Number(defuses) << 1);
    const ending = lineEnd === "\n" ? 0x0a : 0x0a0d;
    const text = this.#nullText.write(nullText);
    const words = [separator, quote, style, ending, text, nullText.length, rowBytes, 0, NO_FAULT];
    return this.#context.write(bytesOf(Uint32Array.from(words)));
  }
}
