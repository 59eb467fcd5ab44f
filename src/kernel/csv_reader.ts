import { ColumnSink } from "./column_sink.ts";
import {
  CSV_SINKS,
  CSV_STATUSES,
  CsvKind,
  type CsvRead,
  type CsvReaderColumn,
  type CsvReaderPlan,
  type CsvReadOptions,
  type CsvRecordPlace,
} from "./csv_types.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";

/** Words of a context, as `assembly/csv/context.ts` has them. */
const Word = {
  separator: 0,
  quote: 1,
  comment: 2,
  bits: 3,
  fields: 4,
  mostFields: 5,
  mostBytes: 6,
  cells: 7,
  infos: 8,
  bad: 9,
  mostBad: 10,
  records: 11,
  lines: 12,
  skipped: 13,
  badCount: 14,
  status: 15,
  rows: 16,
  bytes: 17,
  passRows: 18,
  columns: 19,
  columnCount: 20,
  nulls: 21,
  nullCount: 22,
  scratch: 23,
  sink: 24,
  marks: 25,
} as const;

const CONTEXT_WORDS = 26;
const COLUMN_WORDS = 4;
const CELL_BYTES = 8;
const RECORD_WORDS = 4;
const RECORD_BYTES = 4 * RECORD_WORDS;

/** Cells that are scanned before they are converted: so many that they stay in the cache. */
const PASS_CELLS = 8_192;
/** Four cells are written at once. */
const SLACK_BYTES = 64;
/** Room for as many marks as a region has bytes: `assembly/csv/marks.ts` has its size. */
const MARK_BYTES = (8_192 + 64) * 4;
const MOST_PASS_ROWS = 1_024;
const LEAST_PASS_ROWS = 8;

/** Bytes of a text in a mixed column beside those of the text itself. */
const MIXED_BYTES = 5;

const MOST_WORD = 0xffff_ffff;

/** Reads CSV records into columns under construction. */
export class CsvReader implements Disposable {
  /** The columns. */
  readonly sink: ColumnSink;
  readonly #kernel: Kernel;
  readonly #plan: CsvReaderPlan;
  readonly #passRows: number;
  readonly #context: MemoryBlock;
  readonly #tables: MemoryBlock;
  readonly #bad: MemoryBlock;
  readonly #input: MemoryBlock;
  readonly #scratch: MemoryBlock;

  /**
   * A reader of what a plan says.
   *
   * @throws {KernelMemoryError} when the budget does not hold it.
   */
  constructor(kernel: Kernel, plan: CsvReaderPlan) {
    this.#kernel = kernel;
    this.#plan = plan;
    const fit = Math.floor(PASS_CELLS / Math.max(1, plan.fields));
    this.#passRows = Math.min(MOST_PASS_ROWS, Math.max(LEAST_PASS_ROWS, fit));
    this.#context = new MemoryBlock(kernel);
    this.#tables = new MemoryBlock(kernel);
    this.#bad = new MemoryBlock(kernel);
    this.#input = new MemoryBlock(kernel);
    this.#scratch = new MemoryBlock(kernel);
    this.sink = new ColumnSink(kernel, plan.columns.map(specOf));
    this.#context.reserve(CONTEXT_WORDS * 4);
    this.#describeDialect();
    this.#describeColumns();
    this.begin();
  }

  /** Starts to count records and lines anew. */
  begin(): void {
    const words = this.#words();
    words[Word.records] = words[Word.lines] = words[Word.skipped] = 0;
  }

  /** Records since `begin`. */
  get records(): number {
    return this.#words()[Word.records];
  }

  /** Physical lines since `begin`. */
  get lines(): number {
    return this.#words()[Word.lines];
  }

  /** Lines since `begin` that were no records. */
  get skippedLines(): number {
    return this.#words()[Word.skipped];
  }

  /**
   * Reads records, the first of which starts the bytes.
   *
   * @throws {KernelMemoryError} when the budget does not hold the bytes or their rows.
   */
  read(bytes: Uint8Array, options: CsvReadOptions): CsvRead {
    this.#reserve(bytes.length, options);
    const from = this.#input.load(bytes);
    const { final, held, mostRows, mostBytes } = options;
    const [context, to] = [this.#context.address, from + bytes.length];
    const most = Math.min(mostBytes, MOST_WORD);
    const end = this.#kernel.exports.csvDecode(
      ...[context, from, to, final, held, mostRows - held, most] as const,
    ) >>> 0;
    const words = this.#words();
    const status = CSV_STATUSES[words[Word.status]];
    const bad = this.#places(words[Word.badCount] + Number(status === "replace"), from);
    const replace = status === "replace" ? bad.pop() : undefined;
    // Those that are malformed come before those whose values are, of each pass.
    bad.sort((a, b) => a.record - b.record);
    return {
      rows: words[Word.rows],
      bytes: words[Word.bytes],
      end: end - from,
      bad,
      status,
      replace,
    };
  }

  /** Reads one record, whatever its size: that which stands for one that was not valid UTF-8. */
  readReplaced(bytes: Uint8Array, options: CsvReadOptions): CsvRead {
    this.#words()[Word.mostBytes] = MOST_WORD;
    const read = this.read(bytes, options);
    this.#words()[Word.mostBytes] = Math.min(this.#plan.maxRecordBytes, MOST_WORD);
    return read;
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.sink[Symbol.dispose]();
    const blocks = [this.#context, this.#tables, this.#bad, this.#input, this.#scratch];
    for (const block of blocks) block[Symbol.dispose]();
  }

  #words(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#kernel.u8.buffer, this.#context.address, CONTEXT_WORDS);
  }

  #reserve(length: number, { held, mostRows, mostBad }: CsvReadOptions): void {
    const { fields, pads, columns } = this.#plan;
    // So many records there can be, each with its separators and its line end.
    const found = Math.ceil(length / (pads ? 1 : fields)) + 1;
    const rows = Math.min(mostRows - held, found);
    const bad = Math.min(mostBad, found);
    const list = this.#bad.reserve((bad + this.#passRows + 1) * RECORD_BYTES);
    const scratch = this.#scratch.reserve(length);
    const mixed = columns.some(({ kind }) => kind === "mixed") ? MIXED_BYTES * (rows + 1) : 0;
    // Bad ones may leave their texts in dictionaries.
    const room = { rows: held + rows + bad + this.#passRows, bytes: length + mixed };
    this.sink.reserve(room, held);
    const words = this.#words();
    words[Word.bad] = list;
    words[Word.mostBad] = bad;
    words[Word.badCount] = 0;
    words[Word.scratch] = scratch;
  }

  #places(count: number, from: number): CsvRecordPlace[] {
    const { buffer } = this.#kernel.u8;
    const words = new Uint32Array(buffer, this.#bad.address, count * RECORD_WORDS);
    return Array.from({ length: count }, (_, at) => {
      const [record, line, start, end] = words.subarray(at * RECORD_WORDS);
      return { record, line, start: start - from, end: end - from };
    });
  }

  #describeDialect(): void {
    const { separator, quote, comment, trims, skipsEmpty, pads, replaces } = this.#plan;
    const { fields, maxColumns, maxRecordBytes } = this.#plan;
    const words = this.#words().fill(0);
    words.set([separator, quote, comment]);
    const bits = [trims, skipsEmpty, pads, replaces];
    words[Word.bits] = bits.reduce((sum, bit, at) => sum | (Number(bit) << at), 0);
    words[Word.fields] = fields;
    words[Word.mostFields] = Math.min(maxColumns, MOST_WORD);
    words[Word.mostBytes] = Math.min(maxRecordBytes, MOST_WORD);
  }

  /** Where cells go, and what is made of them. */
  #describeColumns(): void {
    const { columns, fields, nullTexts } = this.#plan;
    const sizes = {
      infos: this.#passRows * RECORD_BYTES,
      columns: columns.length * COLUMN_WORDS * 4,
      nulls: nullTexts.length * 8,
      texts: nullTexts.reduce((sum, { length }) => sum + length, 0),
      cells: this.#passRows * fields * CELL_BYTES + SLACK_BYTES,
      marks: MARK_BYTES,
    };
    const places = placed(sizes, (bytes) => this.#tables.reserve(bytes));
    const words = this.#words();
    words[Word.cells] = places.cells;
    words[Word.marks] = places.marks;
    words[Word.infos] = places.infos;
    words[Word.passRows] = this.#passRows;
    words[Word.columns] = places.columns;
    words[Word.columnCount] = columns.length;
    words[Word.nulls] = places.nulls;
    words[Word.nullCount] = nullTexts.length;
    words[Word.sink] = this.sink.address;
    this.#describeCells(places);
    this.#describeNulls(places);
  }

  #describeCells(places: { cells: number; columns: number }): void {
    const { columns } = this.#plan;
    const { buffer } = this.#kernel.u8;
    const words = new Uint32Array(buffer, places.columns, columns.length * COLUMN_WORDS);
    columns.forEach(({ kind, source, required, keepsPlain, keepsQuoted }, at) => {
      const cells = places.cells + source * CELL_BYTES;
      const bits = Number(required) | (Number(keepsPlain) << 1) | (Number(keepsQuoted) << 2);
      const to = this.sink.columns[at].address;
      words.set([CsvKind[kind], cells, to, bits], at * COLUMN_WORDS);
    });
  }

  #describeNulls(places: { nulls: number; texts: number }): void {
    const { nullTexts } = this.#plan;
    const words = new Uint32Array(this.#kernel.u8.buffer, places.nulls, nullTexts.length * 2);
    let to = places.texts;
    nullTexts.forEach((text, at) => {
      words.set([to, text.length], at * 2);
      this.#kernel.u8.set(text, to);
      to += text.length;
    });
  }
}

function specOf({ kind, precision, scale }: CsvReaderColumn) {
  return { kind: CSV_SINKS[kind], precision, scale };
}

/** Puts tables one after the other into one block. */
function placed<Name extends string>(
  sizes: Readonly<Record<Name, number>>,
  reserve: (bytes: number) => number,
): Record<Name, number> {
  const names = Object.keys(sizes) as Name[];
  const room = (bytes: number) => Math.ceil(bytes / 16) * 16;
  let at = reserve(names.reduce((sum, name) => sum + room(sizes[name]), 0));
  const places = {} as Record<Name, number>;
  for (const name of names) {
    places[name] = at;
    at += room(sizes[name]);
  }
  return places;
}
