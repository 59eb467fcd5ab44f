import { grown, IdPool } from "./id_pool.ts";

const FIRST_SLOTS = 256;

function hashOf(a: number, b: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

/** Ids for pairs of ids. */
export class PairIds {
  /** The ids in use. */
  readonly pool: IdPool = new IdPool();
  /** Id + 1 by hash, open addressing; 0 is free. */
  #slots = new Int32Array(FIRST_SLOTS);
  #lefts = new Int32Array(FIRST_SLOTS);
  #rights = new Int32Array(FIRST_SLOTS);

  /** Bytes that the pairs take. */
  get bytes(): number {
    return 4 * (this.#slots.length + 2 * this.#lefts.length);
  }

  /** The left one of a pair. */
  leftOf(id: number): number {
    return this.#lefts[id];
  }

  /** The right one of a pair. */
  rightOf(id: number): number {
    return this.#rights[id];
  }

  /** Puts the ids of pairs in the place of their left ones. */
  pair(lefts: Int32Array, rights: Int32Array, length: number): void {
    for (let row = 0; row < length; row++) lefts[row] = this.#idOf(lefts[row], rights[row]);
  }

  #idOf(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(left, right) & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] - 1;
      if (this.#lefts[id] === left && this.#rights[id] === right) return id;
    }
    return this.#learn(left, right);
  }

  #learn(left: number, right: number): number {
    const id = this.pool.take();
    this.#lefts = grown(this.#lefts, id + 1);
    this.#rights = grown(this.#rights, id + 1);
    this.#lefts[id] = left;
    this.#rights[id] = right;
    if (2 * this.pool.used > this.#slots.length) this.#enterAll(2 * this.#slots.length);
    this.#enter(id);
    return id;
  }

  #enter(id: number): void {
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.#lefts[id], this.#rights[id]) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = id + 1;
  }

  #enterAll(slots: number): void {
    const old = this.#slots;
    this.#slots = new Int32Array(slots);
    for (const slot of old) if (slot !== 0) this.#enter(slot - 1);
  }

  /** Forgets the pairs whose id is not marked. */
  keep(marked: Uint8Array): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length);
    for (const slot of old) {
      if (slot === 0) continue;
      if (marked[slot - 1] === 1) this.#enter(slot - 1);
      else this.pool.release(slot - 1);
    }
  }
}
