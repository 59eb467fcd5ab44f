import { KafkaError } from "../kafka_error.ts";

const TWO_32 = 0x1_0000_0000;
const decoder = new TextDecoder();

/** Reads the parts that answers are made of. Bytes are views of the answer and not copied. */
export class WireReader {
  readonly #isFlexible: boolean;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** An answer of a version that is flexible, or is not, behind its correlation id. */
  constructor(bytes: Uint8Array, isFlexible: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isFlexible = isFlexible;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A byte. */
  int8(): number {
    return this.#view.getInt8(this.#step(1));
  }

  /** Two bytes. */
  int16(): number {
    return this.#view.getInt16(this.#step(2));
  }

  /** Four bytes. */
  int32(): number {
    return this.#view.getInt32(this.#step(4));
  }

  /** Eight bytes that are an offset or a time: exact up to 2^53. */
  int64(): number {
    const at = this.#step(8);
    return this.#view.getInt32(at) * TWO_32 + this.#view.getUint32(at + 4);
  }

  /** Eight bytes. */
  bigint64(): bigint {
    return this.#view.getBigInt64(this.#step(8));
  }

  /** A byte that is 0 or not. */
  bool(): boolean {
    return this.int8() !== 0;
  }

  /** A text or none. */
  text(): string | null {
    const length = this.#isFlexible ? this.#uvarint() - 1 : this.int16();
    return length < 0 ? null : decoder.decode(this.#take(length));
  }

  /** Bytes; no bytes where there are none. */
  bytes(): Uint8Array {
    const length = this.#length();
    return length < 0 ? new Uint8Array(0) : this.#take(length);
  }

  /** Several of a kind; none where there is no list. */
  list<T>(read: (reader: this) => T): T[] {
    const length = this.#length();
    if (length > this.left) this.#fail(`a list of ${length}`);
    const values: T[] = [];
    for (let i = 0; i < length; i++) values.push(read(this));
    return values;
  }

  /** The end of a structure: tags are passed over. */
  end(): void {
    if (!this.#isFlexible) return;
    for (let tags = this.#uvarint(); tags > 0; tags--) {
      this.#uvarint();
      this.#take(this.#uvarint());
    }
  }

  #length(): number {
    return this.#isFlexible ? this.#uvarint() - 1 : this.int32();
  }

  #take(length: number): Uint8Array {
    const at = this.#step(length);
    return this.#bytes.subarray(at, at + length);
  }

  #uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#view.getUint8(this.#step(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return this.#fail("a number of more than five bytes");
  }

  #step(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#bytes.length) this.#fail(`${bytes} bytes`);
    this.#at = at + bytes;
    return at;
  }

  #fail(wanted: string): never {
    throw new KafkaError(
      `Cannot read the broker's answer: it ends where ${wanted} should be (${this.#bytes.length} ` +
        `bytes in all); is this a Kafka broker?`,
    );
  }
}
