import type { DataType, Field } from "../../batch/schema.ts";

const FIRST_CAPACITY = 4_096;
const NIL = 0xc0;
const FALSE = 0xc2;
const TRUE = 0xc3;

/** What writes values that are not plain: the bytes are valid until its next call. */
export interface LeafEncoders {
  /** Writes any value but numbers, texts, arrays and maps. */
  readonly other: (value: unknown) => Uint8Array;
  /** Writes milliseconds since 1970 as a timestamp. */
  readonly timestamp: (ms: number) => Uint8Array;
}

/** Bytes that an array, a map or a number takes at most, without what is in it. */
const MOST_HEAD_BYTES = 9;
const encoder = new TextEncoder();

/** Writes rows of columns: what is plain itself, other values through a library. */
export class MessagePackWriter {
  readonly #leaf: LeafEncoders;
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** A writer of nothing yet. */
  constructor(leaf: LeafEncoders) {
    this.#leaf = leaf;
  }

  /** What was written, a copy. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  /** Begins an array of so many items. */
  array(count: number): void {
    this.#head(count, 0x90, 0xdc);
  }

  /** Writes a row: a map from the names, ready-made, to values. */
  row(names: readonly Uint8Array[], types: readonly DataType[], values: readonly unknown[]): void {
    this.#head(names.length, 0x80, 0xde);
    for (let at = 0; at < names.length; at++) {
      this.#put(names[at]);
      this.#value(types[at], values[at]);
    }
  }

  #head(count: number, fix: number, wide: number): void {
    this.#reserve(MOST_HEAD_BYTES);
    if (count < 16) this.#bytes[this.#at++] = fix | count;
    else this.#sized(count, wide, 2);
  }

  /** A tag for a length, and the length: in `least` bytes, or in 4 by the next tag. */
  #sized(count: number, tag: number, least: 1 | 2): void {
    const isByte = least === 1 && count < 256;
    const isShort = !isByte && count < 65_536;
    this.#bytes[this.#at] = tag + (isByte ? 0 : isShort ? 1 : 2) - (least - 1);
    if (isByte) this.#bytes[this.#at + 1] = count;
    else if (isShort) this.#view.setUint16(this.#at + 1, count);
    else this.#view.setUint32(this.#at + 1, count);
    this.#at += isByte ? 2 : isShort ? 3 : 5;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  /** A whole number of at most 32 bits, as short as it goes. */
  #integer(value: number): void {
    this.#reserve(MOST_HEAD_BYTES);
    const view = this.#view;
    const at = this.#at;
    if (value >= -32 && value < 128) {
      view.setInt8(at, value);
      this.#at += 1;
    } else if (value >= -128 && value < 256) {
      this.#bytes[at] = value < 0 ? 0xd0 : 0xcc;
      this.#bytes[at + 1] = value;
      this.#at += 2;
    } else if (value >= -32_768 && value < 65_536) {
      this.#bytes[at] = value < 0 ? 0xd1 : 0xcd;
      view.setInt16(at + 1, value);
      this.#at += 3;
    } else {
      this.#bytes[at] = value < 0 ? 0xd2 : 0xce;
      view.setInt32(at + 1, value);
      this.#at += 5;
    }
  }

  #long(value: bigint): void {
    this.#reserve(MOST_HEAD_BYTES);
    this.#bytes[this.#at] = 0xd3;
    this.#view.setBigInt64(this.#at + 1, value);
    this.#at += 9;
  }

  #double(value: number): void {
    this.#reserve(MOST_HEAD_BYTES);
    this.#bytes[this.#at] = 0xcb;
    this.#view.setFloat64(this.#at + 1, value);
    this.#at += 9;
  }

  #float(value: number): void {
    this.#reserve(MOST_HEAD_BYTES);
    this.#bytes[this.#at] = 0xca;
    this.#view.setFloat32(this.#at + 1, value);
    this.#at += 5;
  }

  #text(text: string): void {
    const most = 3 * text.length;
    this.#reserve(MOST_HEAD_BYTES + most);
    // written where it belongs if its length turns out to be in the shortest form
    const start = this.#at + (most < 32 ? 1 : 5);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(start));
    if (written < 32) this.#bytes[this.#at++] = 0xa0 | written;
    else this.#sized(written, 0xd9, 1);
    if (this.#at !== start) this.#bytes.copyWithin(this.#at, start, start + written);
    this.#at += written;
  }

  #value(type: DataType, value: unknown): void {
    if (value === null) return this.#byte(NIL);
    switch (type.kind) {
      case "bool":
        return this.#byte(value ? TRUE : FALSE);
      case "i32":
      case "date":
      case "time":
        return this.#integer(value as number);
      case "i64":
        return this.#long(BigInt(value as number | bigint));
      case "f64":
        return this.#double(value as number);
      case "f32":
        return this.#float(value as number);
      case "utf8":
      case "dict":
      case "decimal":
        return this.#text(value as string);
      case "timestamp":
        return this.#put(this.#leaf.timestamp(value as number));
      case "list":
        return this.#items(type.item, value as unknown[]);
      case "struct":
        return this.#fields(type.fields, value as Record<string, unknown>);
      case "map":
        return this.#entries(value as Record<string, unknown>, type.value);
      case "mixed":
        return this.#mixed(value);
      default:
        return this.#put(this.#leaf.other(value));
    }
  }

  #items(type: DataType, items: readonly unknown[]): void {
    this.array(items.length);
    for (const item of items) this.#value(type, item);
  }

  #fields(fields: readonly Field[], object: Record<string, unknown>): void {
    this.#head(fields.length, 0x80, 0xde);
    for (const { name, type } of fields) {
      this.#text(name);
      this.#value(type, object[name]);
    }
  }

  #entries(object: Record<string, unknown>, type: DataType): void {
    const keys = Object.keys(object);
    this.#head(keys.length, 0x80, 0xde);
    for (const key of keys) {
      this.#text(key);
      this.#value(type, object[key]);
    }
  }

  #mixed(value: unknown): void {
    switch (typeof value) {
      case "number":
        return isInteger(value) ? this.#integer(value) : this.#double(value);
      case "string":
        return this.#text(value);
      case "bigint":
        return this.#long(value);
      case "object":
        break;
      default:
        return this.#put(this.#leaf.other(value));
    }
    if (Array.isArray(value)) return this.#items({ kind: "mixed" }, value);
    if (value instanceof Date) {
      const ms = value.getTime();
      return Number.isNaN(ms) ? this.#byte(NIL) : this.#put(this.#leaf.timestamp(ms));
    }
    if (value === null || value instanceof Uint8Array) return this.#put(this.#leaf.other(value));
    this.#entries(value as Record<string, unknown>, { kind: "mixed" });
  }
}

function isInteger(value: number): boolean {
  return value >= -(2 ** 31) && value < 2 ** 32 && Number.isInteger(value) && !Object.is(value, -0);
}
