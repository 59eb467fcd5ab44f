import type { RecordCutter } from "./block_decoder.ts";
import { CR, FoundRecords, LF, LineScanner, type RecordScanner } from "./record_scanner.ts";

const BOM = [0xef, 0xbb, 0xbf];

/** Bytes of whole records, as they were cut from an input. */
export interface CutBlock {
  readonly bytes: Uint8Array;
  /** Where they begin in the input. */
  readonly offset: number;
  /**
   * Its physical lines, where they are more than can be seen: only the beginning of its one record
   * was kept, which was too large.
   */
  readonly linesOfAll?: number;
}

/** Options of {@linkcode BlockCutting}. */
export interface BlockCuttingOptions {
  readonly cutter: RecordCutter;
  /** Finds where a record ends that is not kept; at the start of one. */
  readonly scanner: () => RecordScanner;
  /** Bytes of a block, at most; a record and its line end must fit. */
  readonly blockBytes: number;
}

/** A record of which only the beginning was kept, until it has ended. */
interface TooLarge {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly scanner: RecordScanner;
  /** Its physical lines, once it has ended. */
  lines?: number;
}

/** Cuts the bytes of an input, which come in pieces cut anywhere, into blocks of whole records. */
export class BlockCutting {
  readonly #options: BlockCuttingOptions;
  #bytes: Uint8Array;
  #filled = 0;
  /** First bytes that were looked at in vain. */
  #seen = 0;
  #offset = 0;
  #atStart = true;
  #tooLarge: TooLarge | undefined;
  /** Whether a line feed that comes next belongs to what was passed over. */
  #passesLf = false;

  /** Cuts an input from its start. */
  constructor(options: BlockCuttingOptions) {
    this.#options = options;
    this.#bytes = new Uint8Array(options.blockBytes);
  }

  /** Takes bytes in; gives the blocks that are full with them. */
  *push(chunk: Uint8Array): Generator<CutBlock> {
    for (let at = 0; at < chunk.length;) {
      if (this.#tooLarge) {
        at += this.#pass(chunk.subarray(at), this.#tooLarge);
        if (this.#tooLarge.lines === undefined || at === chunk.length) continue;
        if (this.#passesLf && chunk[at] === LF) at += this.#skip(1);
        yield this.#ended(this.#tooLarge);
        continue;
      }
      const piece = chunk.subarray(at, at + this.#bytes.length - this.#filled);
      this.#bytes.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled < this.#bytes.length) break;
      yield* this.#cut();
    }
  }

  /** What is whole now, though the block is not full: more lets wait for itself. */
  *flush(): Generator<CutBlock> {
    const mayBegin = !this.#atStart || this.#filled >= BOM.length;
    if (this.#filled > 0 && !this.#tooLarge && mayBegin) yield* this.#cut();
  }

  /** What is left; its last record may lack its line end. */
  *finish(): Generator<CutBlock> {
    if (this.#tooLarge) yield this.#ended(this.#tooLarge);
    this.#passBom();
    if (this.#filled > 0) yield this.#block(this.#filled);
  }

  *#cut(): Generator<CutBlock> {
    this.#passBom();
    const whole = this.#bytes.subarray(0, this.#filled);
    const end = this.#options.cutter.cut(whole, this.#seen);
    this.#seen = end > 0 ? 0 : this.#filled;
    if (end > 0) yield this.#block(end);
    else if (this.#filled === this.#bytes.length) this.#begin();
  }

  /** Steps over a byte-order mark. */
  #passBom(): void {
    if (!this.#atStart) return;
    this.#atStart = false;
    if (!BOM.every((byte, at) => this.#bytes[at] === byte) || this.#filled < BOM.length) return;
    this.#bytes.copyWithin(0, BOM.length, this.#filled);
    this.#filled -= this.#skip(BOM.length);
  }

  #skip(bytes: number): number {
    this.#offset += bytes;
    return bytes;
  }

  #block(end: number): CutBlock {
    const bytes = this.#bytes.subarray(0, end);
    const rest = this.#bytes.subarray(end, this.#filled);
    this.#bytes = new Uint8Array(this.#options.blockBytes);
    this.#bytes.set(rest);
    this.#filled = rest.length;
    const offset = this.#offset;
    this.#offset += end;
    return { bytes, offset };
  }

  /** The record is larger than a block: its beginning is kept, the rest is passed over. */
  #begin(): void {
    const { bytes, offset } = this.#block(this.#filled);
    const scanner = this.#options.scanner();
    const found = new FoundRecords();
    scanner.scan(bytes, { from: 0, to: bytes.length }, found);
    // A comment leaves nothing behind that could be a record.
    const isComment = found.ends.length === 0 && scanner.start === bytes.length;
    this.#tooLarge = { bytes, offset, scanner: isComment ? new LineScanner() : scanner };
    this.#passesLf = bytes.at(-1) === CR;
    if (found.ends.length > 0) this.#tooLarge.lines = scanner.line - 1;
  }

  /** Passes over bytes of a record; gives how many. */
  #pass(bytes: Uint8Array, tooLarge: TooLarge): number {
    if (tooLarge.lines !== undefined) return 0;
    const { scanner } = tooLarge;
    const found = new FoundRecords();
    scanner.start = 0;
    scanner.scan(bytes, { from: 0, to: bytes.length }, found);
    const [end] = found.ends;
    if (end === undefined) return this.#skip(bytes.length);
    tooLarge.lines = (found.lines[1] ?? scanner.line) - 1;
    // LF, CR or, where a carriage return was no part of the record, the first half of CRLF.
    const lineEnd = bytes[end] === CR && bytes[end + 1] === LF ? end + 1 : end;
    this.#passesLf = bytes[lineEnd] === CR;
    return this.#skip(lineEnd + 1);
  }

  #ended({ bytes, offset, lines = 1 }: TooLarge): CutBlock {
    this.#tooLarge = undefined;
    return { bytes, offset, linesOfAll: lines };
  }
}
