const FIRST_BYTES = 1024;
/** A buffer larger than this is given back once its content is gone. */
const KEPT_BYTES = 256 * 1024;

/** Bytes written one after the other into a buffer that grows. */
export class ByteSink {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  #view: DataView<ArrayBuffer> = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): number {
    const start = this.#length;
    this.#length = start + more;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return start;
  }

  byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  word(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  float(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value, true);
  }

  bigint(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, value, true);
  }

  append(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Drops what was written after `length`. */
  truncate(length: number): void {
    this.#length = length;
    if (length === 0 && this.#bytes.length > KEPT_BYTES) {
      this.#bytes = new Uint8Array(FIRST_BYTES);
      this.#view = new DataView(this.#bytes.buffer);
    }
  }
}

/** Reads what a {@linkcode ByteSink} wrote; every read is checked against the end. */
export class ByteSource {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  #at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes not yet read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Moves to a position. */
  seek(at: number): void {
    if (at > this.#bytes.length) this.#fail(at - this.#bytes.length);
    this.#at = at;
  }

  #fail(bytes: number): never {
    throw new RangeError(
      `Cannot read records: the batch is damaged, a value needs ${bytes} bytes and ` +
        `${Math.max(0, this.left)} are left; it was cut short or overwritten`,
    );
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (bytes > this.#bytes.length - at) this.#fail(bytes);
    this.#at = at + bytes;
    return at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)];
  }

  word(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  float(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  bigint(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  /** A copy of the next bytes, on a buffer of its own. */
  copy(bytes: number): Uint8Array<ArrayBuffer> {
    const at = this.#take(bytes);
    return this.#bytes.slice(at, at + bytes);
  }
}
