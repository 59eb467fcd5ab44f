import type { ColumnWriter, ListColumn, ObjectColumn } from "./column_writer.ts";
import * as layout from "./layout.ts";
import { LAST_ASCII, type PiecedText } from "./pieced_text.ts";
import type { Shape } from "./shape.ts";
import type { TextColumn } from "./text_column.ts";
import type { TreeWriter } from "./tree_writer.ts";

const { HEADER } = layout;
/** Copied by a loop up to this length: making a view costs more. */
const LOOPED = 32;
/** Texts up to this length are written by a loop: a call of the encoder costs more. */
const SHORT_TEXT = 48;
const NO_BYTES = new Uint8Array();
const NO_U32 = new Uint32Array();
const NO_F64 = new Float64Array();
const encoder = new TextEncoder();

/** Lays the columns of a batch out in the bytes of a target. */
export class BatchLayout {
  readonly #meta: number[] = [];
  readonly #shapes: Shape[] = [];
  #u8: Uint8Array = NO_BYTES;
  #u32: Uint32Array = NO_U32;
  #f64: Float64Array = NO_F64;
  #at = 0;
  readonly #pieces: PiecedText[] = [];
  #units = 0;
  #batch = 0;

  /** Writes `count` values. `target` starts at a multiple of 8 and holds the upper bound. */
  write(tree: TreeWriter, count: number, target: Uint8Array): number {
    this.#open(target);
    this.#column(tree.root, count);
    const freeTextStart = this.#units;
    const header = this.#u32;
    header[HEADER.magic] = layout.MAGIC;
    header[HEADER.valueCount] = count;
    header[HEADER.freeTextStart] = freeTextStart;
    this.#writeText(tree.free.text);
    header[HEADER.freeOffset] = this.#at;
    header[HEADER.freeBytes] = tree.free.length;
    this.#u8.set(tree.free.content, this.#at);
    this.#at = layout.align8(this.#at + tree.free.length);
    this.#writeShapes();
    this.#writeMeta();
    header[HEADER.totalBytes] = this.#at;
    return this.#at;
  }

  #open(target: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = target;
    this.#u8 = target;
    this.#u32 = new Uint32Array(buffer, byteOffset, byteLength >>> 2);
    this.#f64 = new Float64Array(buffer, byteOffset, byteLength >>> 3);
    this.#at = layout.HEADER_BYTES;
    this.#u32.fill(0, 0, layout.HEADER_BYTES >>> 2);
    this.#units = 0;
    this.#pieces.length = 0;
    this.#meta.length = 0;
    this.#shapes.length = 0;
    this.#batch++;
  }

  /** Lets go of the target. */
  close(): void {
    this.#u8 = NO_BYTES;
    this.#u32 = NO_U32;
    this.#f64 = NO_F64;
  }

  #column(column: ColumnWriter, count: number): void {
    const meta = this.#meta;
    if (column.kind === layout.KIND_MIXED) this.#bytes(column.tags, count);
    const at = meta.push(column.kind, 0) - 1;
    let has = 0;
    if (column.wordCount > 0) has |= this.#words(column);
    if (column.text !== null && column.text.count > 0) has |= this.#texts(column.text);
    if (column.free.length > 0) has |= this.#free(column.free);
    if (column.list !== null && column.list.count > 0) has |= this.#lists(column.list);
    if (column.objects.length > 0) has |= this.#objects(column.objects);
    meta[at] = has;
  }

  #bytes(bytes: Uint8Array, count: number): void {
    this.#copy(bytes, count);
    this.#at = layout.align8(this.#at);
  }

  #words(column: ColumnWriter): number {
    const { words, wordCount } = column;
    const start = this.#at >>> 3;
    if (wordCount <= LOOPED) {
      for (let i = 0; i < wordCount; i++) {
        this.#f64[start + i] = words[i];
      }
    } else this.#f64.set(words.subarray(0, wordCount), start);
    this.#at += wordCount * 8;
    this.#meta.push(wordCount);
    return layout.HAS_WORDS;
  }

  #texts(text: TextColumn): number {
    this.#meta.push(text.count, text.distinct, text.identity ? 1 : 0);
    this.#numbers(text.lengths, text.distinct, text.longest);
    if (!text.identity) this.#numbers(text.ids, text.count, text.distinct);
    this.#pieces.push(text.text);
    this.#units += text.text.length;
    return layout.HAS_TEXT;
  }

  /** Writes integers in the fewest of 1, 2 or 4 bytes that hold the greatest, and notes which. */
  #numbers(numbers: ArrayLike<number>, count: number, greatest: number): void {
    const width = greatest < 256 ? 1 : greatest < 65536 ? 2 : 4;
    const into = width === 1 ? this.#u8 : width === 2 ? this.#halves() : this.#u32;
    const start = this.#at / width;
    for (let i = 0; i < count; i++) into[start + i] = numbers[i];
    this.#at = layout.align8(this.#at + count * width);
    this.#meta.push(width);
  }

  /** A view by 16 bits: rarely wanted, so made when it is. */
  #halves(): Uint16Array {
    const { buffer, byteOffset, byteLength } = this.#u8;
    return new Uint16Array(buffer, byteOffset, byteLength >>> 1);
  }

  #free(offsets: number[]): number {
    this.#meta.push(offsets.length);
    this.#numbers(offsets, offsets.length, offsets[offsets.length - 1]);
    return layout.HAS_FREE;
  }

  #lists(list: ListColumn): number {
    this.#meta.push(list.count, list.itemCount);
    this.#numbers(list.lengths, list.count, list.longest);
    this.#column(list.items, list.itemCount);
    return layout.HAS_LIST;
  }

  #objects(objects: readonly ObjectColumn[]): number {
    const at = this.#meta.push(0) - 1;
    let used = 0;
    for (const each of objects) {
      if (each.count === 0) continue;
      used++;
      this.#meta.push(each.tag, this.#shapeIndex(each.shape), each.count);
      for (const column of each.columns) this.#column(column, each.count);
    }
    if (used === 0) {
      this.#meta.pop();
      return 0;
    }
    this.#meta[at] = used;
    return layout.HAS_OBJECTS;
  }

  #shapeIndex(shape: Shape): number {
    if (shape.batch !== this.#batch) {
      shape.batch = this.#batch;
      shape.index = this.#shapes.push(shape) - 1;
    }
    return shape.index;
  }

  /** Writes the texts of all columns, one after the other, and then another. */
  #writeText(last: string): void {
    const header = this.#u32;
    const start = this.#at;
    const isUtf8 = last.isWellFormed() &&
      this.#pieces.every(({ isRope, rope }) => !isRope || rope.isWellFormed());
    header[HEADER.textOffset] = start;
    header[HEADER.textUnits] = this.#units + last.length;
    header[HEADER.textEncoding] = isUtf8 ? layout.ENCODING_UTF8 : layout.ENCODING_UTF16;
    if (isUtf8) this.#writeUtf8(last);
    else this.#writeUtf16(last);
    header[HEADER.textBytes] = this.#at - start;
    this.#at = layout.align8(this.#at);
  }

  #writeUtf8(last: string): void {
    let rope = "";
    for (const piece of this.#pieces) {
      if (piece.isRope) rope += piece.rope;
      else {
        this.#encode(rope);
        rope = "";
        this.#copy(piece.bytes, piece.count);
      }
    }
    this.#encode(rope + last);
  }

  #encode(text: string): void {
    if (text.length <= SHORT_TEXT && this.#writeAscii(text)) this.#at += text.length;
    else this.#at += encoder.encodeInto(text, this.#u8.subarray(this.#at)).written;
  }

  #copy(bytes: Uint8Array, count: number): void {
    if (count <= LOOPED) { for (let i = 0; i < count; i++) this.#u8[this.#at + i] = bytes[i]; }
    else this.#u8.set(bytes.subarray(0, count), this.#at);
    this.#at += count;
  }

  #writeUtf16(last: string): void {
    const halves = this.#halves();
    let at = this.#at >>> 1;
    const units = (text: string) => {
      for (let i = 0; i < text.length; i++) halves[at++] = text.charCodeAt(i);
    };
    for (const { isRope, rope, bytes, count } of this.#pieces) {
      if (isRope) units(rope);
      else for (let i = 0; i < count; i++) halves[at++] = bytes[i];
    }
    units(last);
    this.#at = at * 2;
  }

  /** Writes a text of ASCII alone. Returns whether it is. */
  #writeAscii(text: string): boolean {
    const bytes = this.#u8;
    const start = this.#at;
    for (let i = 0; i < text.length; i++) {
      const char = text.charCodeAt(i);
      if (char > LAST_ASCII) return false;
      bytes[start + i] = char;
    }
    return true;
  }

  #writeShapes(): void {
    this.#u32[HEADER.shapesOffset] = this.#at;
    this.#u32[HEADER.shapeCount] = this.#shapes.length;
    for (const shape of this.#shapes) {
      this.#u32[this.#at >>> 2] = shape.hash;
      this.#u32[(this.#at >>> 2) + 1] = shape.bytes.length;
      this.#u8.set(shape.bytes, this.#at + 8);
      this.#at = layout.align8(this.#at + 8 + shape.bytes.length);
    }
  }

  #writeMeta(): void {
    const meta = this.#meta;
    this.#u32[HEADER.metaOffset] = this.#at;
    this.#u32[HEADER.metaWords] = meta.length;
    const start = this.#at >>> 2;
    for (let i = 0; i < meta.length; i++) this.#u32[start + i] = meta[i];
    this.#at = layout.align8(this.#at + meta.length * 4);
  }
}
