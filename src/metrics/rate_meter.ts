const DEFAULT_WINDOW_MS = 5_000;
const DEFAULT_SLOTS = 50;
const MAX_SLOTS = 10_000;

/** Options of {@linkcode RateMeter}. */
export interface RateMeterOptions {
  /** How far back the rate looks, in milliseconds. Default 5,000. */
  windowMs?: number;
  /** Into how many parts the window is cut; the oldest leaves as a whole. Default 50. */
  slots?: number;
}

/**
 * Events per second over the last moments, in fixed memory. It has no clock: every call is told
 * the time, in milliseconds from any start; a time before the latest one counts as the latest.
 */
export class RateMeter {
  readonly #slotMs: number;
  readonly #counts: Float64Array;
  #total = 0;
  #nowMs = -Infinity;
  /** When counting began. */
  #sinceMs = NaN;
  /** The slot of `#nowMs`, counted from time 0. */
  #slot = 0;

  /** @throws {RangeError} when the window or the slots are not positive. */
  constructor(options: RateMeterOptions = {}) {
    const { windowMs = DEFAULT_WINDOW_MS, slots = DEFAULT_SLOTS } = options;
    if (!(windowMs > 0 && windowMs < Infinity)) {
      throw new RangeError(
        `Cannot create rate meter: windowMs must be positive, received ${windowMs}`,
      );
    }
    if (!(Number.isInteger(slots) && slots >= 1 && slots <= MAX_SLOTS)) {
      throw new RangeError(
        `Cannot create rate meter: slots must be from 1 to ${MAX_SLOTS}, received ${slots}`,
      );
    }
    this.#slotMs = windowMs / slots;
    // One more than the window has, so that what is left always covers all of it.
    this.#counts = new Float64Array(slots + 1);
  }

  /** All events ever marked. */
  get total(): number {
    return this.#total;
  }

  /** Counts `events` that happened at `nowMs`. @throws {RangeError} when the time is not finite. */
  mark(events: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#counts[this.#slot % this.#counts.length] += events;
    this.#total += events;
  }

  /**
   * Events per second over the window before `nowMs`, or since the first call if that is less; 0
   * until time has passed.
   */
  rate(nowMs: number): number {
    this.#advance(nowMs);
    const oldestMs = (this.#slot - this.#counts.length + 1) * this.#slotMs;
    const coveredMs = this.#nowMs - Math.max(oldestMs, this.#sinceMs);
    if (coveredMs <= 0) return 0;
    return this.#counts.reduce((sum, count) => sum + count, 0) * 1000 / coveredMs;
  }

  #advance(nowMs: number): void {
    if (!Number.isFinite(nowMs)) {
      throw new RangeError(`Cannot use rate meter: the time must be finite, received ${nowMs}`);
    }
    if (nowMs <= this.#nowMs) return;
    const slot = Math.max(0, Math.floor(nowMs / this.#slotMs));
    if (Number.isNaN(this.#sinceMs)) {
      this.#sinceMs = nowMs;
      this.#slot = slot;
    }
    this.#nowMs = nowMs;
    const passed = Math.min(this.#counts.length, slot - this.#slot);
    for (let i = 0; i < passed; i++) this.#counts[(slot - i) % this.#counts.length] = 0;
    this.#slot = slot;
  }
}
