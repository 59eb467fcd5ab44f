import type { RecordCutter } from "./block_decoder.ts";
import { CR, FoundRecords, LF, type RecordScanner } from "./record_scanner.ts";

/** Cuts behind the last line end. */
export class LineEndCutter implements RecordCutter {
  /** See {@linkcode RecordCutter}. */
  cut(bytes: Uint8Array): number {
    return bytes.lastIndexOf(LF) + 1;
  }
}

/** Cuts where a scanner finds that records end; for formats in which a line end may be text. */
export class ScanningCutter implements RecordCutter {
  readonly #scanner: () => RecordScanner;

  /** A cutter by scanners that are at the start of a record. */
  constructor(scanner: () => RecordScanner) {
    this.#scanner = scanner;
  }

  /** See {@linkcode RecordCutter}. */
  cut(bytes: Uint8Array): number {
    const { length } = bytes;
    const scanner = this.#scanner();
    const found = new FoundRecords();
    scanner.scan(bytes, { from: 0, to: length }, found);
    const last = bytes[length - 1];
    if (scanner.start < length || last === LF) return scanner.start;
    // A line feed may follow, which belongs to it.
    if (last === CR) return found.starts.at(-1) ?? 0;
    // What was passed over is a comment that has not ended.
    return Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR)) + 1;
  }
}
