import { isPlainPrototype } from "./brands.ts";
import { ColumnWriter, ListColumn, type ObjectColumn } from "./column_writer.ts";
import { FreeWriter } from "./free_writer.ts";
import * as layout from "./layout.ts";
import type { RecordLimits } from "./limits.ts";
import { ShapeTable } from "./shape.ts";
import { TextColumn } from "./text_column.ts";
import {
  FUNCTION_PROBLEM,
  sizeProblem,
  stringProblem,
  SYMBOL_PROBLEM,
  Uncrossable,
} from "./uncrossable.ts";

/** The most bytes a cell takes beside its characters: 8, and a tag. */
const CELL_BYTES = 9;
/** The most bytes a UTF-16 unit takes in UTF-8. */
const CHAR_BYTES = 3;
/** The most bytes that describe a column and pad its pieces. */
const COLUMN_BYTES = 128;
/** The most bytes that describe a shape in a column, its keys apart. */
const SHAPE_BYTES = 40;
const WORD_BITS = new BigInt64Array(1);
const WORD_FLOAT = new Float64Array(WORD_BITS.buffer);

/** The tree of columns that values are written into. */
export class TreeWriter {
  root: ColumnWriter = new ColumnWriter();
  readonly shapes: ShapeTable = new ShapeTable();
  readonly free: FreeWriter;
  /** An upper bound of the bytes of the columns, shapes and text; the free bytes apart. */
  bytes = 0;
  readonly #limits: Required<RecordLimits>;
  readonly #values: unknown[] = [];
  #top = 0;
  /** Where the bytes of the value being written began. */
  #start = 0;

  constructor(limits: Required<RecordLimits>) {
    this.#limits = limits;
    this.free = new FreeWriter(limits);
  }

  /**
   * Writes a value into the root column as cell `row`, as columns where it can.
   *
   * @returns `false` when the value nests too deep for columns; the caller takes the cell back and
   * writes it with {@linkcode writeFree}.
   * @throws {Uncrossable} when something in it cannot cross; the caller takes the cell back.
   */
  write(row: number, value: unknown): boolean {
    this.#start = this.bytes + this.free.length;
    this.bytes += CELL_BYTES;
    const done = this.#cell(this.root, row, value, 0);
    this.#checkBytes();
    return done;
  }

  /** Writes the whole value as one free cell of the root column. */
  writeFree(row: number, value: unknown): void {
    this.#start = this.bytes + this.free.length;
    this.bytes += CELL_BYTES;
    this.#free(this.root, row, value, 0);
    this.#checkBytes();
  }

  /** Forgets the values that were looked at, so that they can be collected. */
  release(): void {
    this.#values.length = 0;
    this.#top = 0;
  }

  #cell(column: ColumnWriter, row: number, value: unknown, depth: number): boolean {
    switch (typeof value) {
      case "number":
        this.#word(column, row, layout.TAG_NUMBER, value);
        return true;
      case "string":
        this.#text(column, row, value);
        return true;
      case "boolean":
        column.note(row, value ? layout.TAG_TRUE : layout.TAG_FALSE, true);
        return true;
      case "undefined":
        column.note(row, layout.TAG_UNDEFINED, true);
        return true;
      case "bigint":
        this.#bigint(column, row, value, depth);
        return true;
      case "function":
        throw new Uncrossable(FUNCTION_PROBLEM, false);
      case "symbol":
        throw new Uncrossable(SYMBOL_PROBLEM, false);
    }
    if (value === null) {
      column.note(row, layout.TAG_NULL, true);
      return true;
    }
    return this.#reference(column, row, value as object, depth);
  }

  #word(column: ColumnWriter, row: number, tag: number, value: number): void {
    if (column.kind !== tag) column.note(row, tag, false);
    const at = column.wordCount;
    if (at === column.words.length) column.growWords();
    column.words[at] = value;
    column.wordCount = at + 1;
  }

  #text(column: ColumnWriter, row: number, value: string): void {
    if (column.kind !== layout.TAG_TEXT) {
      column.note(row, layout.TAG_TEXT, false);
      column.text ??= new TextColumn();
    }
    if (value.length > this.#limits.maxStringLength) {
      throw new Uncrossable(stringProblem(value.length, this.#limits.maxStringLength), true);
    }
    this.bytes += CHAR_BYTES * column.text!.write(value);
  }

  #bigint(column: ColumnWriter, row: number, value: bigint, depth: number): void {
    if (BigInt.asIntN(64, value) !== value) return this.#free(column, row, value, depth);
    WORD_BITS[0] = value;
    this.#word(column, row, layout.TAG_BIGINT, WORD_FLOAT[0]);
  }

  #free(column: ColumnWriter, row: number, value: unknown, depth: number): void {
    if (column.kind !== layout.TAG_FREE) column.note(row, layout.TAG_FREE, false);
    const chars = this.free.text.length;
    column.free.push(this.free.write(value, depth));
    this.bytes += CHAR_BYTES * (this.free.text.length - chars);
  }

  #reference(column: ColumnWriter, row: number, value: object, depth: number): boolean {
    if (depth >= layout.MAX_COLUMN_DEPTH) return false;
    if (Array.isArray(value)) return this.#array(column, row, value, depth + 1);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) {
      return this.#object(column, row, value as Record<string, unknown>, depth + 1);
    }
    if (prototype === Date.prototype) return this.#date(column, row, value, depth);
    if (isPlainPrototype(prototype)) {
      return this.#object(column, row, value as Record<string, unknown>, depth + 1);
    }
    this.#free(column, row, value, depth);
    return true;
  }

  #date(column: ColumnWriter, row: number, value: object, depth: number): boolean {
    let time: number;
    try {
      time = Date.prototype.getTime.call(value);
    } catch {
      this.#free(column, row, value, depth);
      return true;
    }
    this.#word(column, row, layout.TAG_DATE, time);
    return true;
  }

  #array(column: ColumnWriter, row: number, value: unknown[], depth: number): boolean {
    const length = value.length;
    if (!isDense(value)) {
      this.#free(column, row, value, depth - 1);
      return true;
    }
    if (column.kind !== layout.TAG_LIST) {
      column.note(row, layout.TAG_LIST, false);
      column.list ??= new ListColumn();
    }
    const list = column.list!;
    if (list.count === 0) this.bytes += COLUMN_BYTES;
    const start = list.add(length);
    const items = list.items;
    this.bytes += CELL_BYTES * length;
    this.#checkBytes();
    for (let i = 0; i < length; i++) {
      if (!this.#cell(items, start + i, value[i], depth)) return false;
    }
    return true;
  }

  /**
   * Stops a value that is too large, before all of it is written where that shows early.
   *
   * @throws {Uncrossable} when the value takes more than `maxBytes`.
   */
  #checkBytes(): void {
    const bytes = this.bytes + this.free.length - this.#start;
    if (bytes > this.#limits.maxBytes) {
      throw new Uncrossable(sizeProblem(this.#limits.maxBytes), true);
    }
  }

  #object(
    column: ColumnWriter,
    row: number,
    value: Record<string, unknown>,
    depth: number,
  ): boolean {
    const guess = column.guess;
    const base = this.#top;
    const count = this.#collect(value, guess);
    let objects = guess;
    if (count < 0) {
      objects = this.#find(column, value, ~count);
      if (objects === null) {
        this.#free(column, row, value, depth - 1);
        return true;
      }
      column.guess = objects;
    }
    const done = !objects!.deep && this.#fields(column, row, objects!, base, depth);
    this.#top = base;
    return done;
  }

  /**
   * Reads the fields of an object, each once, to the top of the stack of values.
   *
   * @returns their number, inverted when their keys are not those of the guess.
   */
  #collect(value: Record<string, unknown>, guess: ObjectColumn | null): number {
    const values = this.#values;
    const keys = guess === null ? NO_KEYS : guess.keys;
    const base = this.#top;
    let matches = guess !== null;
    let i = 0;
    for (const key in value) {
      values[base + i] = value[key];
      if (key !== keys[i]) matches = false;
      i++;
    }
    return matches && i === keys.length ? i : ~i;
  }

  #find(column: ColumnWriter, value: object, count: number): ObjectColumn | null {
    const keys = Object.keys(value);
    if (keys.length !== count || count > layout.MAX_COLUMN_FIELDS) return null;
    for (const each of column.objects) if (sameKeys(each.keys, keys)) return each;
    if (column.objects.length >= layout.MAX_SHAPES_PER_COLUMN) return null;
    const shape = this.shapes.learn(keys);
    return shape === undefined ? null : column.addShape(shape);
  }

  #fields(
    column: ColumnWriter,
    row: number,
    objects: ObjectColumn,
    base: number,
    depth: number,
  ): boolean {
    const { columns, tag } = objects;
    const length = columns.length;
    if (column.kind !== tag) column.note(row, tag, length === 0);
    const inner = objects.count++;
    if (inner === 0) this.bytes += SHAPE_BYTES + objects.shape.bytes.length + COLUMN_BYTES * length;
    this.bytes += CELL_BYTES * length;
    this.#top = base + length;
    const values = this.#values;
    for (let i = 0; i < length; i++) {
      const value = values[base + i];
      const cells = columns[i];
      if (typeof value === "number") this.#word(cells, inner, layout.TAG_NUMBER, value);
      else if (!this.#cell(cells, inner, value, depth)) return false;
    }
    return true;
  }
}

const NO_KEYS: readonly string[] = [];

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether an array is its items alone: no holes, no further properties. */
function isDense(value: unknown[]): boolean {
  const keys = Object.keys(value);
  const { length } = keys;
  return length === value.length && (length === 0 || keys[length - 1] === String(length - 1));
}
