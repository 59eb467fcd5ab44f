/** The exact ordered keys of a plain object, known to a writer. */
export class Shape {
  readonly keys: readonly string[];
  /** The keys as JSON text: what a batch carries of the shape. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly hash: number;
  /** The shape's number in the batch being laid out, valid when `batch` is that batch's. */
  index = 0;
  batch = 0;

  constructor(keys: readonly string[]) {
    this.keys = keys;
    this.bytes = new TextEncoder().encode(JSON.stringify(keys));
    this.hash = hashBytes(this.bytes);
  }
}

/** FNV-1a over bytes, 32 bits. */
export function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Shapes known before a new one must be met twice to be learned. */
const EAGER_SHAPES = 64;
/** The most shapes, and the most columns of them, that a writer learns before it starts over. */
export const MAX_SHAPES = 1024;
export const MAX_COLUMNS = 8192;
/** Shapes met once that are remembered. */
const MAX_CANDIDATES = 1024;

/** The shapes of one writer. Bounded: where each record has keys of its own, none is learned. */
export class ShapeTable {
  readonly #shapes = new Map<string, Shape>();
  readonly #candidates = new Set<string>();
  #columns = 0;

  /** Whether the bounds are reached and the writer should forget all columns. */
  get full(): boolean {
    return this.#shapes.size >= MAX_SHAPES || this.#columns >= MAX_COLUMNS;
  }

  /** Shapes known. */
  get size(): number {
    return this.#shapes.size;
  }

  /** The shape of these keys for one more object column, or `undefined` if it is not learned (yet). */
  learn(keys: readonly string[]): Shape | undefined {
    if (this.full) return undefined;
    const name = JSON.stringify(keys);
    let shape = this.#shapes.get(name);
    if (shape === undefined) {
      if (this.#shapes.size >= EAGER_SHAPES && !this.#metBefore(name)) return undefined;
      shape = new Shape(keys);
      this.#shapes.set(name, shape);
    }
    this.#columns += keys.length;
    return shape;
  }

  #metBefore(name: string): boolean {
    if (this.#candidates.delete(name)) return true;
    if (this.#candidates.size >= MAX_CANDIDATES) this.#candidates.clear();
    this.#candidates.add(name);
    return false;
  }

  clear(): void {
    this.#shapes.clear();
    this.#candidates.clear();
    this.#columns = 0;
  }
}
