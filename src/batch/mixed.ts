import { MAX_DEPTH } from "./limits.ts";
import { isPlainObject, Misfit, setOwn } from "./misfit.ts";

/**
 * The tag before each value of a mixed column. What follows it, little-endian and unaligned: f64
 * and date 8 bytes, i64 8 bytes, text and bytes a u32 length in bytes and the bytes (utf16 for
 * strings with lone surrogates), a list a u32 count and its values, an object a u32 count and for
 * each entry a text and a value.
 */
export const MixedTag = {
  null: 0,
  false: 1,
  true: 2,
  f64: 3,
  i64: 4,
  utf8: 5,
  utf16: 6,
  bytes: 7,
  list: 8,
  object: 9,
  date: 10,
  undefined: 11,
} as const;

const FIRST_CAPACITY = 256;
const encoder = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Writes tagged values one after the other into a buffer that grows. */
export class MixedWriter {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#at;
  }

  /** Forgets what was written from byte `length` on. */
  truncate(length: number): void {
    this.#at = length;
  }

  /** The bytes written, a copy. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  /**
   * Writes one value.
   *
   * @throws {Misfit} for a function, symbol, instance of a class, bigint beyond 64 bits, or a
   * value nested deeper than {@linkcode MAX_DEPTH}.
   */
  write(value: unknown, depth = 1): void {
    switch (typeof value) {
      case "number":
        return this.#number(MixedTag.f64, value);
      case "string":
        return this.#text(value);
      case "boolean":
        return this.#tag(value ? MixedTag.true : MixedTag.false);
      case "undefined":
        return this.#tag(MixedTag.undefined);
      case "bigint":
        return this.#bigint(value);
      case "object":
        return this.#object(value, depth);
      default:
        throw new Misfit("a JSON-like value", value);
    }
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #tag(tag: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = tag;
  }

  #number(tag: number, value: number): void {
    this.#tag(tag);
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new Misfit("a bigint of at most 64 bits", value);
    this.#tag(MixedTag.i64);
    this.#reserve(8);
    this.#view.setBigInt64(this.#at, value, true);
    this.#at += 8;
  }

  #count(tag: number, count: number): void {
    this.#tag(tag);
    this.#reserve(4);
    this.#view.setUint32(this.#at, count, true);
    this.#at += 4;
  }

  #text(value: string): void {
    if (!value.isWellFormed()) return this.#utf16(value);
    this.#reserve(5 + value.length * 3);
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(this.#at + 5));
    this.#count(MixedTag.utf8, written);
    this.#at += written;
  }

  #utf16(value: string): void {
    this.#count(MixedTag.utf16, value.length * 2);
    this.#reserve(value.length * 2);
    for (let i = 0; i < value.length; i++, this.#at += 2) {
      this.#view.setUint16(this.#at, value.charCodeAt(i), true);
    }
  }

  #object(value: object | null, depth: number): void {
    if (value === null) return this.#tag(MixedTag.null);
    if (depth > MAX_DEPTH) throw new Misfit(`at most ${MAX_DEPTH} levels of nesting`, value);
    if (Array.isArray(value)) {
      this.#count(MixedTag.list, value.length);
      for (let i = 0; i < value.length; i++) this.write(value[i], depth + 1);
    } else if (value instanceof Date) {
      this.#number(MixedTag.date, value.getTime());
    } else if (value instanceof Uint8Array) {
      this.#count(MixedTag.bytes, value.length);
      this.#reserve(value.length);
      this.#bytes.set(value, this.#at);
      this.#at += value.length;
    } else if (isPlainObject(value)) {
      this.#entries(value, depth);
    } else {
      throw new Misfit("a JSON-like value", value);
    }
  }

  #entries(value: Record<string, unknown>, depth: number): void {
    const keys = Object.keys(value);
    this.#count(MixedTag.object, keys.length);
    for (const key of keys) {
      this.#text(key);
      this.write(value[key], depth + 1);
    }
  }
}

class MixedReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  read(depth = 1): unknown {
    if (depth > MAX_DEPTH + 1) throw malformed("nested too deep");
    const tag = this.#bytes[this.at++];
    switch (tag) {
      case MixedTag.null:
        return null;
      case MixedTag.false:
      case MixedTag.true:
        return tag === MixedTag.true;
      case MixedTag.f64:
        return this.#number();
      case MixedTag.date:
        return new Date(this.#number());
      case MixedTag.i64:
        return this.#view.getBigInt64((this.at += 8) - 8, true);
      case MixedTag.bytes:
        return this.#raw().slice();
      case MixedTag.list:
        return this.#list(depth);
      case MixedTag.object:
        return this.#object(depth);
      case MixedTag.undefined:
        return undefined;
      default:
        return this.#text(tag);
    }
  }

  #number(): number {
    return this.#view.getFloat64((this.at += 8) - 8, true);
  }

  #count(): number {
    const count = this.#view.getUint32(this.at, true);
    this.at += 4;
    if (count > this.#bytes.length - this.at) throw malformed("a length runs past the end");
    return count;
  }

  #raw(): Uint8Array {
    const length = this.#count();
    return this.#bytes.subarray(this.at, this.at += length);
  }

  #text(tag: number): string {
    if (tag === MixedTag.utf8) return utf8.decode(this.#raw());
    if (tag === MixedTag.utf16) return fromUtf16(this.#raw());
    throw malformed(`unknown tag ${tag}`);
  }

  #list(depth: number): unknown[] {
    const count = this.#count();
    const items: unknown[] = [];
    for (let i = 0; i < count; i++) items.push(this.read(depth + 1));
    return items;
  }

  #object(depth: number): Record<string, unknown> {
    const count = this.#count();
    const object: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      const key = this.#text(this.#bytes[this.at++]);
      setOwn(object, key, this.read(depth + 1));
    }
    return object;
  }
}

function fromUtf16(bytes: Uint8Array): string {
  if (bytes.length & 1) throw malformed("half a character");
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) {
    text += String.fromCharCode(bytes[i] | (bytes[i + 1] << 8));
  }
  return text;
}

function malformed(why: string): RangeError {
  return new RangeError(`Cannot read mixed value: ${why}; the column's bytes are damaged`);
}

/**
 * Reads the tagged value between two byte positions of a mixed column.
 *
 * @throws {RangeError} when the bytes are not one whole value.
 */
export function readMixed(bytes: Uint8Array, start: number, end: number): unknown {
  const reader = new MixedReader(bytes.subarray(start, end), 0);
  const value = reader.read();
  if (reader.at !== end - start) throw malformed("bytes left over");
  return value;
}
