import type { SeededRandom } from "../sampling/seeded_random.ts";
import type { KeyStates, StateColumn } from "./entities.ts";
import { NORMAL_MASK, NORMALS } from "./normal.ts";

const HIGH_BITS = 16;
/** How far the levels of a made key are from those of the key that it takes after. */
const DRIFT = 0.25;

/** A random word of two numbers (Steele, Lea, Flood's mixer in 32 bits, as of MurmurHash3). */
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

/** How a column goes on in a slot. */
interface Walk {
  readonly of: StateColumn;
  levels: Float32Array;
  /** The standard deviation of what is carried on, and of what is new each time. */
  carried: Float32Array;
  fresh: Float32Array;
  memories: Float32Array;
  /** What is carried on, of variance 1. */
  states: Float32Array;
}

/**
 * The normal scores of columns at the events of keys: in each column the key's level, what is carried
 * on from its last event (an autoregression of order 1), and what is new.
 */
export class StateWalk {
  readonly #model: KeyStates;
  readonly #walks: readonly Walk[];
  readonly #seed: number;

  /** For slots that get their keys by {@linkcode StateWalk.begin}. */
  constructor(model: KeyStates, slots: number, seed: number) {
    this.#model = model;
    this.#seed = seed;
    this.#walks = model.columns.map((of) => {
      const numbers = () => new Float32Array(slots);
      const [levels, carried, fresh] = [numbers(), numbers(), numbers()];
      return { of, levels, carried, fresh, memories: numbers(), states: numbers() };
    });
  }

  /** Gives a slot to a key. */
  begin(slot: number, key: number): void {
    this.#walks.forEach((walk, at) => {
      if (slot >= walk.states.length) grow(walk, Math.max(64, 2 * slot));
      const { level, spread, memory } = this.#profile(walk.of, key, at);
      walk.levels[slot] = level;
      walk.carried[slot] = spread * Math.sqrt(walk.of.carried);
      walk.fresh[slot] = spread * Math.sqrt(1 - walk.of.carried);
      walk.memories[slot] = memory;
      walk.states[slot] = NORMALS[mixed(key + 1, this.#seed + 3 * at) & NORMAL_MASK];
    });
  }

  #profile({ level, memory }: StateColumn, key: number, at: number) {
    const { profiles, levels, spreads, memories, columns } = this.#model;
    const drawn = NORMALS[mixed(key + 1, 3 * at + 1) & NORMAL_MASK] * Math.sqrt(level);
    if (profiles === 0) return { level: drawn, spread: Math.sqrt(1 - level), memory };
    const from = modelOf(key, profiles) * columns.length + at;
    const near = key < profiles ? 0 : DRIFT * drawn;
    return { level: levels[from] + near, spread: spreads[from], memory: memories[from] };
  }

  /** The scores of the next events, by their slots. */
  next(slots: Int32Array, random: SeededRandom): Float32Array[] {
    return this.#walks.map((walk) => stepped(walk, slots, random));
  }

  /** What it needs to go on later. */
  save(): Float32Array[][] {
    return this.#walks.map((walk) => PARTS.map((part) => walk[part].slice()));
  }

  /** Goes on from there. */
  restore(saved: readonly (readonly Float32Array[])[]): void {
    this.#walks.forEach((walk, at) => {
      PARTS.forEach((part, of) => walk[part] = saved[at][of].slice());
    });
  }
}

const PARTS = ["levels", "carried", "fresh", "memories", "states"] as const;

function grow(walk: Walk, length: number): void {
  for (const part of PARTS) {
    const before = walk[part];
    walk[part] = new Float32Array(length);
    walk[part].set(before);
  }
}

function stepped(walk: Walk, slots: Int32Array, random: SeededRandom): Float32Array {
  const { levels, carried, fresh, memories, states } = walk;
  const out = new Float32Array(slots.length);
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i];
    const word = random.word();
    const memory = memories[slot];
    const state = memory * states[slot] +
      Math.sqrt(1 - memory * memory) * NORMALS[word & NORMAL_MASK];
    states[slot] = state;
    out[i] = levels[slot] + carried[slot] * state +
      fresh[slot] * NORMALS[(word >>> HIGH_BITS) & NORMAL_MASK];
  }
  return out;
}
