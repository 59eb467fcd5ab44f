/** Records found in bytes: parallel lists, so that finding one makes no object. */
export class FoundRecords {
  /** Where each starts. */
  readonly starts: number[] = [];
  /** Where each ends, its line end not included. */
  readonly ends: number[] = [];
  /** On which physical line each starts, from 1. */
  readonly lines: number[] = [];

  /** Notes a record. */
  add(start: number, end: number, line: number): void {
    this.starts.push(start);
    this.ends.push(end);
    this.lines.push(line);
  }

  /** Forgets all. */
  clear(): void {
    this.starts.length = this.ends.length = this.lines.length = 0;
  }
}

/**
 * Finds where records end in bytes that come piece by piece; each byte is seen once, whatever the
 * pieces are.
 */
export interface RecordScanner {
  /** Where the record starts that has not ended yet. */
  start: number;
  /** On which physical line that is, from 1. */
  readonly line: number;
  /** Lines that are no records, such as comments. */
  readonly skippedLines: number;
  /** Scans the bytes from `from` to `to`, those before `from` having been scanned. */
  scan(bytes: Uint8Array, range: { from: number; to: number }, found: FoundRecords): void;
}

/** Finds lines, ended by LF or CRLF. */
export class LineScanner implements RecordScanner {
  start = 0;
  line = 1;
  readonly skippedLines = 0;

  /** Finds the lines that end before `to`. */
  scan(bytes: Uint8Array, { from, to }: { from: number; to: number }, found: FoundRecords): void {
    let end = bytes.indexOf(LF, from);
    while (end >= 0 && end < to) {
      const isCrLf = end > this.start && bytes[end - 1] === CR;
      found.add(this.start, isCrLf ? end - 1 : end, this.line++);
      this.start = end + 1;
      end = bytes.indexOf(LF, end + 1);
    }
  }
}

/** The line feed as a byte. */
export const LF = 10;

/** The carriage return as a byte. */
export const CR = 13;

/** A byte-order mark as UTF-8. */
export const BOM: Uint8Array<ArrayBuffer> = Uint8Array.of(0xef, 0xbb, 0xbf);
