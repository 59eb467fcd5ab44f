import { CR, type FoundRecords, LF, type RecordScanner } from "../record_scanner.ts";

/** What the scanner has to know of a CSV file: bytes, or −1 for those that it does not have. */
export interface CsvBytes {
  readonly separator: number;
  readonly quote: number;
  readonly comment: number;
}

/** Where in a record the scanner is. */
type Place = "recordStart" | "fieldStart" | "plain" | "quoted" | "quoteSeen" | "comment";

/**
 * Finds CSV records: ended by LF, CRLF or CR, unless within quotes.
 *
 * A quote opens a quoted field only at the field's start. Within, a doubled quote is one quote; any
 * other quote ends the quoting, and whatever follows up to the separator is left to the parser of
 * fields to judge.
 */
export class CsvScanner implements RecordScanner {
  start = 0;
  line = 1;
  skippedLines = 0;
  readonly #bytes: CsvBytes;
  #place: Place = "recordStart";
  // Line the scanner is on, while `line` is that of the record's start.
  #physicalLine = 1;
  #afterCr = false;

  /** A scanner at the start of a file. */
  constructor(bytes: CsvBytes) {
    this.#bytes = bytes;
  }

  /** Finds the records that end before `to`. */
  scan(bytes: Uint8Array, { from, to }: { from: number; to: number }, found: FoundRecords): void {
    const { separator } = this.#bytes;
    for (let at = from; at < to; at++) {
      const byte = bytes[at];
      if (byte === LF || byte === CR) this.#lineEnd(byte, at, found);
      else {
        this.#afterCr = false;
        if (byte === separator) this.#separator();
        // Most bytes are neither: they need no call.
        else if (this.#place !== "plain") this.#character(byte);
      }
    }
    if (this.#place === "comment") this.start = to;
  }

  #separator(): void {
    if (this.#place !== "quoted" && this.#place !== "comment") this.#place = "fieldStart";
  }

  #character(byte: number): void {
    const { quote, comment } = this.#bytes;
    if (this.#place === "quoted") {
      if (byte === quote) this.#place = "quoteSeen";
    } else if (this.#place === "quoteSeen") this.#place = byte === quote ? "quoted" : "plain";
    else if (this.#place === "recordStart" && byte === comment) {
      this.#place = "comment";
      this.skippedLines++;
    } else if (this.#place !== "comment") this.#place = byte === quote ? "quoted" : "plain";
  }

  #lineEnd(byte: number, at: number, found: FoundRecords): void {
    if (byte === LF && this.#afterCr) {
      // The second half of a CRLF; outside quotes the record ended before the first.
      if (this.#place === "recordStart") this.start = at + 1;
      this.#afterCr = false;
      return;
    }
    this.#afterCr = byte === CR;
    this.#physicalLine++;
    if (this.#place === "quoted") return;
    if (this.#place !== "comment") found.add(this.start, at, this.line);
    this.start = at + 1;
    this.line = this.#physicalLine;
    this.#place = "recordStart";
  }
}
