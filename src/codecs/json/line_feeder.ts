import { LF } from "../record_scanner.ts";

const FIRST_CAPACITY = 4_096;
/** Larger chunks are taken in pieces, so that what is made of a huge one is never there at once. */
const PIECE_BYTES = 1_048_576;

/** What gets the lines. */
export interface LineConsumer {
  /** Takes whole lines, of which the last one of an input may lack its end, and where they start. */
  takeLines(bytes: Uint8Array, offset: number): void;
  /** Takes the beginning of a line that is too large; no more comes of it. */
  takeLarge(start: Uint8Array, offset: number): void;
}

/** Turns chunks, cut anywhere, into whole lines, and keeps no more of a line than its limit. */
export class LineFeeder {
  readonly #consumer: LineConsumer;
  readonly #mostBytes: number;
  #rest = new Uint8Array(FIRST_CAPACITY);
  #filled = 0;
  #isDropping = false;
  /** Bytes that came before what is taken now. */
  #before = 0;

  /** A feeder of lines of at most so many bytes. */
  constructor(consumer: LineConsumer, mostBytes: number) {
    this.#consumer = consumer;
    this.#mostBytes = mostBytes;
  }

  /** Takes a chunk, which may be changed afterwards. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      this.#take(chunk.subarray(at, at + PIECE_BYTES));
    }
  }

  /** Gives the last line, if it has no end. */
  finish(): void {
    const rest = this.#rest.subarray(0, this.#filled);
    this.#filled = 0;
    if (rest.length > 0) this.#consumer.takeLines(rest, this.#before - rest.length);
  }

  #take(bytes: Uint8Array): void {
    const start = this.#filled > 0 || this.#isDropping ? this.#complete(bytes) : 0;
    if (start >= 0) {
      const lines = bytes.subarray(start);
      const end = lines.lastIndexOf(LF) + 1;
      if (end > 0) this.#consumer.takeLines(lines.subarray(0, end), this.#before + start);
      this.#keep(lines.subarray(end), this.#before + start + end);
    }
    this.#before += bytes.length;
  }

  /** Takes the rest of the line that was begun before; where the next one starts, −1: beyond. */
  #complete(bytes: Uint8Array): number {
    const end = bytes.indexOf(LF) + 1;
    const offset = this.#before - this.#filled;
    if (end === 0) {
      this.#keep(bytes, offset);
      return -1;
    }
    if (this.#isDropping) this.#isDropping = false;
    else {
      this.#append(bytes.subarray(0, end));
      const line = this.#rest.subarray(0, this.#filled);
      this.#filled = 0;
      this.#consumer.takeLines(line, offset);
    }
    return end;
  }

  /** Keeps the beginning, or more, of the line that starts at `offset`. */
  #keep(bytes: Uint8Array, offset: number): void {
    if (this.#isDropping) return;
    this.#append(bytes);
    // One more byte may be the carriage return of a CRLF, which does not belong to the record.
    if (this.#filled <= this.#mostBytes + 1) return;
    const start = this.#rest.slice(0, this.#mostBytes);
    this.#filled = 0;
    this.#isDropping = true;
    this.#consumer.takeLarge(start, offset);
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#filled + bytes.length;
    if (needed > this.#rest.length) {
      const grown = new Uint8Array(Math.max(this.#rest.length * 2, needed));
      grown.set(this.#rest.subarray(0, this.#filled));
      this.#rest = grown;
    }
    this.#rest.set(bytes, this.#filled);
    this.#filled = needed;
  }
}
