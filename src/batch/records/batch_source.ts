import { damaged } from "./damaged.ts";
import * as layout from "./layout.ts";
import type { KnownShape } from "./known_shape.ts";
import type { ShapeCache } from "./shape_cache.ts";

const { HEADER } = layout;
const FIRST_BYTES = 4096;
/** A copy larger than this is given back after the batch. */
const KEPT_BYTES = 4 * 1024 * 1024;
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const CHARS_AT_ONCE = 8192;

/** Integers of 1, 2 or 4 bytes. */
export type Integers = Uint8Array | Uint16Array | Uint32Array;

/**
 * A private copy of one batch and a walk over it. The copy makes the reading safe from a writer
 * that was given up but still runs, and spares a view per column.
 */
export class BatchSource {
  u8: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  u16: Uint16Array<ArrayBuffer> = new Uint16Array(this.u8.buffer);
  u32: Uint32Array<ArrayBuffer> = new Uint32Array(this.u8.buffer);
  f64: Float64Array<ArrayBuffer> = new Float64Array(this.u8.buffer);
  i64: BigInt64Array<ArrayBuffer> = new BigInt64Array(this.u8.buffer);
  /** All strings, one after the other. */
  text = "";
  /** Where the next column's strings begin in the text. */
  textAt = 0;
  shapes: KnownShape[] = [];
  /** Where the integers that were taken last begin. */
  integersAt = 0;
  #at = 0;
  #end = 0;
  #metaAt = 0;
  #metaEnd = 0;

  /** Copies the bytes of a batch and reads what comes before the columns. Returns the values. */
  open(bytes: Uint8Array, cache: ShapeCache): number {
    this.#copy(bytes);
    const header = this.u32;
    if (bytes.byteLength < layout.HEADER_BYTES || header[HEADER.magic] !== layout.MAGIC) {
      throw damaged("it does not begin with the mark of a batch of records");
    }
    if (header[HEADER.totalBytes] > bytes.byteLength) {
      throw damaged(`it says ${header[HEADER.totalBytes]} bytes, received ${bytes.byteLength}`);
    }
    this.#end = header[HEADER.totalBytes];
    this.#metaAt = header[HEADER.metaOffset] >>> 2;
    this.#metaEnd = this.#metaAt + header[HEADER.metaWords];
    if (this.#metaEnd * 4 > this.#end) throw damaged("its description lies beyond its end");
    this.#at = layout.HEADER_BYTES;
    this.textAt = 0;
    this.#readText();
    this.#readShapes(cache);
    return header[HEADER.valueCount];
  }

  /** Lets go of the strings, and of a copy that was large. */
  close(): void {
    this.text = "";
    this.shapes = [];
    if (this.u8.length > KEPT_BYTES) this.#allocate(FIRST_BYTES);
  }

  #allocate(bytes: number): void {
    this.u8 = new Uint8Array(layout.align8(bytes));
    this.u16 = new Uint16Array(this.u8.buffer);
    this.u32 = new Uint32Array(this.u8.buffer);
    this.f64 = new Float64Array(this.u8.buffer);
    this.i64 = new BigInt64Array(this.u8.buffer);
  }

  #copy(bytes: Uint8Array): void {
    if (bytes.byteLength > this.u8.length) this.#allocate(bytes.byteLength * 1.5);
    this.u8.set(bytes);
  }

  #section(offset: number, length: number): Uint8Array<ArrayBuffer> {
    if (offset + length > this.#end) throw damaged("a section lies beyond its end");
    return this.u8.subarray(offset, offset + length);
  }

  #readText(): void {
    const header = this.u32;
    const bytes = this.#section(header[HEADER.textOffset], header[HEADER.textBytes]);
    if (header[HEADER.textEncoding] === layout.ENCODING_UTF8) this.text = utf8.decode(bytes);
    else this.text = this.#readUnits(header[HEADER.textOffset] >>> 1, bytes.length >>> 1);
    if (this.text.length !== header[HEADER.textUnits]) {
      throw damaged("its text is not as long as told");
    }
  }

  #readUnits(start: number, count: number): string {
    let text = "";
    for (let i = 0; i < count; i += CHARS_AT_ONCE) {
      const end = Math.min(i + CHARS_AT_ONCE, count);
      text += String.fromCharCode(...this.u16.subarray(start + i, start + end));
    }
    return text;
  }

  #readShapes(cache: ShapeCache): void {
    let at = this.u32[HEADER.shapesOffset];
    const count = this.u32[HEADER.shapeCount];
    for (let i = 0; i < count; i++) {
      if (at % 4 !== 0 || at + 8 > this.#end) throw damaged("its shapes lie beyond its end");
      const length = this.u32[(at >>> 2) + 1];
      this.shapes.push(cache.find(this.u32[at >>> 2], this.u8, at + 8, length));
      at = layout.align8(at + 8 + length);
    }
  }

  /** Whether there are free values. */
  get hasFree(): boolean {
    return this.u32[HEADER.freeBytes] > 0;
  }

  /** The section of free values. */
  get free(): Uint8Array<ArrayBuffer> {
    return this.#section(this.u32[HEADER.freeOffset], this.u32[HEADER.freeBytes]);
  }

  /** Where the strings of the free values begin in the text. */
  get freeTextStart(): number {
    return this.u32[HEADER.freeTextStart];
  }

  /** The next word of the description. */
  meta(): number {
    if (this.#metaAt >= this.#metaEnd) throw damaged("its description ends too early");
    return this.u32[this.#metaAt++];
  }

  /** The word that {@linkcode meta} gave last. */
  get previousMeta(): number {
    return this.u32[this.#metaAt - 1];
  }

  /** Checks that a number of cells without data of their own can be: each has a tag. */
  checkCount(count: number): void {
    if (count > this.#end) throw damaged(`${count} values are told, more than it has bytes`);
  }

  /** Takes the next piece of column data. Returns where it starts. */
  take(count: number, width: number): number {
    const start = this.#at;
    const bytes = count * width;
    if (bytes > this.#end - start) throw damaged("a column lies beyond its end");
    this.#at = start + layout.align8(bytes);
    return start;
  }

  /** Takes the next tags. */
  tags(count: number): Uint8Array<ArrayBuffer> {
    const start = this.take(count, 1);
    return this.u8.subarray(start, start + count);
  }

  /**
   * Takes the next integers, whose width is the next word of the description. They begin at
   * {@linkcode integersAt} of what is returned: a view of them alone would cost small batches more
   * than all else.
   */
  integers(count: number): Integers {
    const width = this.meta();
    if (width !== 1 && width !== 2 && width !== 4) throw damaged(`integers of ${width} bytes`);
    this.integersAt = this.take(count, width) / width;
    return width === 1 ? this.u8 : width === 2 ? this.u16 : this.u32;
  }
}
