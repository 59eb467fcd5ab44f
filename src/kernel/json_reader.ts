import type { ColumnSink } from "./column_sink.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import { type JsonField, JsonFieldTables, longestName } from "./json_fields.ts";
import type { JsonLayout, LayoutStep } from "./json_steps.ts";

/** Why the kernel stopped reading. */
export const JsonStop = {
  done: 0,
  syntax: 1,
  depth: 2,
  value: 3,
  key: 4,
  null: 5,
  text: 6,
  tooLarge: 7,
  learn: 8,
} as const;

/** What a reader is made of. */
export interface JsonReaderSpec {
  readonly sink: ColumnSink;
  readonly fields: readonly JsonField[];
  readonly maxDepth: number;
  readonly maxRecordBytes: number;
  readonly trusted: boolean;
  readonly extraKeys: boolean;
  /** Column of spans that takes where records lie, with their line ends. */
  readonly records?: number;
}

/** Words of the reader's record, as `assembly/json/reader.ts` has them. */
const Word = {
  columns: 0,
  count: 1,
  root: 2,
  flags: 3,
  depth: 4,
  most: 5,
  levels: 6,
  key: 7,
  keyBytes: 8,
  records: 9,
  layouts: 10,
  at: 16,
  limit: 17,
  row: 18,
  lines: 19,
  blank: 20,
  start: 21,
  failAt: 22,
  failColumn: 23,
  misses: 24,
  patience: 25,
  heads: 28,
} as const;

const READER_WORDS = 32;
const STEP_BYTES = 64;
/** Words of a step: the start of its template, and of the first one, whether a line was of the layout. */
const STEP_TEMPLATE = 4;
const STEP_FITTED = 15;
const LAYOUTS = 4;
const FLAG_TRUSTED = 1;
const FLAG_NO_EXTRA = 2;
/** A key as it is written may take six bytes for each of those that it means. */
const ESCAPE_BYTES = 6;
const PADDING_BYTES = 64;
const LINE_FEED = 10;

/** Where a reader is. */
export interface JsonPlace {
  /** Bytes read. */
  readonly at: number;
  readonly row: number;
  readonly lines: number;
  readonly blank: number;
}

/** The kernel's reader of JSON lines, with its tables and learned layouts. */
export class JsonReader implements Disposable {
  readonly #kernel: Kernel;
  readonly #sink: ColumnSink;
  readonly #record: MemoryBlock;
  readonly #tables: JsonFieldTables;
  readonly #levels: MemoryBlock;
  readonly #key: MemoryBlock;
  readonly #bytes: MemoryBlock;
  readonly #single: MemoryBlock;
  readonly #layouts: MemoryBlock[];
  readonly #records: number | undefined;
  /** Where the bytes lie that are read. */
  #start = 0;
  #length = 0;

  /** A reader of lines into a sink. */
  constructor(kernel: Kernel, spec: JsonReaderSpec) {
    const { sink, fields, maxDepth, maxRecordBytes, trusted, extraKeys, records } = spec;
    this.#kernel = kernel;
    this.#sink = sink;
    this.#records = records;
    [this.#record, this.#levels, this.#key, this.#bytes, this.#single] = Array.from(
      { length: 5 },
      () => new MemoryBlock(kernel),
    );
    this.#layouts = Array.from({ length: LAYOUTS }, () => new MemoryBlock(kernel));
    this.#tables = new JsonFieldTables(kernel, sink, fields);
    const root = this.#tables.write(fields);
    // No record is deeper than it has bytes.
    const depth = Math.min(maxDepth, maxRecordBytes + 1, 0xffff_ffff);
    const longest = longestName(fields) * ESCAPE_BYTES;
    this.#record.reserve(READER_WORDS * 4);
    this.#levels.reserve(Math.ceil(depth / 8) + PADDING_BYTES);
    this.#key.reserve(longest + PADDING_BYTES);
    const words = this.#words.fill(0);
    words.set([sink.address, sink.length, root]);
    words[Word.flags] = (trusted ? FLAG_TRUSTED : 0) | (extraKeys ? 0 : FLAG_NO_EXTRA);
    words[Word.depth] = depth;
    words[Word.most] = Math.min(maxRecordBytes, 0xffff_ffff);
    words[Word.levels] = this.#levels.address;
    words[Word.key] = this.#key.address;
    words[Word.keyBytes] = longest;
    words[Word.records] = records === undefined ? 0 : sink.columns[records].address;
  }

  /** Takes over bytes to read, of which the last line may lack its end. */
  load(bytes: Uint8Array, row: number): void {
    this.#length = bytes.length;
    const at = this.#start = this.#bytes.load(bytes, 1);
    this.#kernel.u8[at + bytes.length] = LINE_FEED;
    const words = this.#words;
    words[Word.at] = at;
    words[Word.limit] = at + bytes.length;
    words[Word.row] = row;
    words[Word.lines] = words[Word.blank] = 0;
  }

  /** Reads on until the bytes end, or the batch has so many rows; or why it stopped before. */
  read(rows: number): number {
    return this.#kernel.exports.jsonRead(this.#record.address, rows);
  }

  /** Reads one record of any size that is not among the bytes, as the next row; or why it does not. */
  readSingle(record: Uint8Array): number {
    const { row, ...rest } = this.place;
    const { [Word.limit]: limit, [Word.most]: most } = this.#words;
    const at = this.#single.write(record);
    this.#kernel.u8[at + record.length] = LINE_FEED;
    this.#words.set([at, at + record.length], Word.at);
    this.#words[Word.most] = 0xffff_ffff;
    const stop = this.read(row + 1);
    this.#words[Word.limit] = limit;
    this.#words[Word.most] = most;
    this.place = { ...rest, row: this.#words[Word.row] };
    return stop;
  }

  /** Where it is. */
  get place(): JsonPlace {
    const words = this.#words;
    const at = Math.min(words[Word.at] - this.#start, this.#length);
    return { at, row: words[Word.row], lines: words[Word.lines], blank: words[Word.blank] };
  }

  set place({ at, row, lines, blank }: JsonPlace) {
    const words = this.#words;
    words[Word.at] = at + this.#start;
    words[Word.row] = row;
    words[Word.lines] = lines;
    words[Word.blank] = blank;
  }

  /** At which of the bytes a record went wrong. */
  get failedAt(): number {
    return Math.min(this.#words[Word.failAt] - this.#start, this.#length);
  }

  /** Of a row: where its record starts and the next line does. */
  recordOf(row: number): readonly [start: number, next: number] {
    const at = this.#sink.columns[this.#records!].address + 4;
    const [values] = this.#wordsAt(at);
    const [start, length] = this.#wordsAt(values + row * 8);
    return [start - this.#start, start - this.#start + length];
  }

  /** Where the line starts that a layout is to be learned from. */
  get learnFrom(): number {
    return this.#words[Word.start] - this.#start;
  }

  /**
   * Takes a layout in, in place of one that fitted no line of late, or none; another one is asked
   * for after so many lines that no layout fits.
   */
  learn(layout: JsonLayout | undefined, patience: number): void {
    if (layout !== undefined) this.#place(layout);
    const words = this.#words;
    words[Word.misses] = 0;
    words[Word.patience] = patience;
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#tables.release();
    const blocks = [this.#record, this.#levels, this.#key, this.#bytes, this.#single];
    for (const block of [...blocks, ...this.#layouts]) block[Symbol.dispose]();
  }

  #place({ steps, missing }: JsonLayout): void {
    const kept = this.#keptLayouts();
    const block = this.#layouts.find(({ address }) => address === 0 || !kept.includes(address))!;
    const bytes = steps.length * STEP_BYTES;
    const address = block.reserve(bytes + missing.length * 4);
    this.#kernel.u8.fill(0, address, address + bytes);
    steps.forEach((step, at) => this.#writeStep(step, address + at * STEP_BYTES));
    const end = this.#wordsAt(address + bytes - STEP_BYTES);
    end[13] = address + bytes;
    end[14] = missing.length;
    const list = missing.map((column) => this.#sink.columns[column].address);
    this.#wordsAt(address + bytes).set(list);
    const layouts = [...kept, address];
    const words = this.#words;
    words.fill(0, Word.layouts, Word.layouts + LAYOUTS);
    words.set(layouts, Word.layouts);
    words.set(layouts.map((layout) => this.#wordsAt(layout)[STEP_TEMPLATE]), Word.heads);
  }

  /** Those layouts that lines were of since another one was learned; the last one is never kept. */
  #keptLayouts(): number[] {
    const order = Array.from(this.#words.subarray(Word.layouts, Word.layouts + LAYOUTS));
    const kept = order.filter((layout) => layout !== 0 && this.#wordsAt(layout)[STEP_FITTED] !== 0)
      .slice(0, LAYOUTS - 1);
    for (const layout of kept) this.#wordsAt(layout)[STEP_FITTED] = 0;
    return kept;
  }

  #writeStep({ kind, template, column, item, level, nullable }: LayoutStep, at: number): void {
    const words = this.#wordsAt(at);
    const address = column < 0 ? 0 : this.#sink.columns[column].address;
    words.set([kind, template.length, address, (1 << template.length) - 1]);
    words[8] = item;
    words[12] = nullable ? 0 : 1;
    words[14] = level;
    this.#kernel.u8.set(template, at + 16);
  }

  get #words(): Uint32Array<ArrayBuffer> {
    return this.#wordsAt(this.#record.address).subarray(0, READER_WORDS);
  }

  #wordsAt(address: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#kernel.u8.buffer, address);
  }
}
