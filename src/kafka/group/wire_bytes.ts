import { KafkaError } from "../driver/kafka_error.ts";

const text = new TextEncoder();
const words = new TextDecoder();

/** Writes numbers, texts and arrays as in Kafka's protocol guide, "Protocol Primitive Types". */
export class WireWriter {
  readonly #bytes: number[] = [];

  /** An INT16. */
  int16(value: number): this {
    this.#bytes.push(value >> 8 & 0xff, value & 0xff);
    return this;
  }

  /** An INT32. */
  int32(value: number): this {
    return this.int16(value >> 16).int16(value);
  }

  /** A STRING. */
  string(value: string): this {
    const bytes = text.encode(value);
    this.int16(bytes.length);
    this.#bytes.push(...bytes);
    return this;
  }

  /** NULLABLE_BYTES. */
  bytes(value: Uint8Array | undefined): this {
    this.int32(value?.length ?? -1);
    for (const byte of value ?? []) this.#bytes.push(byte);
    return this;
  }

  /** An ARRAY. */
  array<T>(values: readonly T[], write: (value: T) => void): this {
    this.int32(values.length);
    values.forEach(write);
    return this;
  }

  /** What was written. */
  done(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}

/** Reads what a {@linkcode WireWriter}, or another client, has written. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  /** @param what It is, for messages. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /** Whether there is nothing more. */
  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** An INT16. */
  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  /** An INT32. */
  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** A STRING. */
  string(): string {
    const length = this.int16();
    const from = this.#take(length);
    return words.decode(this.#bytes.subarray(from, from + length));
  }

  /** NULLABLE_BYTES. */
  bytes(): Uint8Array | undefined {
    const length = this.int32();
    if (length === -1) return undefined;
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** An ARRAY. */
  array<T>(read: () => T): T[] {
    const values: T[] = [];
    for (let left = this.int32(); left > 0; left--) values.push(read());
    return values;
  }

  #take(length: number): number {
    const from = this.#at;
    if (length >= 0 && from + length <= this.#bytes.length) {
      this.#at = from + length;
      return from;
    }
    throw new KafkaError(
      `Cannot read ${this.#what}: ${length} bytes are to come at byte ${from} of ` +
        `${this.#bytes.length}; another client of the group may use another format`,
    );
  }
}
