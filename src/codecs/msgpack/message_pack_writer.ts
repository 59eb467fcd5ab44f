import type { DataType, Field } from "../../batch/schema.ts";

const FIRST_CAPACITY = 4_096;

/** What writes single values: the bytes are valid until its next call. */
export interface LeafEncoders {
  /** Writes a number that has no fraction as an integer. */
  readonly plain: (value: unknown) => Uint8Array;
  /** Writes every number as a double. */
  readonly double: (value: unknown) => Uint8Array;
  /** Writes every number as a float. */
  readonly float: (value: unknown) => Uint8Array;
  /** Writes milliseconds since 1970 as a timestamp. */
  readonly timestamp: (ms: number) => Uint8Array;
}

/** Writes rows of columns: the structure itself, single values through a library. */
export class MessagePackWriter {
  readonly #leaf: LeafEncoders;
  #bytes = new Uint8Array(FIRST_CAPACITY);
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
    if (count < 16) return this.#put(Uint8Array.of(fix | count));
    if (count < 65_536) return this.#put(Uint8Array.of(wide, count >>> 8, count));
    this.#put(Uint8Array.of(wide + 1, count >>> 24, count >>> 16, count >>> 8, count));
  }

  #put(bytes: Uint8Array): void {
    if (this.#at + bytes.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes.length));
      grown.set(this.#bytes.subarray(0, this.#at));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #value(type: DataType, value: unknown): void {
    if (value === null) return this.#put(this.#leaf.plain(null));
    switch (type.kind) {
      case "f64":
        return this.#put(this.#leaf.double(value));
      case "f32":
        return this.#put(this.#leaf.float(value));
      case "timestamp":
        return this.#put(this.#leaf.timestamp(value as number));
      case "i64":
        return this.#put(this.#leaf.plain(type.as ? BigInt(value as number) : value));
      case "list":
        return this.#items(type.item, value as unknown[]);
      case "struct":
        return this.#fields(type.fields, value as Record<string, unknown>);
      case "map":
        return this.#entries(value as Record<string, unknown>, type.value);
      case "mixed":
        return this.#mixed(value);
      default:
        return this.#put(this.#leaf.plain(value));
    }
  }

  #items(type: DataType, items: readonly unknown[]): void {
    this.array(items.length);
    for (const item of items) this.#value(type, item);
  }

  #fields(fields: readonly Field[], object: Record<string, unknown>): void {
    this.#head(fields.length, 0x80, 0xde);
    for (const { name, type } of fields) {
      this.#put(this.#leaf.plain(name));
      this.#value(type, object[name]);
    }
  }

  #entries(object: Record<string, unknown>, type: DataType): void {
    const keys = Object.keys(object);
    this.#head(keys.length, 0x80, 0xde);
    for (const key of keys) {
      this.#put(this.#leaf.plain(key.toWellFormed()));
      this.#value(type, object[key]);
    }
  }

  #mixed(value: unknown): void {
    if (typeof value === "number") {
      const isWhole = Number.isSafeInteger(value) && !Object.is(value, -0);
      return this.#put(isWhole ? this.#leaf.plain(value) : this.#leaf.double(value));
    }
    if (typeof value === "string") return this.#put(this.#leaf.plain(value.toWellFormed()));
    if (Array.isArray(value)) return this.#items({ kind: "mixed" }, value);
    if (value instanceof Date) {
      const ms = value.getTime();
      return this.#put(Number.isNaN(ms) ? this.#leaf.plain(null) : this.#leaf.timestamp(ms));
    }
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) {
      return this.#put(this.#leaf.plain(value));
    }
    this.#entries(value as Record<string, unknown>, { kind: "mixed" });
  }
}
