import {
  KIND_MIXED,
  KIND_NONE,
  TAG_BIGINT,
  TAG_DATE,
  TAG_FREE,
  TAG_LIST,
  TAG_NULL,
  TAG_NUMBER,
  TAG_OBJECT,
  TAG_TEXT,
  TAG_TRUE,
  TAG_UNDEFINED,
} from "./layout.ts";
import type { Shape } from "./shape.ts";
import type { TextColumn } from "./text_column.ts";

const FIRST_CELLS = 16;
/** Cells above which a buffer is given back after a batch that used little of it. */
const KEPT_CELLS = 16384;
const NO_TAGS = new Uint8Array();
const NO_WORDS = new Float64Array();

/** The lists of a column: their lengths, and one column of all their items. */
export class ListColumn {
  lengths: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_CELLS);
  count = 0;
  longest = 0;
  items: ColumnWriter = new ColumnWriter();
  itemCount = 0;

  /** Adds a list. Returns the cell of its first item. */
  add(length: number): number {
    if (this.count === this.lengths.length) {
      const grown = new Uint32Array(this.count * 2);
      grown.set(this.lengths);
      this.lengths = grown;
    }
    this.lengths[this.count++] = length;
    if (length > this.longest) this.longest = length;
    const start = this.itemCount;
    this.itemCount = start + length;
    return start;
  }

  truncate(count: number): void {
    if (count >= this.count) return;
    for (let i = count; i < this.count; i++) this.itemCount -= this.lengths[i];
    this.count = count;
    this.items.truncate(this.itemCount);
  }

  reset(): void {
    if (this.lengths.length > KEPT_CELLS && this.count < this.lengths.length / 8) {
      this.lengths = new Uint32Array(FIRST_CELLS);
    }
    this.count = 0;
    this.itemCount = 0;
    this.longest = 0;
    this.items.reset();
  }
}

/** The objects of one shape in a column: one column per key. */
export class ObjectColumn {
  readonly shape: Shape;
  readonly keys: readonly string[];
  readonly columns: readonly ColumnWriter[];
  readonly tag: number;
  count = 0;
  /** Whether records of this shape nest too deep for columns, or in a circle. */
  deep = false;

  constructor(shape: Shape, tag: number) {
    this.shape = shape;
    this.keys = shape.keys;
    this.columns = shape.keys.map(() => new ColumnWriter());
    this.tag = tag;
  }

  truncate(count: number): void {
    if (count >= this.count) return;
    for (const column of this.columns) column.truncate(count);
    this.count = count;
  }

  reset(): void {
    if (this.count === 0) return;
    this.count = 0;
    for (const column of this.columns) column.reset();
  }
}

/**
 * One column of a batch being written: a kind, or a tag per cell when kinds differ, and the data of
 * each kind by itself.
 */
export class ColumnWriter {
  /** A tag, `KIND_MIXED` or `KIND_NONE`. */
  kind = KIND_NONE;
  /** The tag of each cell when mixed. */
  tags: Uint8Array<ArrayBuffer> = NO_TAGS;
  /** Numbers, times of dates and bits of bigints, in the order of the cells. */
  words: Float64Array<ArrayBuffer> = NO_WORDS;
  wordCount = 0;
  text: TextColumn | null = null;
  list: ListColumn | null = null;
  readonly objects: ObjectColumn[] = [];
  /** The shape of the latest object. */
  guess: ObjectColumn | null = null;
  /** Where each free value starts. */
  free: number[] = [];

  /** Notes that the cell `row` is of another kind than the column so far. */
  note(row: number, tag: number, valueless: boolean): void {
    if (this.kind === KIND_NONE && !valueless) {
      this.kind = tag;
      return;
    }
    if (row >= this.tags.length) this.#growTags(row);
    if (this.kind !== KIND_MIXED) {
      this.tags.fill(this.kind, 0, row);
      this.kind = KIND_MIXED;
    }
    this.tags[row] = tag;
  }

  #growTags(row: number): void {
    const grown = new Uint8Array(Math.max(64, row * 2));
    grown.set(this.tags);
    this.tags = grown;
  }

  /** Makes room for one more word. */
  growWords(): void {
    const grown = new Float64Array(Math.max(FIRST_CELLS, this.words.length * 2));
    grown.set(this.words);
    this.words = grown;
  }

  /** Characters of its texts, each distinct one counted once. */
  get chars(): number {
    return this.text === null ? 0 : this.text.text.length;
  }

  /** Takes the latest cell back, which has no further structure and is cell `row`. */
  takeBack(row: number): unknown {
    const tag = this.kind === KIND_MIXED ? this.tags[row] : this.kind;
    if (row === 0) this.kind = KIND_NONE;
    if (tag === TAG_NUMBER) return this.words[--this.wordCount];
    if (tag === TAG_TEXT) return this.text!.takeBack();
    if (tag === TAG_NULL) return null;
    return tag === TAG_UNDEFINED ? undefined : tag === TAG_TRUE;
  }

  /**
   * Drops the cells from `count` on. Cells of one record alone are dropped, so the tags of what
   * stays tell how much of each kind stays.
   */
  truncate(count: number): void {
    if (this.kind === KIND_NONE) return;
    const left = new Map<number, number>();
    if (this.kind === KIND_MIXED) {
      for (let i = 0; i < count; i++) left.set(this.tags[i], (left.get(this.tags[i]) ?? 0) + 1);
    } else left.set(this.kind, count);
    this.#keep(left);
    if (count === 0) this.kind = KIND_NONE;
  }

  #keep(left: Map<number, number>): void {
    const of = (tag: number): number => left.get(tag) ?? 0;
    const words = of(TAG_NUMBER) + of(TAG_DATE) + of(TAG_BIGINT);
    this.wordCount = Math.min(this.wordCount, words);
    this.text?.truncate(of(TAG_TEXT));
    this.free.length = Math.min(this.free.length, of(TAG_FREE));
    this.list?.truncate(of(TAG_LIST));
    for (const each of this.objects) each.truncate(of(each.tag));
  }

  /** Starts the next batch; what was learned stays. */
  reset(): void {
    this.kind = KIND_NONE;
    if (this.words.length > KEPT_CELLS && this.wordCount < this.words.length / 8) {
      this.words = NO_WORDS;
    }
    if (this.tags.length > KEPT_CELLS) this.tags = NO_TAGS;
    this.wordCount = 0;
    if (this.free.length > 0) this.free = [];
    this.text?.reset();
    this.list?.reset();
    for (let i = 0; i < this.objects.length; i++) this.objects[i].reset();
  }

  /** The objects of a shape from here on. */
  addShape(shape: Shape): ObjectColumn {
    const added = new ObjectColumn(shape, TAG_OBJECT + this.objects.length);
    this.objects.push(added);
    return added;
  }
}
