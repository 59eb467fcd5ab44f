import { normalBelow } from "../normal.ts";
import type { SeededRandom } from "../sampling/seeded_random.ts";
import { atShare, INTERVALS, type KeyGaps, type KeyPopulation } from "./entities.ts";
import { NORMAL_MASK, normals } from "./normal.ts";

const TRIES = 32;

/** Draws one of many by weight (Walker's alias method, as built by Vose, 1991). */
class AliasDraw {
  readonly #shares: Float64Array;
  readonly #others: Int32Array;

  constructor(weights: Float64Array) {
    const { length } = weights;
    const total = weights.reduce((a, b) => a + b, 0);
    const shares = this.#shares = weights.map((weight) => weight / total * length);
    const others = this.#others = Int32Array.from(weights, (_, i) => i);
    const small: number[] = [];
    const large: number[] = [];
    for (let i = 0; i < length; i++) (shares[i] < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const one = small.pop()!;
      const other = large[large.length - 1];
      others[one] = other;
      shares[other] -= 1 - shares[one];
      if (shares[other] < 1) small.push(large.pop()!);
    }
    for (const one of [...small, ...large]) shares[one] = 1;
  }

  draw(random: SeededRandom): number {
    const place = random.next() * this.#shares.length;
    const at = Math.floor(place);
    return place - at < this.#shares[at] ? at : this.#others[at];
  }
}

/**
 * Draws the keys of events. Keys have slots: lasting ones that of their number, others one that is
 * free; a slot has the same key during a call.
 */
export interface KeyDraws {
  /** The number of the key in each slot. */
  readonly ids: Float64Array;
  /** The slots of the next events; tells `onBirth` of slots that get another key. */
  next(slots: Int32Array, random: SeededRandom, onBirth: (slot: number) => void): void;
}

/** Keys that are drawn by their shares alone. */
class IndependentKeys implements KeyDraws {
  readonly ids: Float64Array;
  readonly #alias: AliasDraw;

  constructor({ shares }: KeyPopulation) {
    this.ids = Float64Array.from(shares, (_, slot) => slot);
    this.#alias = new AliasDraw(shares);
  }

  next(slots: Int32Array, random: SeededRandom): void {
    for (let i = 0; i < slots.length; i++) slots[i] = this.#alias.draw(random);
  }
}

/** The class of a key of this share of events. */
export function gapClass({ limits }: KeyGaps, share: number): number {
  const at = limits.findIndex((limit) => share >= limit);
  return at < 0 ? limits.length - 1 : at;
}

/**
 * Keys that are due at times of their own, on a clock that goes on by one with each event: each event
 * goes to the key that is due first. So what lies between two events of a key is as it was, at any
 * rate of events (a superposition of renewal processes; Cox, "Renewal theory", 1962).
 */
class DueKeys implements KeyDraws {
  readonly #population: KeyPopulation;
  readonly #classes: Uint8Array;
  #at = 0;
  #nextBirth = Infinity;
  #born = 0;
  ids: Float64Array;
  #left: Int32Array;
  #dues: Float64Array;
  #scores: Float32Array;
  #heap: Int32Array;
  #size = 0;
  #slots: number;
  #free: number[] = [];

  constructor(population: KeyPopulation, random: SeededRandom) {
    const { shares, gaps, newcomers } = this.#population = population;
    const { length } = shares;
    this.#classes = Uint8Array.from(shares, (share) => gaps ? gapClass(gaps, share) : 0);
    this.ids = Float64Array.from(shares, (_, slot) => slot);
    this.#slots = length;
    this.#left = new Int32Array(length).fill(-1);
    this.#dues = new Float64Array(length);
    this.#scores = new Float32Array(length);
    this.#heap = new Int32Array(length);
    const table = normals();
    for (let slot = 0; slot < length; slot++) {
      this.#scores[slot] = table[random.word() & NORMAL_MASK];
      this.#dues[slot] = this.#firstDue(slot, random);
      this.#push(slot);
    }
    if (newcomers) this.#nextBirth = this.#untilBirth(newcomers.rate, random);
  }

  #untilBirth(rate: number, random: SeededRandom): number {
    return -Math.log(1 - random.next()) / rate;
  }

  /** When a key is due that has been there for long: within a gap drawn by its length. */
  #firstDue(slot: number, random: SeededRandom): number {
    const { gaps, shares } = this.#population;
    if (!gaps) return -Math.log(1 - random.next()) / shares[slot];
    const tries = Array.from({ length: TRIES }, () => this.#gapAt(slot, random.next()));
    let place = random.next() * tries.reduce((a, b) => a + b, 0);
    const chosen = tries.find((each) => (place -= each) < 0) ?? tries[0];
    return random.next() * chosen;
  }

  #gapAt(slot: number, share: number): number {
    const { gaps, shares } = this.#population;
    const start = this.#classes[slot] * (INTERVALS + 1);
    return atShare(gaps!.knots, share, start) / shares[slot];
  }

  #nextGap(slot: number, random: SeededRandom): number {
    const { gaps, shares, newcomers } = this.#population;
    if (slot >= shares.length) return atShare(newcomers!.gaps, random.next());
    if (!gaps) return -Math.log(1 - random.next()) / shares[slot];
    const memory = gaps.memories[this.#classes[slot]];
    if (memory === 0) return this.#gapAt(slot, random.next());
    const fresh = normals()[random.word() & NORMAL_MASK];
    const score = memory * this.#scores[slot] + Math.sqrt(1 - memory * memory) * fresh;
    this.#scores[slot] = score;
    return this.#gapAt(slot, normalBelow(score));
  }

  next(slots: Int32Array, random: SeededRandom, onBirth: (slot: number) => void): void {
    const ended: number[] = [];
    for (let i = 0; i < slots.length; i++) {
      while (this.#size === 0 || this.#nextBirth <= this.#dues[this.#heap[0]]) {
        onBirth(this.#bear(random));
      }
      const slot = slots[i] = this.#heap[0];
      this.#at = this.#dues[slot];
      if (this.#left[slot] > 0 && --this.#left[slot] === 0) {
        ended.push(slot);
        this.#replaceFirst(this.#heap[--this.#size]);
      } else {
        this.#dues[slot] = this.#at + this.#nextGap(slot, random);
        this.#replaceFirst(slot);
      }
    }
    this.#free.push(...ended);
  }

  /** A new key, due at once. */
  #bear(random: SeededRandom): number {
    const { newcomers, shares } = this.#population;
    const slot = this.#free.pop() ?? this.#newSlot();
    this.ids[slot] = shares.length + this.#born++;
    this.#left[slot] = Math.max(1, Math.round(atShare(newcomers!.lives, random.next())));
    this.#dues[slot] = this.#nextBirth;
    this.#nextBirth += this.#untilBirth(newcomers!.rate, random);
    this.#push(slot);
    return slot;
  }

  #newSlot(): number {
    const slot = this.#slots++;
    if (slot >= this.ids.length) {
      const length = Math.max(64, slot * 2);
      this.ids = grown(this.ids, new Float64Array(length));
      this.#left = grown(this.#left, new Int32Array(length));
      this.#dues = grown(this.#dues, new Float64Array(length));
      this.#heap = grown(this.#heap, new Int32Array(length));
    }
    return slot;
  }

  #push(slot: number): void {
    const [heap, dues] = [this.#heap, this.#dues];
    let at = this.#size++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (dues[heap[above]] <= dues[slot]) break;
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = slot;
  }

  #replaceFirst(slot: number): void {
    const [heap, dues, size] = [this.#heap, this.#dues, this.#size];
    if (size === 0) return;
    const due = dues[slot];
    let at = 0;
    while (true) {
      let below = 2 * at + 1;
      if (below >= size) break;
      if (below + 1 < size && dues[heap[below + 1]] < dues[heap[below]]) below++;
      if (dues[heap[below]] >= due) break;
      heap[at] = heap[below];
      at = below;
    }
    heap[at] = slot;
  }
}

function grown<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Draws keys as a population has them. */
export function keyDraws(population: KeyPopulation, random: SeededRandom): KeyDraws {
  const { gaps, newcomers } = population;
  return gaps || newcomers ? new DueKeys(population, random) : new IndependentKeys(population);
}
