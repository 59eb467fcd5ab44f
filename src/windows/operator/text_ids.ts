import { getBit } from "../../batch/bitmap.ts";
import type { Column } from "../../batch/column.ts";
import { MAX_COLUMN_BYTES } from "../../batch/limits.ts";
import type { DataType } from "../../batch/schema.ts";
import { grown, IdPool } from "./id_pool.ts";
import type { ValueIds } from "./value_ids.ts";

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
const FIRST_SLOTS = 256;
const UNKNOWN = -1;
const ROWS_OF_ENTRY = 4;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * FNV-1a, four bytes at a time as far as they go, with a final mix
 * (http://www.isthe.com/chongo/tech/comp/fnv).
 */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = OFFSET ^ (to - from);
  let at = from;
  for (const last = to - 4; at <= last; at += 4) {
    const word = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
    hash = Math.imul(hash ^ word, PRIME);
    // Without this the high bits of a word would not reach the low ones of the hash.
    hash ^= hash >>> 15;
  }
  for (; at < to; at++) hash = Math.imul(hash ^ bytes[at], PRIME);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 12);
}

/** Ids for text and bytes, found by their bytes: no string is made for a row. */
export class TextIds implements ValueIds {
  readonly pool: IdPool = new IdPool();
  readonly #isText: boolean;
  /** Id + 1 by hash, open addressing; 0 is free. */
  #slots = new Int32Array(FIRST_SLOTS);
  #hashes = new Int32Array(FIRST_SLOTS);
  #starts = new Int32Array(FIRST_SLOTS);
  #lengths = new Int32Array(FIRST_SLOTS);
  #arena = new Uint8Array(1024);
  #used = 0;
  #values: unknown[] = [];
  #null = UNKNOWN;
  /** Ids by the entries of the dictionary that was read last. */
  #dictionary: Column | undefined;
  #entries = new Int32Array();
  /** Whether the ids of all of these are known. */
  #knowsAll = false;

  constructor(type: DataType) {
    this.#isText = type.kind !== "bytes";
  }

  get bytes(): number {
    return this.#used + 4 * (this.#slots.length + 3 * this.#hashes.length);
  }

  read(column: Column, length: number, out: Int32Array): void {
    if (column.type.kind === "dict") this.#readDict(column, length, out);
    else this.#readBytes(column, length, out);
    const { validity } = column;
    if (validity === undefined || column.nullCount === 0) return;
    for (let row = 0; row < length; row++) {
      if (!getBit(validity, row)) out[row] = this.#nullId();
    }
  }

  #readBytes({ values, offsets, validity }: Column, length: number, out: Int32Array): void {
    const bytes = values as Uint8Array;
    const ends = offsets as Int32Array;
    for (let row = 0; row < length; row++) {
      if (validity !== undefined && !getBit(validity, row)) continue;
      out[row] = this.#idOf(bytes, ends[row], ends[row + 1]);
    }
  }

  #readDict({ values, children, validity }: Column, length: number, out: Int32Array): void {
    const [dictionary] = children!;
    if (dictionary !== this.#dictionary) this.#openDictionary(dictionary, length);
    const entries = this.#entries;
    const indices = values as Int32Array;
    if (this.#knowsAll && validity === undefined) {
      for (let row = 0; row < length; row++) out[row] = entries[indices[row]];
      return;
    }
    for (let row = 0; row < length; row++) {
      if (validity !== undefined && !getBit(validity, row)) continue;
      const index = indices[row];
      if (entries[index] === UNKNOWN) entries[index] = this.#entryId(dictionary, index);
      out[row] = entries[index];
    }
  }

  /** Finds the ids of all entries at once where they are few next to the rows. */
  #openDictionary(dictionary: Column, rows: number): void {
    this.#dictionary = dictionary;
    this.#entries = new Int32Array(dictionary.length).fill(UNKNOWN);
    this.#knowsAll = ROWS_OF_ENTRY * dictionary.length <= rows;
    if (!this.#knowsAll) return;
    for (let index = 0; index < dictionary.length; index++) {
      this.#entries[index] = this.#entryId(dictionary, index);
    }
  }

  #entryId({ values, offsets }: Column, index: number): number {
    return this.#idOf(values as Uint8Array, offsets![index], offsets![index + 1]);
  }

  #nullId(): number {
    if (this.#null === UNKNOWN) {
      this.#null = this.#claim();
      this.#values[this.#null] = null;
    }
    return this.#null;
  }

  #idOf(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashOf(bytes, from, to);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = slots[slot] - 1;
      if (this.#hashes[id] === hash && this.#is(id, bytes, from, to)) return id;
    }
    return this.#learn(bytes.subarray(from, to), hash);
  }

  #is(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#lengths[id] !== to - from) return false;
    const arena = this.#arena;
    for (let at = this.#starts[id]; from < to; at++, from++) {
      if (arena[at] !== bytes[from]) return false;
    }
    return true;
  }

  #learn(bytes: Uint8Array, hash: number): number {
    const id = this.#claim();
    this.#hashes[id] = hash;
    this.#values[id] = undefined;
    this.#store(id, bytes);
    if (2 * this.pool.used > this.#slots.length) this.#widen();
    this.#enter(id);
    return id;
  }

  /** An id, with room for what is known of it. */
  #claim(): number {
    const id = this.pool.take();
    this.#hashes = grown(this.#hashes, id + 1);
    this.#starts = grown(this.#starts, id + 1);
    this.#lengths = grown(this.#lengths, id + 1);
    this.#lengths[id] = 0;
    return id;
  }

  #store(id: number, bytes: Uint8Array): void {
    const end = this.#used + bytes.length;
    if (end > MAX_COLUMN_BYTES) {
      throw new RangeError(
        `Cannot keep more keys: those of open windows may take ${MAX_COLUMN_BYTES} bytes, ` +
          `received one of ${bytes.length} more; make windows or keys shorter, or use more bees`,
      );
    }
    this.#arena = grown(this.#arena, end);
    this.#arena.set(bytes, this.#used);
    this.#starts[id] = this.#used;
    this.#lengths[id] = bytes.length;
    this.#used = end;
  }

  #enter(id: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes[id] & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = id + 1;
  }

  #widen(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length);
    for (const slot of old) if (slot !== 0) this.#enter(slot - 1);
  }

  valueOf(id: number): unknown {
    const known = this.#values[id];
    if (known !== undefined) return known;
    const bytes = this.#bytesOf(id);
    return this.#values[id] = this.#isText ? decoder.decode(bytes) : bytes.slice();
  }

  #bytesOf(id: number): Uint8Array {
    return this.#arena.subarray(this.#starts[id], this.#starts[id] + this.#lengths[id]);
  }

  compare(a: number, b: number): number {
    if (a === b) return 0;
    if (a === this.#null || b === this.#null) return a === this.#null ? 1 : -1;
    const arena = this.#arena;
    const [left, right] = [this.#starts[a], this.#starts[b]];
    const shared = Math.min(this.#lengths[a], this.#lengths[b]);
    for (let at = 0; at < shared; at++) {
      const order = arena[left + at] - arena[right + at];
      if (order !== 0) return order;
    }
    return this.#lengths[a] - this.#lengths[b];
  }

  keep(marked: Uint8Array): void {
    const old = this.#arena;
    const known = this.#slots.filter((slot) => slot !== 0);
    this.#slots = new Int32Array(this.#slots.length);
    this.#arena = new Uint8Array(1024);
    this.#used = 0;
    this.#dictionary = undefined;
    for (const slot of known) this.#keepOne(slot - 1, marked, old);
    if (this.#null !== UNKNOWN && marked[this.#null] !== 1) {
      this.pool.release(this.#null);
      this.#null = UNKNOWN;
    }
  }

  #keepOne(id: number, marked: Uint8Array, old: Uint8Array): void {
    if (marked[id] === 1) {
      this.#store(id, old.subarray(this.#starts[id], this.#starts[id] + this.#lengths[id]));
      this.#enter(id);
    } else {
      this.#values[id] = undefined;
      // It may still be compared, and bytes that are gone must not put others out of order.
      this.#lengths[id] = 0;
      this.pool.release(id);
    }
  }
}
