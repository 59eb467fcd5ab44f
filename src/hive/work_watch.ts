const WATCH_MS = 0.2;
const LOOKS_PER_CLOCK = 32;
const MOST_SKIPPED = 127;

/**
 * Watches for work for a moment before a bee falls asleep: when the next record is on its way, that
 * spares both sides a call to the system, which costs more than all the rest of its trip.
 *
 * Whoever watches takes a processor from the one that is waited for, if there are not enough of
 * them. So each watch in vain doubles how many of the next ones are left out.
 */
export class WorkWatch {
  readonly #nowMs: () => number;
  #penalty = 0;
  #skip = 0;

  /** A watch that reads time from `nowMs`. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Whether something came within some two hundred microseconds; false at once when that is rare. */
  look(hasNews: () => boolean): boolean {
    if (this.#skip > 0) {
      this.#skip--;
      return false;
    }
    if (this.#watch(hasNews)) {
      this.#penalty = 0;
      return true;
    }
    this.#penalty = Math.min(MOST_SKIPPED, 2 * this.#penalty + 1);
    this.#skip = this.#penalty;
    return false;
  }

  #watch(hasNews: () => boolean): boolean {
    const untilMs = this.#nowMs() + WATCH_MS;
    do {
      for (let look = 0; look < LOOKS_PER_CLOCK; look++) if (hasNews()) return true;
    } while (this.#nowMs() < untilMs);
    return false;
  }
}
