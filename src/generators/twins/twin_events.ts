import { ArrivalOrder } from "../arrival/arrival_order.ts";
import { ArrivalSampler } from "../arrival/arrival_sampler.ts";
import { type KeyDraws, keyDraws } from "../entities/key_draws.ts";
import { StateWalk } from "../entities/state_walk.ts";
import { mix64, SeededRandom } from "../sampling/seeded_random.ts";
import type { Twin } from "./twin.ts";

const FIRST = 2 ** 47;
const KEYS = 2 ** 48;
const STATES = 2 ** 49;

/** Events that are made together, in the order of their times. */
export interface EventChunk {
  /** The number of the chunk. */
  readonly number: number;
  readonly times: Float64Array;
  /** The numbers of their keys; absent where there are none. */
  readonly keys?: Float64Array;
  /** By column of states what the event's row is to be like. */
  readonly targets: readonly Uint32Array[];
}

/** Some events in the order in which they arrive. */
export interface Arrived {
  /** Numbers in the order of event times. */
  readonly indices: Float64Array;
  /** How late each is, ms. */
  readonly lateness: Float64Array;
}

/** The events of a stream, chunk by chunk: what is cheap to make, and depends on what came before. */
export class TwinEvents {
  readonly #twin: Twin;
  readonly #seed: bigint;
  readonly #arrivals: ArrivalSampler;
  readonly #order = new ArrivalOrder();
  readonly #draws: KeyDraws | undefined;
  readonly #walk: StateWalk;
  #next = 0;
  /** How many events are made together. */
  readonly size: number;

  /** Of a seed, from the beginning. */
  constructor(twin: Twin, seed: bigint) {
    const { arrivals, keys, states } = this.#twin = twin;
    this.#seed = seed;
    this.size = states.chunk;
    // other random words than rows, arrivals and keys of the same seed
    this.#arrivals = new ArrivalSampler(arrivals, { seed });
    const random = new SeededRandom(seed, FIRST);
    this.#draws = keys && keyDraws(keys.population, random);
    const ids = this.#draws?.ids ?? new Float64Array(1);
    this.#walk = new StateWalk(states, ids.length, Number(mix64(seed) & 0xffff_ffffn));
    for (let slot = 0; slot < ids.length; slot++) this.#walk.begin(slot, ids[slot]);
  }

  /** The next chunk, and the events that have arrived by its end. */
  next(): { chunk: EventChunk; arrived: Arrived } {
    const number = this.#next++;
    const { times, delays } = this.#arrivals.next(this.size);
    const slots = new Int32Array(this.size);
    const keys = this.#keys(slots, number);
    const random = new SeededRandom(this.#seed, STATES + number);
    const targets = this.#walk.next(slots, random);
    this.#order.push(times, delays);
    const arrived = this.#order.take();
    return { chunk: { number, times, ...(keys && { keys }), targets }, arrived };
  }

  #keys(slots: Int32Array, number: number): Float64Array | undefined {
    const draws = this.#draws;
    if (!draws || !this.#twin.keys) return undefined;
    const random = new SeededRandom(this.#seed, KEYS + number);
    draws.next(slots, random, (slot) => this.#walk.begin(slot, draws.ids[slot]));
    const keys = new Float64Array(slots.length);
    for (let i = 0; i < keys.length; i++) keys[i] = draws.ids[slots[i]];
    return keys;
  }
}
