const NOTHING = new Uint8Array(0);

/** Chunks of bytes, as an iterable of either kind. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Bytes that come in chunks, read from the front. */
export class Feed {
  readonly #chunks: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;
  #bytes: Uint8Array = NOTHING;
  #offset = 0;
  #ended = false;

  /** A feed at the start of the chunks. */
  constructor(chunks: Chunks) {
    this.#chunks = Symbol.asyncIterator in chunks
      ? chunks[Symbol.asyncIterator]()
      : chunks[Symbol.iterator]();
  }

  /** How many bytes have been passed. */
  get offset(): number {
    return this.#offset;
  }

  /** The bytes that are here and have not been passed; valid until the next call. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Waits until that many bytes are here; `false` when there are not so many any more. */
  async fill(count: number): Promise<boolean> {
    while (this.#bytes.length < count) {
      if (this.#ended) return false;
      const { done, value } = await this.#chunks.next();
      if (done) this.#ended = true;
      else this.#append(value);
    }
    return true;
  }

  #append(chunk: Uint8Array): void {
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot inflate: a chunk must be a Uint8Array, received ${
          Object.prototype.toString.call(chunk)
        }`,
      );
    }
    if (this.#bytes.length === 0) {
      this.#bytes = chunk;
      return;
    }
    const joined = new Uint8Array(this.#bytes.length + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, this.#bytes.length);
    this.#bytes = joined;
  }

  /** Passes bytes that are here. */
  pass(count: number): void {
    this.#bytes = this.#bytes.subarray(count);
    this.#offset += count;
  }

  /** Passes bytes that may still have to come; `false` when there are not so many any more. */
  async skip(count: number): Promise<boolean> {
    let left = count;
    while (left > 0) {
      if (!await this.fill(1)) return false;
      const passed = Math.min(left, this.#bytes.length);
      this.pass(passed);
      left -= passed;
    }
    return true;
  }

  /** Lets go of the chunks. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#chunks.return?.();
  }
}
