import type { SeededRandom } from "../sampling/seeded_random.ts";
import type { KeyStates, WalkColumn } from "./entities.ts";
import { sortWords } from "./row_matching.ts";
import { ChainWalk, mixed, modelOf } from "./chain_walk.ts";
import { NORMAL_MASK, normals } from "./normal.ts";

const HIGH_BITS = 16;
/** How far the levels of a made key are from those of the key that it takes after. */
const DRIFT = 0.25;

/** How a column goes on in a slot. */
interface Walk {
  readonly of: WalkColumn;
  levels: Float32Array;
  /** The standard deviation of what is carried on, and of what is new each time. */
  carried: Float32Array;
  fresh: Float32Array;
  memories: Float32Array;
  /** What is carried on, of variance 1. */
  states: Float32Array;
}

/**
 * What columns are to be like at the events of keys. A column of few categories goes on by a Markov
 * chain; of any other the normal score is the key's level, what is carried on from its last event (an
 * autoregression of order 1), and what is new.
 */
export class StateWalk {
  readonly #model: KeyStates;
  readonly #chains: readonly ChainWalk[];
  readonly #walks: readonly Walk[];
  readonly #seed: number;

  /** For slots that get their keys by {@linkcode StateWalk.begin}. */
  constructor(model: KeyStates, slots: number, seed: number) {
    this.#model = model;
    this.#seed = seed;
    this.#chains = model.columns.flatMap((of) =>
      of.kind === "chain" ? [new ChainWalk(of, slots)] : []
    );
    this.#walks = model.columns.flatMap((of): Walk[] => {
      if (of.kind === "chain") return [];
      const numbers = () => new Float32Array(slots);
      const [levels, carried, fresh] = [numbers(), numbers(), numbers()];
      return [{ of, levels, carried, fresh, memories: numbers(), states: numbers() }];
    });
  }

  /** Gives a slot to a key. */
  begin(slot: number, key: number): void {
    const { profiles } = this.#model;
    const like = profiles > 0 ? modelOf(key, profiles) : key;
    for (const chain of this.#chains) chain.begin(slot, like);
    this.#walks.forEach((walk, at) => {
      if (slot >= walk.states.length) grow(walk, Math.max(64, 2 * slot));
      const { level, spread, memory } = this.#profile(walk.of, key, at);
      walk.levels[slot] = level;
      walk.carried[slot] = spread * Math.sqrt(walk.of.carried);
      walk.fresh[slot] = spread * Math.sqrt(1 - walk.of.carried);
      walk.memories[slot] = memory;
      walk.states[slot] = normals()[mixed(key + 1, this.#seed + 3 * at) & NORMAL_MASK];
    });
  }

  #profile({ level, memory }: WalkColumn, key: number, at: number) {
    const { profiles, levels, spreads, memories } = this.#model;
    const drawn = normals()[mixed(key + 1, 3 * at + 1) & NORMAL_MASK] * Math.sqrt(level);
    if (profiles === 0) return { level: drawn, spread: Math.sqrt(1 - level), memory };
    const from = modelOf(key, profiles) * this.#walks.length + at;
    const near = key < profiles ? 0 : DRIFT * drawn;
    return { level: levels[from] + near, spread: spreads[from], memory: memories[from] };
  }

  /** What the next events are to be like, by their slots: words that sort, of each column. */
  next(slots: Int32Array, random: SeededRandom): Uint32Array[] {
    const symbols = this.#chains.map((chain) => chain.next(slots, random));
    return [...symbols, ...this.#walks.map((walk) => sortWords(stepped(walk, slots, random)))];
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
  const table = normals();
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i];
    const word = random.word();
    const memory = memories[slot];
    const state = memory * states[slot] +
      Math.sqrt(1 - memory * memory) * table[word & NORMAL_MASK];
    states[slot] = state;
    out[i] = levels[slot] + carried[slot] * state +
      fresh[slot] * table[(word >>> HIGH_BITS) & NORMAL_MASK];
  }
  return out;
}
