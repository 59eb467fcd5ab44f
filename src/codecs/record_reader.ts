import { ByteOrderMark } from "./byte_order_mark.ts";
import { FoundRecords, type RecordScanner } from "./record_scanner.ts";
import { utf8Text } from "./utf8_text.ts";

const FIRST_CAPACITY = 4_096;
/** Larger chunks are taken in pieces, so that text and positions of a huge one are never at once. */
const PIECE_BYTES = 262_144;

/** One record as read from the bytes. */
export interface RawRecord {
  /** Its text, without the line end; `undefined` if it is not valid UTF-8 or too large. */
  readonly text: string | undefined;
  /** The physical line on which it starts, from 1. */
  readonly line: number;
  /** Its size. */
  readonly sizeBytes: number;
  /** A copy of its bytes, or of the first ones if it is too large. */
  bytes(): Uint8Array;
}

/** Options of {@linkcode RecordReader}. */
export interface RecordReaderOptions {
  readonly scanner: RecordScanner;
  readonly maxRecordBytes: number;
  /** Whether invalid UTF-8 becomes U+FFFD instead of a record without text. */
  readonly replaceInvalid: boolean;
  /** Gets every record in order. */
  readonly onRecord: (record: RawRecord) => void;
}

/** Number of UTF-16 units that valid UTF-8 decodes to. */
function unitsOf(bytes: Uint8Array, from: number, to: number): number {
  let units = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at];
    if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

/** Turns chunks of bytes into records of text, however the chunks are cut. */
export class RecordReader {
  readonly #options: RecordReaderOptions;
  readonly #found = new FoundRecords();
  #bytes: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  #filled = 0;
  #scanned = 0;
  readonly #mark = new ByteOrderMark();
  // Whether the beginning of the open record was reported as too large and dropped.
  #discarding = false;

  /** A reader at the start of a file. */
  constructor(options: RecordReaderOptions) {
    this.#options = options;
  }

  /** Takes a chunk, which may be changed afterwards, and hands on the records that end in it. */
  push(chunk: Uint8Array): void {
    for (const bytes of this.#mark.pass(chunk)) this.#take(bytes);
  }

  #take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      this.#append(bytes.subarray(at, at + PIECE_BYTES));
      this.#read();
    }
  }

  /** Hands on the last record, if it has no line end. */
  finish(): void {
    this.#take(this.#mark.finish());
    this.#read();
    const { start, line } = this.#options.scanner;
    if (start === this.#filled && !this.#discarding) return;
    this.#found.add(start, this.#filled, line);
    this.#emit();
  }

  #append(piece: Uint8Array): void {
    const needed = this.#filled + piece.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, needed));
      grown.set(this.#bytes.subarray(0, this.#filled));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#filled);
    this.#filled = needed;
  }

  #read(): void {
    const { scanner, maxRecordBytes } = this.#options;
    scanner.scan(this.#bytes, { from: this.#scanned, to: this.#filled }, this.#found);
    this.#emit();
    // One more byte may be the carriage return of a CRLF, which does not belong to the record.
    if (this.#filled - scanner.start > maxRecordBytes + 1 && !this.#discarding) {
      this.#emitTooLarge(scanner.start, this.#filled, scanner.line);
      this.#discarding = true;
    }
    this.#compact(this.#discarding ? this.#filled : scanner.start);
  }

  #compact(from: number): void {
    this.#bytes.copyWithin(0, from, this.#filled);
    this.#filled -= from;
    this.#scanned = this.#filled;
    this.#options.scanner.start = 0;
  }

  #emit(): void {
    const found = this.#found;
    const first = this.#discarding && found.starts.length > 0 ? 1 : 0;
    if (first === 1) this.#discarding = false;
    if (found.starts.length > first) this.#emitFrom(first);
    found.clear();
  }

  #emitFrom(first: number): void {
    const { starts, ends, lines } = this.#found;
    const from = starts[first];
    const text = utf8Text(this.#bytes.subarray(from, ends[ends.length - 1]));
    if (text === undefined) return this.#emitEach(first);
    const isAscii = text.length === ends[ends.length - 1] - from;
    let seen = from;
    let unit = 0;
    for (let i = first; i < starts.length; i++) {
      const [start, end] = [starts[i], ends[i]];
      unit += isAscii ? start - seen : unitsOf(this.#bytes, seen, start);
      const units = isAscii ? end - start : unitsOf(this.#bytes, start, end);
      if (end - start > this.#options.maxRecordBytes) this.#emitTooLarge(start, end, lines[i]);
      else this.#hand(text.slice(unit, unit + units), start, end, lines[i]);
      unit += units;
      seen = end;
    }
  }

  /** Decodes record by record, because one of them is not valid UTF-8. */
  #emitEach(first: number): void {
    const { starts, ends, lines } = this.#found;
    for (let i = first; i < starts.length; i++) {
      const [start, end] = [starts[i], ends[i]];
      if (end - start > this.#options.maxRecordBytes) this.#emitTooLarge(start, end, lines[i]);
      else this.#hand(this.#decode(this.#bytes.subarray(start, end)), start, end, lines[i]);
    }
  }

  #decode(bytes: Uint8Array): string | undefined {
    return utf8Text(bytes, this.#options.replaceInvalid);
  }

  #emitTooLarge(start: number, end: number, line: number): void {
    this.#hand(undefined, start, end, line);
  }

  #hand(text: string | undefined, start: number, end: number, line: number): void {
    const { maxRecordBytes, onRecord } = this.#options;
    const kept = Math.min(end, start + maxRecordBytes);
    const bytes = () => this.#bytes.slice(start, kept);
    onRecord({ text, line, sizeBytes: end - start, bytes });
  }
}
