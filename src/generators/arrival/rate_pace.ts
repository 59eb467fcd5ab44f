import { ArrivalSampler } from "./arrival_sampler.ts";
import { NO_DISORDER, type RateModel } from "./arrivals.ts";

const BLOCK_EVENTS = 4096;
const KEPT_BLOCKS = 4;

/** Options of {@linkcode RatePace}. */
export interface RatePaceOptions {
  /** Which times, where they are drawn: the same seed gives the same. */
  readonly seed: bigint;
  /** The time of the first event, ms since 1970: rates go by times of the day. Default 0. */
  readonly start?: number;
}

/** When the events of a rate are due, by their number, counted from the first. */
export class RatePace {
  readonly #sampler: ArrivalSampler;
  readonly #start: number;
  /** Times of events by block, those asked for last at the end. */
  readonly #blocks = new Map<number, Float64Array>();

  /** Of a rate. */
  constructor(rate: RateModel, { seed, start = 0 }: RatePaceOptions) {
    const grid = { step: 1, offset: 0 };
    this.#start = start;
    this.#sampler = new ArrivalSampler({ rate, disorder: NO_DISORDER, grid, start }, { seed });
  }

  /** How many whole ms after the first event so many events, at least 1, have happened. */
  dueMs(count: number): number {
    const event = count - 1;
    const block = Math.floor(event / BLOCK_EVENTS);
    return this.#times(block)[event - block * BLOCK_EVENTS] - this.#start;
  }

  #times(block: number): Float64Array {
    const known = this.#blocks.get(block);
    if (known) return known;
    this.#sampler.seek(block * BLOCK_EVENTS);
    const { times } = this.#sampler.next(BLOCK_EVENTS);
    if (this.#blocks.size >= KEPT_BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value!);
    this.#blocks.set(block, times);
    return times;
  }
}
