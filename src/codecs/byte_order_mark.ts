import { BOM } from "./record_scanner.ts";

const NOTHING = new Uint8Array();

/** Takes a byte-order mark off the start of an input that comes in pieces. */
export class ByteOrderMark {
  /** Bytes of a mark that have come; −1 when it is settled whether there is one. */
  #seen = 0;
  #isMark = false;

  /** What of a chunk, and of those before it, is no mark: first what had been held back. */
  pass(chunk: Uint8Array): readonly [held: Uint8Array, rest: Uint8Array] {
    if (this.#seen < 0) return [NOTHING, chunk];
    const before = this.#seen;
    let at = 0;
    while (this.#seen < BOM.length && at < chunk.length && chunk[at] === BOM[this.#seen]) {
      this.#seen++;
      at++;
    }
    if (this.#seen === BOM.length) {
      this.#seen = -1;
      this.#isMark = true;
      return [NOTHING, chunk.subarray(at)];
    }
    if (at === chunk.length) return [NOTHING, NOTHING];
    this.#seen = -1;
    return [BOM.subarray(0, before), chunk];
  }

  /** Bytes that were taken off. */
  get length(): number {
    return this.#isMark ? BOM.length : 0;
  }

  /** At the end of the input: the bytes that were held back. */
  finish(): Uint8Array {
    const held = BOM.subarray(0, Math.max(0, this.#seen));
    this.#seen = -1;
    return held;
  }
}
