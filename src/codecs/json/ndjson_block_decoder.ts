import { RecordBatch } from "../../batch/record_batch.ts";
import { checkSchema } from "../../batch/schema_check.ts";
import { ColumnSink } from "../../kernel/column_sink.ts";
import { type JsonPlace, JsonReader, JsonStop } from "../../kernel/json_reader.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { SinkColumnSpec } from "../../kernel/sink_types.ts";
import type { BadBlockRecord, BlockDecoder, DecodedBlock } from "../block_decoder.ts";
import type { NdjsonBlockSpec } from "../block_specs.ts";
import { CR, LF } from "../record_scanner.ts";
import { HostValues } from "./host_values.ts";
import { JsonColumns } from "./json_columns.ts";
import { learnLayout } from "./json_layout.ts";
import { type Fault, ReferenceRecord } from "./reference_record.ts";

/** Room that all columns may take together for one piece of a block, if it is not one record. */
const MOST_ROOM_BYTES = 67_108_864;
/** Bytes of a record that nothing is known of; and the least and most bytes of a piece. */
const TYPICAL_BYTES = 256;
const LEAST_PIECE = 16_384;
const MOST_PIECE = 1_048_576;
/** Bytes of the smallest record with its line end. */
const LEAST_RECORD = 3;
/** Room that the rows of a batch may take. */
const MOST_BATCH_BYTES = 268_435_456;
/** Bytes of a value with its share of the validity, about. */
const MOST_VALUE_BYTES = 9;
/** A wrong byte may become the three of U+FFFD. */
const REPLACED_BYTES = 3;
/** Rows between two looks at the values that are left to the host. */
const HOST_ROWS = 64;
/** Lines of no known layout before another one is learned, at first and at most. */
const FIRST_PATIENCE = 16;
const MOST_PATIENCE = 4_096;

const encoder = new TextEncoder();

/** What came of a piece of a block. */
export type DecodedPart = Omit<DecodedBlock, "batch">;

/** A piece of a block while it is decoded. */
interface Piece {
  readonly bytes: Uint8Array;
  /** Where it starts in the block. */
  readonly from: number;
  /** The row that its first record becomes. */
  readonly firstRow: number;
  readonly bad: BadBlockRecord[];
}

/** Where a record lies in its piece, the line end not included. */
interface RecordPlace {
  readonly start: number;
  readonly end: number;
  /** Where the next line starts. */
  readonly next: number;
}

/**
 * Decodes blocks of NDJSON in the kernel. What it does not take is decided by the reader in
 * TypeScript, so that both accept the same records and say the same of all others.
 */
export class NdjsonBlockDecoder implements BlockDecoder {
  readonly #spec: NdjsonBlockSpec;
  readonly #kernel: Kernel;
  readonly #columns: JsonColumns;
  readonly #sink: ColumnSink;
  readonly #reader: JsonReader;
  readonly #reference: ReferenceRecord;
  readonly #host: HostValues;
  readonly #room: ReturnType<typeof roomOf>;
  readonly #mostRows: number;
  #patience = FIRST_PATIENCE;
  #rows = 0;
  #isTaken = true;
  #odd = 0;
  #typicalBytes = TYPICAL_BYTES;

  /**
   * A decoder of blocks as the plain data say.
   *
   * @throws {TypeError} when the schema is malformed.
   * @throws {KernelMemoryError} when the budget does not hold its tables.
   */
  constructor(spec: NdjsonBlockSpec, kernel: Kernel) {
    checkSchema(spec.schema);
    this.#spec = spec;
    this.#kernel = kernel;
    const columns = this.#columns = new JsonColumns(spec.schema.fields);
    const hasHost = columns.hostColumns.length > 0;
    const specs = hasHost ? [...columns.specs, { kind: "span" as const }] : columns.specs;
    this.#room = roomOf(specs);
    const mostRows = Math.max(1, Math.floor(MOST_BATCH_BYTES / (this.#room.row + 1)));
    this.#mostRows = Math.min(spec.batchRows, mostRows);
    this.#sink = new ColumnSink(kernel, specs);
    this.#reader = new JsonReader(kernel, {
      sink: this.#sink,
      fields: columns.fields,
      maxDepth: spec.maxDepth,
      maxRecordBytes: spec.maxRecordBytes,
      trusted: spec.trusted ?? false,
      extraKeys: spec.extraKeys !== "error",
      records: hasHost ? columns.specs.length : undefined,
    });
    this.#reference = new ReferenceRecord(spec);
    this.#host = new HostValues(columns.hostColumns, spec);
  }

  /** Rows of the open batch. */
  get rows(): number {
    return this.#isTaken ? 0 : this.#rows;
  }

  /** Whether the open batch takes no more rows: it has `batchRows`, or those of very many columns. */
  get isFull(): boolean {
    return this.rows === this.#mostRows;
  }

  /** Good records that the kernel left to the reader in TypeScript, for tests. */
  get oddRecords(): number {
    return this.#odd;
  }

  /** See {@linkcode BlockDecoder}. */
  decode(block: Uint8Array, from = 0): DecodedBlock {
    this.#begin();
    const part = this.append(block, from);
    return { ...part, batch: this.take() };
  }

  /**
   * Decodes records into the open batch, until the block ends, the batch is full, or so many records
   * are bad.
   *
   * @throws {KernelMemoryError} when the budget does not hold the columns.
   */
  append(block: Uint8Array, from = 0, mostBad = Infinity): DecodedPart {
    if (this.#isTaken) this.#begin();
    const whole = { bad: [] as BadBlockRecord[], records: 0, lines: 0, skippedLines: 0, end: from };
    const isOpen = () => this.#rows < this.#mostRows && whole.bad.length < mostBad;
    while (whole.end < block.length && isOpen()) {
      const part = this.#appendPiece(block, whole.end, mostBad - whole.bad.length);
      for (const bad of part.bad) {
        const { record, line } = bad;
        whole.bad.push({ ...bad, record: record + whole.records, line: line + whole.lines });
      }
      whole.records += part.records;
      whole.lines += part.lines;
      whole.skippedLines += part.skippedLines;
      whole.end = part.end;
    }
    return whole;
  }

  /** The open batch; its columns are valid until the decoder is used again. */
  take(): RecordBatch {
    if (this.#isTaken) this.#begin();
    this.#isTaken = true;
    const columns = this.#columns.read(this.#sink, this.#rows, this.#host.finish());
    return new RecordBatch(this.#spec.schema, columns, this.#rows);
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
    this.#sink[Symbol.dispose]();
  }

  #begin(): void {
    this.#host.finish();
    this.#sink.begin();
    this.#sink.reserve({ rows: 0, bytes: 0 });
    this.#rows = 0;
    this.#isTaken = false;
  }

  #appendPiece(block: Uint8Array, from: number, mostBad: number): DecodedPart {
    const bytes = block.subarray(from, this.#pieceEnd(block, from));
    const piece: Piece = { bytes, from, firstRow: this.#rows, bad: [] };
    this.#reserve(bytes);
    this.#reader.load(bytes, this.#rows);
    while (piece.bad.length < mostBad && this.#readOn(piece));
    const { at, lines, blank } = this.#reader.place;
    const records = this.#rows - piece.firstRow + piece.bad.length;
    if (records > 0) this.#typicalBytes = at / records;
    return { bad: piece.bad, records, lines, skippedLines: blank, end: from + at };
  }

  /** Where to end a piece: some bytes beyond what the batch is likely to need. */
  #pieceEnd(block: Uint8Array, from: number): number {
    const { text, row } = this.#room;
    const share = MOST_ROOM_BYTES / (text * this.#growth + row / LEAST_RECORD + 1);
    const wanted = (this.#mostRows - this.#rows) * this.#typicalBytes * 1.125;
    const most = Math.ceil(Math.min(share, MOST_PIECE, Math.max(LEAST_PIECE, wanted)));
    if (block.length - from <= most) return block.length;
    const end = block.lastIndexOf(LF, from + most - 1) + 1;
    if (end > from) return end;
    const next = block.indexOf(LF, from + most);
    return next < 0 ? block.length : next + 1;
  }

  get #growth(): number {
    return this.#spec.invalidUtf8 === "replace" ? REPLACED_BYTES : 1;
  }

  #reserve(bytes: Uint8Array): void {
    const left = this.#mostRows - this.#rows;
    let more = Math.min(left, Math.ceil((bytes.length + 1) / LEAST_RECORD));
    // Where rows take much, those that there are are counted.
    if (this.#room.row * more > MOST_ROOM_BYTES) more = Math.min(left, linesIn(bytes));
    const rows = this.#rows + more;
    this.#sink.reserve({ rows, bytes: bytes.length * this.#growth }, this.#rows);
  }

  /** Reads on to where something has to be done; whether there is more to read then. */
  #readOn(piece: Piece): boolean {
    const mostRows = this.#mostRows;
    const before = this.#reader.place;
    const hasHost = this.#columns.hostColumns.length > 0;
    const stop = this.#reader.read(
      hasHost ? Math.min(mostRows, before.row + HOST_ROWS) : mostRows,
    );
    const { at, row } = this.#reader.place;
    if (!this.#convert(piece, before)) return true;
    this.#rows = row;
    if (stop === JsonStop.done) return at < piece.bytes.length && row < mostRows;
    if (stop === JsonStop.learn) this.#learn(piece.bytes.subarray(this.#reader.learnFrom, at));
    else this.#decide(piece, recordAt(piece.bytes, at), this.#reader.failedAt);
    return true;
  }

  /** Makes cells of what is left to the host; `false` if a record turned out to be bad. */
  #convert(piece: Piece, before: JsonPlace): boolean {
    const { row } = this.#reader.place;
    const made = this.#host.append(this.#sink, this.#kernel.u8, row);
    if (made === row) return true;
    for (let undone = before.row; undone < row; undone++) this.#sink.undoRow(undone);
    const [start] = this.#reader.recordOf(made);
    this.#reader.place = before;
    // Up to the bad record and with it, to know on which line it is.
    while (this.#reader.place.row <= made) this.#reader.read(made + 1);
    this.#sink.undoRow(made);
    const { lines, ...rest } = this.#reader.place;
    this.#reader.place = { ...rest, row: made, lines: lines - 1 };
    this.#rows = made;
    const record = recordAt(piece.bytes, start);
    const judged = this.#reference.judge(piece.bytes.slice(record.start, record.end));
    if (typeof judged === "string") throw disagreement(piece.bytes.slice(record.start, record.end));
    this.#report(piece, record, judged);
    return false;
  }

  /** Has the reader in TypeScript decide on a record that the kernel does not take. */
  #decide(piece: Piece, record: RecordPlace, at: number): void {
    const bytes = piece.bytes.slice(record.start, record.end);
    const judged = this.#reference.judge(bytes);
    if (typeof judged !== "string") {
      const isLarge = bytes.length > this.#spec.maxRecordBytes;
      this.#report(piece, record, judged, isLarge ? record.start : at);
    } else {
      this.#odd++;
      this.#reserve(piece.bytes.subarray(record.start));
      const { row, lines, blank } = this.#reader.place;
      const stop = this.#reader.readSingle(encoder.encode(judged));
      const after = this.#reader.place.row;
      if (after !== row + 1 || this.#host.append(this.#sink, this.#kernel.u8, after) !== after) {
        throw disagreement(bytes, stop);
      }
      this.#reader.place = { at: record.next, row: after, lines: lines + 1, blank };
      this.#rows = after;
    }
    this.#reserve(piece.bytes.subarray(this.#reader.place.at));
  }

  #report(piece: Piece, record: RecordPlace, fault: Fault, at?: number): void {
    const { from, firstRow, bad } = piece;
    const { row, lines, blank } = this.#reader.place;
    bad.push({
      record: row - firstRow + bad.length,
      line: lines,
      start: from + record.start,
      end: from + record.end,
      ...(at !== undefined && { at: from + at }),
      ...fault,
    });
    this.#reader.place = { at: record.next, row, lines: lines + 1, blank };
  }

  #learn(line: Uint8Array): void {
    const ended = line.at(-1) === LF ? line : Uint8Array.of(...line, LF);
    this.#reader.learn(learnLayout(ended, this.#columns.fields), this.#patience);
    this.#patience = Math.min(this.#patience * 2, MOST_PATIENCE);
  }
}

/** Room that a batch takes: for each byte of text that may go to any column, and for each row. */
function roomOf(specs: readonly SinkColumnSpec[]): { readonly text: number; readonly row: number } {
  const isText = ({ kind }: SinkColumnSpec) => kind === "text" || kind === "dict";
  const lists = specs.flatMap(({ item }) => item ?? []);
  const text = [...specs, ...lists].filter(isText).length + lists.length * MOST_VALUE_BYTES / 2;
  return { text, row: specs.length * MOST_VALUE_BYTES };
}

function linesIn(bytes: Uint8Array): number {
  let lines = 1;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines;
}

function recordAt(bytes: Uint8Array, start: number): RecordPlace {
  const lineEnd = bytes.indexOf(LF, start);
  if (lineEnd < 0) return { start, end: bytes.length, next: bytes.length };
  const isCrLf = lineEnd > start && bytes[lineEnd - 1] === CR;
  return { start, end: isCrLf ? lineEnd - 1 : lineEnd, next: lineEnd + 1 };
}

function disagreement(record: Uint8Array, stop?: number): Error {
  const text = JSON.stringify(new TextDecoder().decode(record.subarray(0, 200)));
  return new Error(
    `Cannot decode record: the kernel's reader does not take what the reference reader does` +
      `${stop === undefined ? "" : ` (${stop})`}; please report it, with this record: ${text}`,
  );
}
