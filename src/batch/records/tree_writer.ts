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
/** Fields on the way at first; more are added when a value nests deeper. */
const STACK_SLOTS = 64;
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
  readonly #values: unknown[] = new Array(STACK_SLOTS).fill(null);
  #top = 0;
  /** Fields of the latest object that are on the stack and not written. */
  #left = 0;
  /** Whether no object inherits fields, so that keys that match a shape are the object's own. */
  #trusting = !inheritsFields();
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
    this.#trusting = !inheritsFields();
    this.#values.fill(null);
    this.#top = 0;
  }

  #cell(column: ColumnWriter, row: number, value: unknown, depth: number): boolean {
    if (typeof value === "string") {
      this.#text(column, row, value);
      return true;
    }
    if (typeof value === "number") {
      this.#word(column, row, layout.TAG_NUMBER, value);
      return true;
    }
    if (typeof value === "object" && value !== null) {
      return this.#reference(column, row, value, depth);
    }
    this.#rare(column, row, value, depth);
    return true;
  }

  #rare(column: ColumnWriter, row: number, value: unknown, depth: number): void {
    if (value === null) column.note(row, layout.TAG_NULL, true);
    else if (value === true) column.note(row, layout.TAG_TRUE, true);
    else if (value === false) column.note(row, layout.TAG_FALSE, true);
    else if (value === undefined) column.note(row, layout.TAG_UNDEFINED, true);
    else if (typeof value === "bigint") this.#bigint(column, row, value, depth);
    else {throw new Uncrossable(
        typeof value === "function" ? FUNCTION_PROBLEM : SYMBOL_PROBLEM,
        false,
      );}
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
    this.#freeCell(column, row, () => this.free.write(value, depth));
  }

  #freeCell(column: ColumnWriter, row: number, write: () => number): void {
    if (column.kind !== layout.TAG_FREE) column.note(row, layout.TAG_FREE, false);
    const chars = this.free.text.length;
    column.free.push(write());
    this.bytes += CHAR_BYTES * (this.free.text.length - chars);
  }

  #reference(column: ColumnWriter, row: number, value: object, depth: number): boolean {
    if (depth >= layout.MAX_COLUMN_DEPTH) return false;
    // A third of the time of asking for the prototype, and right for whatever has that one.
    if (value.constructor === Object) {
      return this.#object(column, row, value as Record<string, unknown>, depth + 1);
    }
    if (Array.isArray(value)) return this.#array(column, row, value, depth + 1);
    const prototype = Object.getPrototypeOf(value);
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

  /**
   * Writes an object, most likely of the same shape as the one before it in the column.
   *
   * One pass over the fields both proves the shape and reads each field once. What has no further
   * structure goes to its column at once, and back if the shape turns out to be another.
   */
  #object(
    column: ColumnWriter,
    row: number,
    value: Record<string, unknown>,
    depth: number,
  ): boolean {
    const base = this.#top;
    const guess = this.#trusting ? column.guess : null;
    const count = guess === null ? this.#collect(value) : this.#gather(column, row, value, guess);
    if (count >= 0) {
      this.#top = base + count;
      const done = !guess!.deep && this.#rest(guess!, base, depth);
      this.#top = base;
      return done;
    }
    const done = this.#unexpected(column, row, value, { count: ~count, depth });
    this.#top = base;
    return done;
  }

  /** Writes an object whose `count` fields are on the stack and whose shape was not expected. */
  #unexpected(
    column: ColumnWriter,
    row: number,
    value: Record<string, unknown>,
    { count, depth }: { count: number; depth: number },
  ): boolean {
    const keys = Object.keys(value);
    if (keys.length !== count) {
      this.#free(column, row, value, depth - 1);
      return true;
    }
    const base = this.#top;
    this.#top = base + count;
    const objects = this.#find(column, keys);
    if (objects === null) {
      const fields = { keys, values: this.#values, base, depth: depth - 1 };
      this.#freeCell(column, row, () => this.free.writeFields(value, fields));
      return true;
    }
    column.guess = objects;
    return !objects.deep && this.#fields(column, row, objects, base, depth);
  }

  /** Reads the fields of an object to the stack of values. Returns their number, inverted. */
  #collect(value: Record<string, unknown>): number {
    const values = this.#values;
    let at = this.#top;
    for (const key in value) values[at++] = value[key];
    return ~(at - this.#top);
  }

  /**
   * Reads the fields of an object: plain ones into the columns of the guess, where the stack of
   * values then has `WRITTEN`, others to that stack, for {@linkcode TreeWriter.#rest}.
   *
   * @returns the number of fields, inverted when the guess was wrong; then all are on the stack.
   */
  #gather(
    column: ColumnWriter,
    row: number,
    value: Record<string, unknown>,
    guess: ObjectColumn,
  ): number {
    const values = this.#values;
    const { keys, columns, tag } = guess;
    const width = keys.length;
    const base = this.#top;
    if (column.kind !== tag) column.note(row, tag, width === 0);
    const inner = guess.count++;
    this.#left = 0;
    let matches = true;
    let i = 0;
    for (const key in value) {
      const field = value[key];
      if (matches && key !== keys[i]) {
        matches = false;
        this.#takeBack(column, row, guess, i);
      }
      if (matches && this.#plain(columns[i], inner, field)) values[base + i] = WRITTEN;
      else {
        values[base + i] = field;
        this.#left++;
      }
      i++;
    }
    if (!matches) return ~i;
    if (i === width) return i;
    this.#takeBack(column, row, guess, i);
    return ~i;
  }

  /** Writes a cell without further structure. Returns whether it was one. */
  #plain(column: ColumnWriter, row: number, value: unknown): boolean {
    if (typeof value === "number") this.#word(column, row, layout.TAG_NUMBER, value);
    else if (typeof value === "string") this.#text(column, row, value);
    else if (value === null) column.note(row, layout.TAG_NULL, true);
    else if (value === true) column.note(row, layout.TAG_TRUE, true);
    else if (value === false) column.note(row, layout.TAG_FALSE, true);
    else if (value === undefined) column.note(row, layout.TAG_UNDEFINED, true);
    else return false;
    return true;
  }

  /** Moves the first fields of an object from the columns of a wrong guess back to the stack. */
  #takeBack(column: ColumnWriter, row: number, guess: ObjectColumn, fields: number): void {
    const inner = --guess.count;
    if (row === 0) column.kind = layout.KIND_NONE;
    for (let i = 0; i < fields; i++) {
      const at = this.#top + i;
      if (typeof this.#values[at] !== "number") continue;
      const column = guess.columns[i];
      const { chars } = column;
      this.#values[at] = column.takeBack(inner);
      this.bytes -= CHAR_BYTES * (chars - column.chars);
    }
  }

  #find(column: ColumnWriter, keys: readonly string[]): ObjectColumn | null {
    if (keys.length > layout.MAX_COLUMN_FIELDS) return null;
    for (const each of column.objects) if (sameKeys(each.keys, keys)) return each;
    if (column.objects.length >= layout.MAX_SHAPES_PER_COLUMN) return null;
    const shape = this.shapes.learn(keys);
    return shape === undefined ? null : column.addShape(shape);
  }

  /** Notes an object of a shape whose fields are on the stack. Returns its row in the shape. */
  #fields(
    column: ColumnWriter,
    row: number,
    objects: ObjectColumn,
    base: number,
    depth: number,
  ): boolean {
    const { columns, tag } = objects;
    if (column.kind !== tag) column.note(row, tag, columns.length === 0);
    const inner = objects.count++;
    this.#left = 0;
    for (let i = 0; i < columns.length; i++) {
      if (this.#plain(columns[i], inner, this.#values[base + i])) this.#values[base + i] = WRITTEN;
      else this.#left++;
    }
    return this.#rest(objects, base, depth);
  }

  /** Writes the fields that are still on the stack into the latest row of a shape. */
  #rest(objects: ObjectColumn, base: number, depth: number): boolean {
    const { columns } = objects;
    const width = columns.length;
    const inner = objects.count - 1;
    if (inner === 0) this.bytes += SHAPE_BYTES + objects.shape.bytes.length + COLUMN_BYTES * width;
    this.bytes += CELL_BYTES * width;
    if (this.#left === 0) return true;
    for (let i = 0; i < width; i++) {
      const value = this.#values[base + i];
      if (typeof value === "number") continue; // WRITTEN
      if (!this.#cell(columns[i], inner, value, depth)) return false;
    }
    return true;
  }
}

/** In place of a field that its column has. No field on the stack is a number, so it is no field. */
const WRITTEN = 0;

/** Whether somebody gave `Object.prototype` a field that shows in every object. */
function inheritsFields(): boolean {
  for (const _ in Object.prototype) return true;
  return false;
}

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
