const FIRST_BYTES = 256;

/** Avro's plain values one after the other, in a buffer that grows (Avro 1.12, "Binary encoding"). */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** What was written, as a copy. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** One byte. */
  byte(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
  }

  /** An int or a long. */
  whole(value: bigint | number): void {
    const whole = BigInt(value);
    let left = BigInt.asUintN(64, (whole << 1n) ^ (whole >> 63n));
    for (; left >= 0x80n; left >>= 7n) this.byte(Number(left & 0x7fn) | 0x80);
    this.byte(Number(left));
  }

  /** A float. */
  float(value: number): void {
    const at = this.#room(4);
    this.#view.setFloat32(at, value, true);
  }

  /** A double. */
  double(value: number): void {
    const at = this.#room(8);
    this.#view.setFloat64(at, value, true);
  }

  /** Bytes without their length. */
  fixed(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Bytes with their length. */
  bytes(bytes: Uint8Array): void {
    this.whole(bytes.length);
    this.fixed(bytes);
  }

  /** A string. */
  text(text: string): void {
    this.bytes(new TextEncoder().encode(text));
  }

  #room(bytes: number): number {
    const start = this.#length;
    this.#length += bytes;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return start;
  }
}
