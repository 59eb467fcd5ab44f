import { concatBytes } from "./concat_bytes.ts";
import { Inflater } from "../runtime/inflater.ts";

const PIECE_BYTES = 65_536;

/**
 * Inflates whole frames of zstd (RFC 8878), with one inflater for all of them: to make one takes a
 * hundred times as long as a small frame does.
 */
export class ZstdInflater implements Disposable {
  readonly #room = new Uint8Array(PIECE_BYTES);
  #inflater: Inflater | undefined;

  /**
   * Inflates frames, one after the other, in pieces so that no more is made than is allowed.
   *
   * @throws {RangeError} when they are damaged; what `tooLarge` gives when they make more.
   */
  inflate(bytes: Uint8Array, maxBytes: number, tooLarge: () => Error): Uint8Array<ArrayBuffer> {
    try {
      return this.#frames(bytes, maxBytes, tooLarge);
    } catch (error) {
      // it may be in the middle of a frame
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Gives back what it holds outside of the heap; it can be used again. */
  [Symbol.dispose](): void {
    this.#inflater?.[Symbol.dispose]();
    this.#inflater = undefined;
  }

  #frames(bytes: Uint8Array, maxBytes: number, tooLarge: () => Error): Uint8Array<ArrayBuffer> {
    const inflater = this.#inflater ??= new Inflater("zstd");
    // with a byte behind the frames, which none of them takes, their end can be told
    const input = new Uint8Array(bytes.length + 1);
    input.set(bytes);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let total = 0;
    for (let at = 0; at < bytes.length;) {
      for (let isOpen = true; isOpen;) {
        const { consumed, written } = inflater.step(input.subarray(at), this.#room);
        at += consumed;
        total += written;
        pieces.push(this.#room.slice(0, written));
        if (at > bytes.length) throw new RangeError("its zstd frame is cut short");
        if (total > maxBytes) throw tooLarge();
        isOpen = written === this.#room.length;
      }
    }
    return pieces.length === 0 ? new Uint8Array() : concatBytes(pieces);
  }
}

/**
 * Inflates frames of zstd once.
 *
 * @throws {RangeError} when they are damaged; what `tooLarge` gives when they make more.
 */
export function unzstd(bytes: Uint8Array, maxBytes: number, tooLarge: () => Error): Uint8Array {
  using inflater = new ZstdInflater();
  return inflater.inflate(bytes, maxBytes, tooLarge);
}
