import { ArrivalOrder } from "../arrival/arrival_order.ts";
import { ArrivalSampler } from "../arrival/arrival_sampler.ts";
import type { Arrivals } from "../arrival/arrivals.ts";
import type { Pace } from "../streaming/pace.ts";

const CHUNK_EVENTS = 4096;
const KEPT_CHUNKS = 64;

/** When the records of a twin arrive, from one of them on, at a speed. */
export class TwinPace implements Pace {
  readonly #of: { readonly arrivals: Arrivals; readonly seed: bigint };
  readonly #first: number;
  readonly #speed: number;
  #sampler: ArrivalSampler;
  #order = new ArrivalOrder();
  /** Times of arrival, piece by piece, in order. */
  #pieces: { readonly start: number; readonly times: Float64Array }[] = [];
  #end = 0;
  #startMs: number | undefined;

  /** Counted from the record `first`, the one after it being the second. */
  constructor(
    of: { readonly arrivals: Arrivals; readonly seed: bigint },
    { first, speed }: { readonly first: number; readonly speed: number },
  ) {
    this.#of = of;
    this.#first = first;
    this.#speed = speed;
    this.#sampler = new ArrivalSampler(of.arrivals, { seed: of.seed });
  }

  /** How long after the first so many records have arrived, ms. */
  dueMs(count: number): number {
    this.#startMs ??= this.#arrival(this.#first);
    return (this.#arrival(this.#first + count - 1) - this.#startMs) / this.#speed;
  }

  #arrival(record: number): number {
    if (this.#pieces.length > 0 && record < this.#pieces[0].start) this.#restart();
    while (this.#end <= record) this.#advance();
    const { start, times } = this.#pieces.findLast((piece) => piece.start <= record)!;
    return times[record - start];
  }

  #restart(): void {
    this.#sampler = new ArrivalSampler(this.#of.arrivals, { seed: this.#of.seed });
    this.#order = new ArrivalOrder();
    this.#pieces = [];
    this.#end = 0;
  }

  #advance(): void {
    const { times, delays } = this.#sampler.next(CHUNK_EVENTS);
    this.#order.push(times, delays);
    const { arrivals } = this.#order.take();
    if (arrivals.length === 0) return;
    this.#pieces.push({ start: this.#end, times: arrivals });
    this.#end += arrivals.length;
    if (this.#pieces.length > KEPT_CHUNKS) this.#pieces.shift();
  }
}
