import type { ColumnPlace, ExpressionProgram } from "../../kernel/expression_program.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { MemoryBlock } from "../../kernel/memory_block.ts";
import { bitmapBytes, clearBit, getBit, setBit } from "../bitmap.ts";
import type { Column, ColumnValues } from "../column.ts";
import { concatBytes } from "../concat_bytes.ts";
import { MAX_COLUMN_BYTES } from "../limits.ts";
import type { DataType } from "../schema.ts";
import type { Rows } from "./kernel_columns.ts";
import { encodeText } from "./lower_texts.ts";
import type { StringCodes } from "./string_codes.ts";
import type { Value } from "./values.ts";

/** The value of a row that the kernel left to the host; `undefined` where there is none. */
export type Decide = (row: number) => Value;

/** An output of a program. */
export interface OutputLink {
  /** Its position among the outputs, for its counts. */
  readonly index: number;
  readonly register: number;
  readonly type: DataType;
  /** Of a dict output: its strings. */
  readonly codes?: StringCodes;
}

/** A text that the host writes. */
interface RowText {
  readonly row: number;
  readonly text: string;
}

/** A type's values as columns hold them. */
function emptyValues(type: DataType, length: number): Exclude<ColumnValues, Uint8Array> {
  switch (type.kind) {
    case "f64":
      return new Float64Array(length);
    case "f32":
      return new Float32Array(length);
    case "i64":
    case "timestamp":
      return new BigInt64Array(length);
    default:
      return new Int32Array(length);
  }
}

/** Takes one output of a program out of the kernel, chunk by chunk, as a column. */
export class OutputReader {
  readonly #kernel: Kernel;
  readonly #program: ExpressionProgram;
  readonly #link: OutputLink;
  readonly #patches: MemoryBlock;
  readonly #packed: MemoryBlock;
  #length = 0;
  #nulls = 0;
  #values: ColumnValues = new Uint8Array();
  #validity: Uint8Array | undefined;
  #offsets: Int32Array = new Int32Array();
  #texts: Uint8Array[] = [];

  constructor(kernel: Kernel, program: ExpressionProgram, link: OutputLink) {
    this.#kernel = kernel;
    this.#program = program;
    this.#link = link;
    this.#patches = new MemoryBlock(kernel);
    this.#packed = new MemoryBlock(kernel);
  }

  /** Begins a column of so many rows. */
  begin(length: number): void {
    const { kind } = this.#link.type;
    this.#length = length;
    this.#nulls = 0;
    this.#validity = undefined;
    if (kind === "utf8") this.#offsets = new Int32Array(length + 1);
    else if (kind === "bool") this.#values = new Uint8Array(bitmapBytes(length));
    else this.#values = emptyValues(this.#link.type, length);
    this.#texts = [];
  }

  /** Takes the rows of a run; `decide` is asked for those that are in doubt. */
  take(rows: Rows, decide: Decide): void {
    const counts = this.#program.counts(this.#link.index);
    const nulls = counts.nulls + (counts.doubtful > 0 ? this.#patch(rows, decide) : 0);
    const place = this.#program.place(this.#link.register);
    if (this.#link.type.kind === "utf8") this.#takeTexts(rows, place);
    else this.#takeValues(rows, place);
    if (nulls > 0 || this.#validity !== undefined) this.#takeValidity(rows, place);
    this.#nulls += nulls;
  }

  /** The column. */
  finish(): Column {
    const { type, codes } = this.#link;
    const nullCount = this.#nulls;
    const validity = nullCount > 0 ? this.#validity : undefined;
    const base = { type, length: this.#length, nullCount, ...(validity && { validity }) };
    if (type.kind === "utf8") {
      return { ...base, values: concatBytes(this.#texts), offsets: this.#offsets };
    }
    const values = this.#values;
    return codes === undefined
      ? { ...base, values }
      : { ...base, values, children: [codes.dictionary] };
  }

  /** Of a filter: the numbers of the rows that are true. */
  trueRows({ start, count }: Rows, decide: Decide): Int32Array {
    const counts = this.#program.counts(this.#link.index);
    if (counts.doubtful > 0) this.#patch({ start, count }, decide);
    const out = this.#packed.reserve(count * 4);
    const { values } = this.#program.place(this.#link.register);
    const found = this.#kernel.exports.expressionRowsOf(values, count, start, out);
    return new Int32Array(this.#kernel.u8.buffer, out, found).slice();
  }

  /** Gives the kernel memory back. */
  release(): void {
    this.#patches[Symbol.dispose]();
    this.#packed[Symbol.dispose]();
  }

  // Writes what the host decides over what the kernel could not; the change of the null count.
  #patch({ start, count }: Rows, decide: Decide): number {
    const place = this.#program.place(this.#link.register);
    const doubt = this.#kernel.u8.slice(place.doubt, place.doubt + bitmapBytes(count));
    const texts: RowText[] = [];
    let nulls = 0;
    for (let row = 0; row < count; row++) {
      if (!getBit(doubt, row)) continue;
      const value = decide(start + row) ?? null;
      nulls += this.#setValid(place, row, value !== null);
      if (this.#link.type.kind === "utf8") texts.push({ row, text: value as string ?? "" });
      else this.#setValue(place, row, value);
    }
    this.#setTexts(place, texts);
    return nulls;
  }

  #setValid({ validity }: ColumnPlace, row: number, valid: boolean): number {
    const bits = this.#kernel.u8.subarray(validity);
    const was = getBit(bits, row);
    if (was === valid) return 0;
    if (valid) setBit(bits, row);
    else clearBit(bits, row);
    return valid ? -1 : 1;
  }

  // null is written as nothing: a filter looks at the values alone
  #setValue({ values }: ColumnPlace, row: number, value: Value): void {
    const view = new DataView(this.#kernel.u8.buffer, values);
    const { type, codes } = this.#link;
    switch (type.kind) {
      case "bool": {
        const bits = this.#kernel.u8.subarray(values);
        return value === true ? setBit(bits, row) : clearBit(bits, row);
      }
      case "f64":
        return view.setFloat64(row * 8, value as number ?? 0, true);
      case "f32":
        return view.setFloat32(row * 4, value as number ?? 0, true);
      case "i64":
      case "timestamp":
        return view.setBigInt64(row * 8, BigInt(value as bigint | number ?? 0), true);
      case "dict":
        return view.setInt32(row * 4, value === null ? 0 : codes!.codeOf(value as string), true);
      default:
        return view.setInt32(row * 4, value as number ?? 0, true);
    }
  }

  // one encoding for all; where that shows text beyond ASCII, the length of each is counted
  #setTexts({ values }: ColumnPlace, texts: readonly RowText[]): void {
    if (texts.length === 0) return;
    const all = texts.map(({ text }) => text).join("");
    const bytes = encodeText(all);
    const plain = bytes.length === all.length;
    let at = this.#patches.write(bytes);
    const view = new DataView(this.#kernel.u8.buffer, values);
    for (const { row, text } of texts) {
      const length = plain ? text.length : encodeText(text).length;
      view.setUint32(row * 8, at, true);
      view.setUint32(row * 8 + 4, length, true);
      at += length;
    }
  }

  #takeValues({ start, count }: Rows, { values: address }: ColumnPlace): void {
    const values = this.#values;
    const width = this.#link.type.kind === "bool" ? 1 / 8 : values.BYTES_PER_ELEMENT;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const end = address + Math.ceil(count * width);
    bytes.set(this.#kernel.u8.subarray(address, end), start * width);
  }

  #takeValidity({ start, count }: Rows, { validity: address }: ColumnPlace): void {
    if (this.#validity === undefined) {
      this.#validity = new Uint8Array(bitmapBytes(this.#length));
      this.#validity.fill(0xff, 0, start >> 3);
    }
    const bits = this.#kernel.u8.subarray(address, address + bitmapBytes(count));
    this.#validity.set(bits, start >> 3);
  }

  #takeTexts({ start, count }: Rows, { values: address }: ColumnPlace): void {
    const { expressionTextBytes, expressionPackText } = this.#kernel.exports;
    const size = expressionTextBytes(address, count);
    const before = this.#offsets[start];
    if (before + size > MAX_COLUMN_BYTES) {
      throw new RangeError(
        `Cannot evaluate expression: its strings take more than ${MAX_COLUMN_BYTES} bytes; ` +
          `use smaller batches`,
      );
    }
    const ends = this.#packed.reserve(count * 4 + size);
    const bytes = ends + count * 4;
    expressionPackText(address, count, ends, bytes, before);
    this.#offsets.set(new Int32Array(this.#kernel.u8.buffer, ends, count), start + 1);
    this.#texts.push(this.#kernel.u8.slice(bytes, bytes + size));
  }
}
