const MARK = new Uint8Array([0xef, 0xbb, 0xbf]);
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
    while (this.#seen < MARK.length && at < chunk.length && chunk[at] === MARK[this.#seen]) {
      this.#seen++;
      at++;
    }
    if (this.#seen === MARK.length) {
      this.#seen = -1;
      this.#isMark = true;
      return [NOTHING, chunk.subarray(at)];
    }
    if (at === chunk.length) return [NOTHING, NOTHING];
    this.#seen = -1;
    return [MARK.subarray(0, before), chunk];
  }

  /** Bytes that were taken off. */
  get length(): number {
    return this.#isMark ? MARK.length : 0;
  }

  /** At the end of the input: the bytes that were held back. */
  finish(): Uint8Array {
    const held = MARK.subarray(0, Math.max(0, this.#seen));
    this.#seen = -1;
    return held;
  }
}
