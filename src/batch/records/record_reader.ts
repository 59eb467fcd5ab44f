import { BatchSource, type Integers } from "./batch_source.ts";
import { damaged } from "./damaged.ts";
import { FreeReader } from "./free_reader.ts";
import * as layout from "./layout.ts";
import type { KnownShape } from "./known_shape.ts";
import { ShapeCache } from "./shape_cache.ts";

/** The cells of each kind of a column, found by their tag. */
interface Kinds {
  words: Float64Array;
  /** The bits of the words, to read bigints from. */
  bits(): BigInt64Array;
  /** Text, free values, lists and objects, by tag. */
  readonly others: ArrayLike<unknown>[];
}

const NO_FREE = new FreeReader(new Uint8Array(), "", 0);
const NO_WORDS = new Float64Array();
const NO_BITS = (): BigInt64Array => new BigInt64Array();

/**
 * Reads batches that a {@linkcode RecordWriter} wrote, of any number of writers, in any order.
 *
 * It keeps what it learned of the keys of objects, and nothing of the bytes. Strings of 13 and more
 * characters may keep the text of their batch alive for as long as they live, as all substrings do.
 */
export class RecordReader {
  readonly #source = new BatchSource();
  readonly #shapes = new ShapeCache();
  #free = NO_FREE;

  /**
   * The values of a batch.
   *
   * @param bytes the batch, which may lie in shared memory; more bytes may follow it.
   * @throws {RangeError} when the bytes are no batch, or cut short, or damaged.
   */
  read(bytes: Uint8Array): unknown[] {
    const source = this.#source;
    try {
      const count = source.open(bytes, this.#shapes);
      if (source.hasFree) {
        this.#free = new FreeReader(source.free, source.text, source.freeTextStart);
      }
      const values = this.#column(count, 0);
      return Array.isArray(values) ? values : Array.from(values);
    } finally {
      source.close();
      this.#free = NO_FREE;
    }
  }

  /** The `count` cells of the next column. */
  #column(count: number, depth: number): ArrayLike<unknown> {
    if (depth > layout.MAX_COLUMN_DEPTH) throw damaged("its columns nest too deep");
    const source = this.#source;
    const tags = source.meta() === layout.KIND_MIXED ? source.tags(count) : null;
    const kind = source.previousMeta;
    const kinds = this.#kinds(source.meta(), depth);
    const cells = tags === null ? pure(kind, kinds) : merge(tags, kinds);
    if (cells.length !== count) throw damaged("a column has more or fewer cells than told");
    return cells;
  }

  #kinds(has: number, depth: number): Kinds {
    const kinds: Kinds = { words: NO_WORDS, bits: NO_BITS, others: [] };
    if (has & layout.HAS_WORDS) this.#words(kinds);
    if (has & layout.HAS_TEXT) kinds.others[layout.TAG_TEXT] = this.#texts();
    if (has & layout.HAS_FREE) kinds.others[layout.TAG_FREE] = this.#frees();
    if (has & layout.HAS_LIST) kinds.others[layout.TAG_LIST] = this.#lists(depth);
    if (has & layout.HAS_OBJECTS) this.#objects(kinds.others, depth);
    return kinds;
  }

  #words(kinds: Kinds): void {
    const source = this.#source;
    const count = source.meta();
    const start = source.take(count, 8) / 8;
    kinds.words = source.f64.subarray(start, start + count);
    kinds.bits = () => source.i64.subarray(start, start + count);
  }

  #texts(): string[] {
    const source = this.#source;
    const count = source.meta();
    const distinct = source.meta();
    const identity = source.meta() === 1;
    const strings = this.#strings(source.integers(distinct), distinct);
    if (identity) return strings;
    const ids = source.integers(count);
    const start = source.integersAt;
    const texts = new Array<string>(count);
    for (let i = 0; i < count; i++) {
      const id = ids[start + i];
      if (id >= distinct) throw damaged("a string's number is not there");
      texts[i] = strings[id];
    }
    return texts;
  }

  /** The next strings of the text, by their lengths. */
  #strings(lengths: Integers, count: number): string[] {
    const source = this.#source;
    const { text, integersAt } = source;
    const strings = new Array<string>(count);
    let at = source.textAt;
    for (let i = 0; i < count; i++) strings[i] = text.substring(at, at += lengths[integersAt + i]);
    if (at > text.length) throw damaged("a string lies beyond the text");
    source.textAt = at;
    return strings;
  }

  #frees(): unknown[] {
    const count = this.#source.meta();
    const offsets = this.#source.integers(count);
    const start = this.#source.integersAt;
    return Array.from({ length: count }, (_, i) => this.#free.read(offsets[start + i]));
  }

  #lists(depth: number): unknown[][] {
    const source = this.#source;
    const count = source.meta();
    const itemCount = source.meta();
    const lengths = source.integers(count);
    const start = source.integersAt;
    const items = this.#column(itemCount, depth + 1);
    const lists = new Array<unknown[]>(count);
    let at = 0;
    for (let i = 0; i < count; i++) {
      const list: unknown[] = [];
      const end = at + lengths[start + i];
      if (end > itemCount) throw damaged("a list has more items than told");
      while (at < end) list.push(items[at++]);
      lists[i] = list;
    }
    return lists;
  }

  #objects(others: ArrayLike<unknown>[], depth: number): void {
    const source = this.#source;
    const used = source.meta();
    for (let i = 0; i < used; i++) {
      const tag = source.meta();
      const shape = source.shapes[source.meta()];
      const count = source.meta();
      if (shape === undefined) throw damaged("a shape's number is not there");
      if (tag < layout.TAG_OBJECT || tag >= layout.KIND_MIXED) {
        throw damaged(`a shape has the tag ${tag}`);
      }
      others[tag] = this.#rows(shape, count, depth);
    }
  }

  #rows(shape: KnownShape, count: number, depth: number): object[] {
    const { keys } = shape;
    if (keys.length === 0) this.#source.checkCount(count);
    const columns = keys.map(() => this.#column(count, depth + 1));
    return shape.rows(columns, count);
  }
}

/** The cells of a column whose cells are all of one kind. */
function pure(kind: number, kinds: Kinds): ArrayLike<unknown> {
  switch (kind) {
    case layout.KIND_NONE:
      return [];
    case layout.TAG_NUMBER:
      return kinds.words;
    case layout.TAG_DATE:
      return Array.from(kinds.words, (time) => new Date(time));
    case layout.TAG_BIGINT:
      return Array.from(kinds.bits());
  }
  return kinds.others[kind] ?? [];
}

/** The cells of a column of several kinds, in their order. */
function merge(tags: Uint8Array, kinds: Kinds): unknown[] {
  const { words, others } = kinds;
  const bits = tags.includes(layout.TAG_BIGINT) ? kinds.bits() : NO_BITS();
  const next = new Array<number>(others.length).fill(0);
  let word = 0;
  const cells = new Array<unknown>(tags.length);
  for (let i = 0; i < tags.length; i++) {
    const tag = tags[i];
    if (tag === layout.TAG_NUMBER) cells[i] = words[word++];
    else if (tag === layout.TAG_NULL) cells[i] = null;
    else if (tag === layout.TAG_UNDEFINED) cells[i] = undefined;
    else if (tag <= layout.TAG_TRUE) cells[i] = tag === layout.TAG_TRUE;
    else if (tag === layout.TAG_DATE) cells[i] = new Date(words[word++]);
    else if (tag === layout.TAG_BIGINT) cells[i] = bits[word++];
    else if (others[tag] === undefined) throw damaged(`a cell has the unknown tag ${tag}`);
    else cells[i] = others[tag][next[tag]++];
  }
  if (word > words.length || others.some((each, tag) => next[tag] > each.length)) {
    throw damaged("a column has fewer cells of a kind than told");
  }
  return cells;
}
