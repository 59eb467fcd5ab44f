import type { SeededRandom } from "../sampling/seeded_random.ts";
import type { ChainColumn } from "./entities.ts";

/** A random word of two numbers (the finalizer of MurmurHash3; Appleby, 2011). */
export function mixed(a: number, b: number): number {
  let h = (Math.imul(a | 0, 0x9e37_79b1) ^ Math.imul(b | 0, 0x85eb_ca6b) ^ (a / 2 ** 32)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Which of `profiles` keys one that has none of its own takes after. */
export function modelOf(key: number, profiles: number): number {
  return key < profiles ? key : mixed(key, 0) % profiles;
}

const NONE = -1;

/** The sums of each `width` numbers up to each. */
function cumulated(values: Float32Array | Float64Array, width: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += width) {
    let sum = 0;
    for (let at = start; at < start + width; at++) out[at] = sum += values[at];
  }
  return out;
}

/** The symbols of a column at the events of keys, each by that of the key's event before. */
export class ChainWalk {
  readonly #symbols: number;
  readonly #shares: Float32Array;
  readonly #transitions: Float32Array;
  readonly #own: number;
  #tables: Int32Array;
  #states: Int16Array;

  /** For so many slots. */
  constructor({ symbols, shares, transitions }: ChainColumn, slots: number) {
    this.#symbols = symbols;
    this.#shares = cumulated(shares, symbols);
    this.#transitions = cumulated(transitions, symbols);
    this.#own = transitions.length / symbols ** 2 - 1;
    this.#tables = new Int32Array(slots);
    this.#states = new Int16Array(slots);
  }

  /** Gives a slot to a key that is like a known one. */
  begin(slot: number, like: number): void {
    if (slot >= this.#states.length) this.#grow(Math.max(64, 2 * slot));
    this.#tables[slot] = like < this.#own ? (like + 1) * this.#symbols ** 2 : 0;
    this.#states[slot] = NONE;
  }

  #grow(length: number): void {
    const [tables, states] = [this.#tables, this.#states];
    this.#tables = new Int32Array(length);
    this.#states = new Int16Array(length);
    this.#tables.set(tables);
    this.#states.set(states);
  }

  /** The symbols of the next events, by their slots. */
  next(slots: Int32Array, random: SeededRandom): Uint32Array {
    const [states, tables, last] = [this.#states, this.#tables, this.#symbols - 1];
    const out = new Uint32Array(slots.length);
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i];
      const before = states[slot];
      const sums = before === NONE ? this.#shares : this.#transitions;
      const start = before === NONE ? 0 : tables[slot] + before * this.#symbols;
      const place = random.next();
      let symbol = 0;
      while (symbol < last && sums[start + symbol] <= place) symbol++;
      out[i] = states[slot] = symbol;
    }
    return out;
  }
}
