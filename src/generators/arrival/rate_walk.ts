import { mix64 } from "../sampling/seeded_random.ts";
import type { RateCurve, RateLevels } from "./arrivals.ts";

const TWO_53 = 2 ** 53;

/** A rate over time as pieces, in each of which it is constant, one after the other from time 0. */
export interface RatePieces {
  /** Events a ms in the piece. */
  readonly rate: number;
  /** When the piece ends, ms after the start; may be infinite. */
  readonly end: number;
  /** Goes on to the next piece. */
  next(): void;
  /** What comes again and again, if anything does: how long it takes, ms, and events expected in it. */
  readonly round?: { readonly length: number; readonly events: number };
  /** Goes on by whole rounds. */
  jump?(rounds: number): void;
  /** Where it is, as numbers that {@linkcode RatePieces.restore} takes. */
  save(): number[];
  /** Goes to where it was. */
  restore(state: readonly number[]): void;
}

/** The pieces of a curve from a time on. */
export class CurvePieces implements RatePieces {
  readonly #rates: Float64Array;
  readonly #width: number;
  /** How far into its slot the start is, ms. */
  readonly #into: number;
  readonly #first: number;
  #slot = 0;
  /** Slots since the one of the start. */
  #passed = 0;
  readonly #once: boolean;
  readonly round?: { readonly length: number; readonly events: number };
  rate = 0;
  end = 0;

  /** From `start`, ms since 1970. */
  constructor({ rates, period, offset, once = false }: RateCurve, start: number) {
    this.#rates = rates;
    this.#width = period / rates.length;
    this.#once = once;
    const events = rates.reduce((sum, rate) => sum + rate, 0) * this.#width;
    if (!once) this.round = { length: period, events };
    const phase = once ? 0 : (((start - offset) % period) + period) % period;
    this.#first = Math.min(rates.length - 1, Math.floor(phase / this.#width));
    this.#into = phase - this.#first * this.#width;
    this.#go(0);
  }

  #go(passed: number): void {
    const { length } = this.#rates;
    this.#passed = passed;
    this.#slot = this.#once ? Math.min(passed, length - 1) : (this.#first + passed) % length;
    this.rate = this.#rates[this.#slot];
    const isLast = length === 1 || (this.#once && passed >= length - 1);
    this.end = isLast ? Infinity : (passed + 1) * this.#width - this.#into;
  }

  next(): void {
    this.#go(this.#passed + 1);
  }

  jump(rounds: number): void {
    this.#go(this.#passed + rounds * this.#rates.length);
  }

  save(): number[] {
    return [this.#passed];
  }

  restore([passed]: readonly number[]): void {
    this.#go(passed);
  }
}

/** Pieces whose rate is multiplied by levels that are drawn; which, depends on the seed alone. */
export class LevelPieces implements RatePieces {
  readonly #inner: RatePieces;
  readonly #levels: RateLevels;
  readonly #seed: bigint;
  #number = 0;
  #levelEnd = 0;
  rate = 0;
  end = 0;

  /** Begins with a level by the share of time that it has. */
  constructor(inner: RatePieces, levels: RateLevels, seed: bigint) {
    this.#inner = inner;
    this.#levels = levels;
    this.#seed = mix64(seed ^ 0x6c65_7665_6c73n);
    const total = levels.lengths.reduce((sum, each) => sum + each, 0);
    let left = this.#random(-1) * total;
    while (this.#number < levels.lengths.length - 1 && left >= levels.lengths[this.#number]) {
      left -= levels.lengths[this.#number++];
    }
    this.#levelEnd = this.#drawn();
    this.#set();
  }

  #random(number: number): number {
    const bits = mix64(this.#seed ^ BigInt.asUintN(64, BigInt(number)));
    return (Number(bits >> 11n) + 0.5) / TWO_53;
  }

  #drawn(): number {
    const { lengths } = this.#levels;
    return -Math.log(this.#random(this.#number)) * lengths[this.#number % lengths.length];
  }

  #set(): void {
    const { factors } = this.#levels;
    this.rate = this.#inner.rate * factors[this.#number % factors.length];
    this.end = Math.min(this.#inner.end, this.#levelEnd);
  }

  next(): void {
    const { end } = this;
    if (this.#inner.end <= end) this.#inner.next();
    if (this.#levelEnd <= end) {
      this.#number++;
      this.#levelEnd += this.#drawn();
    }
    this.#set();
  }

  save(): number[] {
    return [this.#number, this.#levelEnd, ...this.#inner.save()];
  }

  restore([number, levelEnd, ...inner]: readonly number[]): void {
    this.#inner.restore(inner);
    this.#number = number;
    this.#levelEnd = levelEnd;
    this.#set();
  }
}

/**
 * Goes along a rate: from the time of an event to that by which so many more are expected (the inverse
 * of the integrated rate; Çınlar, "Introduction to Stochastic Processes", 1975, section 4.7).
 */
export class RateWalk {
  readonly #pieces: RatePieces;
  /** Where it is, ms after the start. */
  time = 0;

  /** Along pieces, which are its own from now on. */
  constructor(pieces: RatePieces) {
    this.#pieces = pieces;
  }

  /** Goes on by as many events as are to be expected, and returns the time there. */
  advance(events: number): number {
    const pieces = this.#pieces;
    let left = events;
    while (left > 0) {
      const room = pieces.rate > 0 ? (pieces.end - this.time) * pieces.rate : 0;
      if (left < room) return this.time += left / pieces.rate;
      left -= room;
      this.time = pieces.end;
      pieces.next();
      left = this.#jump(left);
    }
    return this.time;
  }

  /** Takes whole rounds at once; returns the events that are left. */
  #jump(left: number): number {
    const { round } = this.#pieces;
    if (!round || !this.#pieces.jump || left < round.events) return left;
    const rounds = Math.floor(left / round.events);
    this.#pieces.jump(rounds);
    this.time += rounds * round.length;
    return left - rounds * round.events;
  }

  /** Where a walk is, as numbers. */
  save(): number[] {
    return [this.time, ...this.#pieces.save()];
  }

  /** Goes to where a walk was. */
  restore([time, ...pieces]: readonly number[]): void {
    this.time = time;
    this.#pieces.restore(pieces);
  }
}
