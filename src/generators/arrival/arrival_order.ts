const MOST_WAITING = 16_777_216;

/** Events in the order in which they arrive. */
export interface ArrivedEvents {
  /** Which they are: numbers in the order of event times, from 0. */
  readonly indices: Float64Array;
  /** By how much each is older than the newest event that arrived before it, ms; 0 if it is not. */
  readonly lateness: Float64Array;
  /** When each arrives: its event time and its delay, ms since 1970. */
  readonly arrivals: Float64Array;
}

/** Numbers that grow as more are added. */
class Growing {
  #values = new Float64Array(1024);
  length = 0;

  add(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Float64Array(2 * this.length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
  }

  take(): Float64Array {
    const out = this.#values.slice(0, this.length);
    this.length = 0;
    return out;
  }
}

/** A delayed event that has not arrived. */
interface Waiting {
  readonly arrival: number;
  readonly index: number;
  readonly time: number;
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.arrival < b.arrival || (a.arrival === b.arrival && a.index < b.index);
}

/**
 * Puts events that are given in the order of their times into that of their arrival, and tells of each
 * how late it truly is. What arrives at the same moment keeps its order. Only delayed events that have
 * not arrived yet are kept in memory.
 */
export class ArrivalOrder {
  /** A binary heap, the first to arrive on top. */
  readonly #heap: Waiting[] = [];
  readonly #indices = new Growing();
  readonly #lateness = new Growing();
  readonly #arrivals = new Growing();
  #next: number;
  #newest = -Infinity;
  #last = -Infinity;

  /** @param first The number of the first event. Default 0. */
  constructor(first = 0) {
    this.#next = first;
  }

  /** How many events have been given, and wait for others to arrive before them. */
  get waiting(): number {
    return this.#heap.length;
  }

  /**
   * Takes the next events.
   *
   * @param times Event times, ms, ascending, also from one call to the next.
   * @param delays By how much later each arrives, ms, from 0.
   * @throws {RangeError} when times descend, a delay is negative, or too many events wait.
   */
  push(times: Float64Array, delays: Float64Array): void {
    for (let at = 0; at < times.length; at++) {
      const time = times[at];
      if (!(time >= this.#last && delays[at] >= 0)) {
        throw new RangeError(
          `Cannot order arrivals: times must ascend and delays be 0 or more, received ${time} ` +
            `after ${this.#last}, delayed by ${delays[at]}`,
        );
      }
      this.#last = time;
      const event = { arrival: time + delays[at], index: this.#next++, time };
      if (event.arrival > time) this.#wait(event);
      else {
        this.#release(time);
        this.#arrive(event);
      }
    }
    this.#release(this.#last);
  }

  /** What arrives before any event that is yet to be given, without what was taken already. */
  take(): ArrivedEvents {
    return {
      indices: this.#indices.take(),
      lateness: this.#lateness.take(),
      arrivals: this.#arrivals.take(),
    };
  }

  /** All that has not been taken: no more events come. */
  finish(): ArrivedEvents {
    this.#release(Infinity);
    return this.take();
  }

  #arrive({ index, time, arrival }: Waiting): void {
    this.#indices.add(index);
    this.#lateness.add(Math.max(0, this.#newest - time));
    this.#arrivals.add(arrival);
    this.#newest = Math.max(this.#newest, time);
  }

  /** Lets those arrive whose time has come. */
  #release(until: number): void {
    while (this.#heap.length > 0 && this.#heap[0].arrival <= until) this.#arrive(this.#pop());
  }

  #wait(event: Waiting): void {
    const heap = this.#heap;
    if (heap.length >= MOST_WAITING) {
      throw new RangeError(
        `Cannot order arrivals: ${MOST_WAITING} delayed events wait at once; lower the rate, the ` +
          `share of delayed events, or their greatest delay`,
      );
    }
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(event, heap[above])) break;
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = event;
  }

  #pop(): Waiting {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    while (true) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1], heap[below])) below++;
      if (!isBefore(heap[below], last)) break;
      heap[at] = heap[below];
      at = below;
    }
    heap[at] = last;
    return top;
  }
}
