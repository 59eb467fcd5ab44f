const NOTHING = new Uint8Array(0);
/** Bytes of a long in Avro's variable length (Avro 1.12, "Binary encoding"). */
const MAX_LONG_BYTES = 10;

/**
 * Reads Avro's plain values from bytes that may end too early: then it gives zeros, and says so.
 */
export class AvroCursor {
  readonly #bytes: Uint8Array;
  /** Where the next value begins. */
  at: number;
  /** Whether the bytes ended within a value. */
  isShort = false;
  /** Whether there was a long of more than ten bytes. */
  isOverlong = false;

  /** A cursor at a position. */
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** A long as the nearest double. */
  long(): number {
    let [value, factor] = [0, 1];
    for (let read = 0; read < MAX_LONG_BYTES; read++) {
      if (this.isShort || this.at >= this.#bytes.length) {
        this.isShort = true;
        return 0;
      }
      const byte = this.#bytes[this.at++];
      value += (byte & 0x7f) * factor;
      // zigzag: the sign is the lowest bit
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 128;
    }
    this.isOverlong = true;
    return 0;
  }

  /** So many bytes, a view. */
  bytes(count: number): Uint8Array {
    if (this.isShort || this.at + count > this.#bytes.length) {
      this.isShort = true;
      return NOTHING;
    }
    return this.#bytes.subarray(this.at, this.at += count);
  }
}
