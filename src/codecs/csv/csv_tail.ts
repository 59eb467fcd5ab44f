import type { CsvCut } from "../../kernel/csv_cut.ts";
import { CR, LF } from "../record_scanner.ts";

const FIRST_CAPACITY = 4_096;

/** Counts physical lines in bytes that come piece by piece. */
export class LineCounter {
  /** Lines that have ended. */
  count = 0;
  #afterCr = false;

  /** Counts the line ends in the bytes that come next. */
  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === CR || byte === LF && !this.#afterCr) this.count++;
      this.#afterCr = byte === CR;
    }
  }
}

/** The beginning of a record whose end is still to come: kept, or only followed to its end. */
export class CsvTail {
  readonly #cut: CsvCut;
  #bytes = new Uint8Array();
  #filled = 0;
  #state: "none" | "kept" | "dropped" = "none";
  #lines: LineCounter | undefined;

  /** No record. */
  constructor(cut: CsvCut) {
    this.#cut = cut;
  }

  /** Whether a record has begun. */
  get isOpen(): boolean {
    return this.#state !== "none";
  }

  /** Whether its bytes are kept. */
  get isKept(): boolean {
    return this.#state === "kept";
  }

  /** The bytes that are kept. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#filled);
  }

  /** Begins with bytes that hold no end of a record. */
  begin(bytes: Uint8Array): void {
    this.#cut.begin();
    this.#cut.next(bytes, true);
    this.#state = "kept";
    this.append(bytes);
  }

  /** Where the record ends in the bytes that come next, its line end included; −1 if beyond. */
  find(bytes: Uint8Array, from: number): number {
    const found = this.#cut.next(bytes.subarray(from), true);
    if (found < 0) return -1;
    const end = from + found;
    return bytes[end - 1] === CR && bytes[end] === LF ? end + 1 : end;
  }

  /** Takes bytes that {@linkcode find} found no end in. */
  append(bytes: Uint8Array): void {
    if (this.#state === "dropped") return this.#lines?.add(bytes);
    const needed = this.#filled + bytes.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, needed, FIRST_CAPACITY));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#filled);
    this.#filled = needed;
  }

  /** Keeps nothing from now on: of a comment it is known that it is one line. */
  drop({ isComment }: { isComment: boolean }): void {
    this.#lines = isComment ? undefined : new LineCounter();
    this.#lines?.add(this.bytes);
    this.#state = "dropped";
    this.#filled = 0;
  }

  /** The whole record, of which these bytes are the end; valid until the next begins. */
  take(end: Uint8Array): Uint8Array {
    this.append(end);
    const { bytes } = this;
    this.#state = "none";
    this.#filled = 0;
    return bytes;
  }

  /** Physical lines of a record that was dropped, of which these bytes are the end. */
  finishDropped(end: Uint8Array): number {
    this.append(end);
    this.#state = "none";
    return this.#lines?.count ?? 1;
  }
}
