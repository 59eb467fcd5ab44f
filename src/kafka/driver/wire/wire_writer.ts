const FIRST_BYTES = 256;
const encoder = new TextEncoder();

/**
 * Writes the parts that requests are made of: "Protocol Primitive Types" in Kafka's protocol guide.
 * Large bytes are referred to and not copied.
 */
export class WireWriter {
  /** Whether texts, bytes and arrays are compact, and structures end in tags: KIP-482. */
  readonly #isFlexible: boolean;
  readonly #done: Uint8Array[] = [];
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;
  #end = 0;

  /** A request of a version that is flexible, or is not. */
  constructor(isFlexible: boolean) {
    this.#isFlexible = isFlexible;
  }

  /** A byte. */
  int8(value: number): this {
    this.#room(1);
    this.#view.setInt8(this.#end++, value);
    return this;
  }

  /** Two bytes. */
  int16(value: number): this {
    this.#room(2);
    this.#view.setInt16(this.#end, value);
    this.#end += 2;
    return this;
  }

  /** Four bytes. */
  int32(value: number): this {
    this.#room(4);
    this.#view.setInt32(this.#end, value);
    this.#end += 4;
    return this;
  }

  /** Eight bytes. */
  int64(value: number | bigint): this {
    this.#room(8);
    this.#view.setBigInt64(this.#end, BigInt(value));
    this.#end += 8;
    return this;
  }

  /** A byte that is 0 or 1. */
  bool(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  /** A text or none. */
  text(value: string | null): this {
    if (value === null) return this.#isFlexible ? this.#uvarint(0) : this.int16(-1);
    const bytes = encoder.encode(value);
    if (this.#isFlexible) this.#uvarint(bytes.length + 1);
    else this.int16(bytes.length);
    return this.#raw(bytes);
  }

  /** Bytes, copied. */
  bytes(value: Uint8Array): this {
    this.#length(value.length);
    return this.#raw(value);
  }

  /** Bytes, referred to: they must stay as they are until the request is sent. */
  refer(value: Uint8Array): this {
    this.#length(value.length);
    if (this.#end > this.#start) this.#done.push(this.#bytes.subarray(this.#start, this.#end));
    this.#start = this.#end;
    this.#done.push(value);
    return this;
  }

  /** Several of a kind. */
  list<T>(values: readonly T[], write: (value: T, writer: this) => void): this {
    this.#length(values.length);
    for (const value of values) write(value, this);
    return this;
  }

  /** The end of a structure: no tags. */
  end(): this {
    return this.#isFlexible ? this.#uvarint(0) : this;
  }

  /** All that was written, in pieces. */
  pieces(): readonly Uint8Array[] {
    if (this.#end > this.#start) this.#done.push(this.#bytes.subarray(this.#start, this.#end));
    this.#start = this.#end;
    return this.#done;
  }

  #length(length: number): this {
    return this.#isFlexible ? this.#uvarint(length + 1) : this.int32(length);
  }

  #raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
    return this;
  }

  #uvarint(value: number): this {
    this.#room(5);
    while (value > 0x7f) {
      this.#bytes[this.#end++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.#bytes[this.#end++] = value;
    return this;
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    if (this.#end > this.#start) this.#done.push(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = new Uint8Array(Math.max(2 * this.#bytes.length, bytes));
    this.#view = new DataView(this.#bytes.buffer);
    this.#start = this.#end = 0;
  }
}
