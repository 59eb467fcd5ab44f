const FIRST_BYTES = 256;
/** Pieces up to this length are copied byte by byte. */
const MOST_COPIED = 64;
export const LAST_ASCII = 0x7f;
/** Resets after which a text that could not be bytes is tried as bytes again. */
const PAUSE = 16;
/** Bytes above which the buffer is given back after a text that used little of it. */
const KEPT_BYTES = 65_536;
const decoder = new TextDecoder();

/**
 * A text that grows by pieces.
 *
 * Short ASCII pieces become bytes at once, while they are in the cache: when a rope of them is
 * flattened much later, each piece has to come from memory again, which costs more than the rest of
 * its trip. The first other piece makes a rope of it all.
 */
export class PiecedText {
  /** The text as ASCII, `count` bytes; meaningless when {@linkcode PiecedText.isRope}. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  count = 0;
  /** The text, when {@linkcode PiecedText.isRope}. */
  rope = "";
  isRope = false;
  /** The rope without its latest piece: to cut that off would copy all of it. */
  #before = "";
  #pause = 0;

  /** Its length in UTF-16 units. */
  get length(): number {
    return this.isRope ? this.rope.length : this.count;
  }

  /** Adds a piece. */
  append(piece: string): void {
    if (this.isRope || !this.#copy(piece)) this.#tie(piece);
  }

  #copy(piece: string): boolean {
    const { length } = piece;
    if (length > MOST_COPIED) return false;
    const start = this.count;
    if (start + length > this.bytes.length) this.#grow();
    const { bytes } = this;
    for (let i = 0; i < length; i++) {
      const unit = piece.charCodeAt(i);
      if (unit > LAST_ASCII) return false;
      bytes[start + i] = unit;
    }
    this.count = start + length;
    return true;
  }

  #grow(): void {
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes);
    this.bytes = larger;
  }

  #tie(piece: string): void {
    if (!this.isRope) {
      this.isRope = true;
      this.#pause = PAUSE;
      this.rope = this.count === 0 ? "" : decoder.decode(this.bytes.subarray(0, this.count));
    }
    this.#before = this.rope;
    this.rope += piece;
  }

  /** Takes the latest piece back, of so many units, right after it was added. */
  takeBack(length: number): void {
    if (this.isRope) this.rope = this.#before;
    else this.count -= length;
  }

  /** Cuts it to its first `length` units. */
  truncate(length: number): void {
    if (this.isRope) this.rope = this.rope.slice(0, length);
    else this.count = length;
  }

  /** Makes it empty. */
  reset(): void {
    if (this.#pause > 0) this.#pause--;
    this.isRope = this.#pause > 0;
    this.rope = this.#before = "";
    if (this.bytes.length > KEPT_BYTES && this.count < this.bytes.length / 8) {
      this.bytes = new Uint8Array(FIRST_BYTES);
    }
    this.count = 0;
  }
}
