import { SeededRandom } from "../sampling/seeded_random.ts";
import type { Arrivals, DisorderModel, RateModel } from "./arrivals.ts";
import { type GapSource, gapSource, pick } from "./gap_source.ts";
import { CurvePieces, LevelPieces, RateWalk } from "./rate_walk.ts";

/** Events that are drawn with one random generator. */
const BLOCK_EVENTS = 4096;
/** Blocks from one place that is remembered to the next. */
const CHECKPOINT_BLOCKS = 64;
const MOST_TIME = 8.64e15;
/** What keeps a time that is whole but for rounding from being rounded down, ms. */
const ROUNDING = 1e-6;
const TIMES = 2 ** 50;
const DELAYS = 2 ** 51;

/** Options of {@linkcode ArrivalSampler}. */
export interface ArrivalSamplerOptions {
  /** Which times and delays: the same seed gives the same. */
  readonly seed: bigint;
  /** The time of the first event, ms since 1970. Default: what the arrivals say. */
  readonly start?: number;
}

/** Events in the order of their times. */
export interface TimedEvents {
  /** Event times, ms since 1970, ascending. */
  readonly times: Float64Array;
  /** By how much later each arrives, ms, from 0; not on the grid of the times. */
  readonly delays: Float64Array;
}

/** The walk along a rate from a time on; levels that are drawn depend on the seed. */
function rateWalk({ curve, levels }: RateModel, start: number, seed: bigint): RateWalk {
  const pieces = new CurvePieces(curve, start);
  return new RateWalk(levels ? new LevelPieces(pieces, levels, seed) : pieces);
}

function cumulated(weights: Float64Array): Float64Array {
  let sum = 0;
  return weights.map((each) => sum += each);
}

/**
 * Makes the times at which events happen and the delays with which they arrive. Event i depends on the
 * arrivals, the seed, the start and i alone.
 */
export class ArrivalSampler {
  readonly #grid: Arrivals["grid"];
  readonly #disorder: DisorderModel;
  readonly #delaySums: Float64Array;
  readonly #seed: bigint;
  readonly #start: number;
  readonly #walk: RateWalk;
  readonly #gaps: GapSource;
  /** States of walk and gaps at the begin of every so many blocks, as far as it has come. */
  readonly #checkpoints: number[][] = [];
  /** The block that is at hand, and the times in it. */
  #block = -1;
  readonly #times = new Float64Array(BLOCK_EVENTS);
  readonly #delays = new Float64Array(BLOCK_EVENTS);
  #position = 0;

  /** Begins at event 0, which is at the start. */
  constructor(arrivals: Arrivals, { seed, start = arrivals.start }: ArrivalSamplerOptions) {
    if (!(Math.abs(start) <= MOST_TIME)) {
      throw new RangeError(`Cannot sample arrivals: the start is no time, received ${start}`);
    }
    this.#grid = arrivals.grid;
    this.#disorder = arrivals.disorder;
    this.#delaySums = cumulated(arrivals.disorder.weights);
    this.#seed = seed;
    this.#start = start;
    this.#walk = rateWalk(arrivals.rate, start, seed);
    this.#gaps = gapSource(arrivals.rate.gaps);
  }

  /** The number of the event that comes next. */
  get position(): number {
    return this.#position;
  }

  /**
   * Goes to an event, whatever its number: back to a place that is remembered, and on from there
   * without more than drawing.
   */
  seek(event: number): void {
    this.#position = event;
  }

  /**
   * The next events.
   *
   * @throws {RangeError} when their times are beyond those that there are.
   */
  next(count: number): TimedEvents {
    const times = new Float64Array(count);
    const delays = new Float64Array(count);
    for (let done = 0; done < count;) {
      const block = Math.floor(this.#position / BLOCK_EVENTS);
      this.#load(block);
      const first = this.#position - block * BLOCK_EVENTS;
      const last = Math.min(BLOCK_EVENTS, first + count - done);
      times.set(this.#times.subarray(first, last), done);
      delays.set(this.#delays.subarray(first, last), done);
      done += last - first;
      this.#position += last - first;
    }
    return { times, delays };
  }

  #load(block: number): void {
    if (block === this.#block) return;
    if (block < this.#block || block >= this.#block + CHECKPOINT_BLOCKS) this.#return(block);
    while (this.#block < block) this.#draw(this.#block + 1);
    this.#drawDelays(block);
  }

  /** Goes to the last place at or before a block that is remembered, unless it is nearer already. */
  #return(block: number): void {
    const wanted = Math.floor(block / CHECKPOINT_BLOCKS);
    const at = Math.min(wanted, this.#checkpoints.length - 1);
    const first = at * CHECKPOINT_BLOCKS;
    if (at < 0 || (this.#block < block && this.#block >= first)) return;
    const [state, ...walk] = this.#checkpoints[at];
    this.#gaps.state = state;
    this.#walk.restore(walk);
    this.#block = first - 1;
  }

  /** Draws the times of a block, right after those of the one before. */
  #draw(block: number): void {
    if (block % CHECKPOINT_BLOCKS === 0) {
      this.#checkpoints[block / CHECKPOINT_BLOCKS] ??= [this.#gaps.state, ...this.#walk.save()];
    }
    const random = new SeededRandom(this.#seed, TIMES + block);
    const { step, offset } = this.#grid;
    const start = this.#start - offset + ROUNDING;
    for (let at = 0; at < BLOCK_EVENTS; at++) {
      if (block > 0 || at > 0) this.#walk.advance(this.#gaps.next(random));
      this.#times[at] = Math.floor((start + this.#walk.time) / step) * step + offset;
    }
    this.#block = block;
    const last = this.#times[BLOCK_EVENTS - 1];
    if (last <= MOST_TIME) return;
    throw new RangeError(
      `Cannot sample arrivals: event ${block * BLOCK_EVENTS} and those after it would be ` +
        `beyond the year 275760; sample fewer, or with a higher rate`,
    );
  }

  #drawDelays(block: number): void {
    const { share, edges } = this.#disorder;
    this.#delays.fill(0);
    if (share === 0) return;
    const random = new SeededRandom(this.#seed, DELAYS + block);
    for (let at = 0; at < BLOCK_EVENTS; at++) {
      const isDelayed = random.next() < share;
      const bin = pick(this.#delaySums, 0, this.#delaySums.length, random.next());
      const within = 1 - random.next();
      if (isDelayed) this.#delays[at] = edges[bin] + within * (edges[bin + 1] - edges[bin]);
    }
  }
}
