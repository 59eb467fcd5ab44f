import { damaged } from "./damaged.ts";
import { KnownShape } from "./known_shape.ts";
import { hashBytes } from "./shape.ts";

/** Shapes a reader remembers before it starts over. */
export const MAX_CACHED_SHAPES = 2048;
const MAX_KEY_BYTES = 2 ** 24;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parse(bytes: Uint8Array<ArrayBuffer>): KnownShape {
  let keys: unknown;
  try {
    keys = JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw damaged("the keys of a shape do not parse", cause);
  }
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string")) {
    throw damaged("the keys of a shape are not strings");
  }
  return new KnownShape(keys, bytes);
}

function equalBytes(known: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}

/** The shapes that a reader has met, found by the bytes of their keys. */
export class ShapeCache {
  readonly #byHash = new Map<number, KnownShape>();

  /** Shapes remembered. */
  get size(): number {
    return this.#byHash.size;
  }

  /** The shape whose keys are the `length` bytes at `start`. */
  find(hash: number, bytes: Uint8Array<ArrayBuffer>, start: number, length: number): KnownShape {
    if (length > MAX_KEY_BYTES || start + length > bytes.length) {
      throw damaged("the keys of a shape lie beyond its end");
    }
    const known = this.#byHash.get(hash);
    if (known !== undefined && known.bytes.length === length) {
      if (equalBytes(known.bytes, bytes, start)) return known;
    }
    const own = bytes.slice(start, start + length);
    if (hashBytes(own) !== hash) throw damaged("the keys of a shape do not match their hash");
    if (this.#byHash.size >= MAX_CACHED_SHAPES) this.#byHash.clear();
    const shape = parse(own);
    this.#byHash.set(hash, shape);
    return shape;
  }
}
