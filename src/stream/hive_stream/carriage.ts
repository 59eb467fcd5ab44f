const SAMPLE_EVERY = 64;
const SMOOTHING = 0.1;
const NS_PER_MS = 1e6;

/** What carrying a record to a bee and its result back costs the stream's own thread. */
export class Carriage {
  readonly #nowMs: () => number;
  #outNs = 0;
  #backNs = 0;
  #calls = 0;

  /** Nothing was carried yet; time is read from `nowMs`. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Nanoseconds for one record out and back; 0 while either is unknown. */
  get recordNs(): number {
    return this.#outNs === 0 || this.#backNs === 0 ? 0 : this.#outNs + this.#backNs;
  }

  /** Whether the next record should be timed on its way out, as one in 64 is. */
  get isDue(): boolean {
    return this.#calls++ % SAMPLE_EVERY === 0;
  }

  /** Runs what sends one record, and times it. */
  out<T>(send: () => T): T {
    const startMs = this.#nowMs();
    const sent = send();
    this.#outNs = smooth(this.#outNs, (this.#nowMs() - startMs) * NS_PER_MS);
    return sent;
  }

  /** Runs what takes in the results of so many rows, and times it; returns when it ended. */
  back(rows: number, take: () => void): number {
    const startMs = this.#nowMs();
    take();
    const endMs = this.#nowMs();
    this.#backNs = smooth(this.#backNs, (endMs - startMs) * NS_PER_MS / rows);
    return endMs;
  }
}

function smooth(before: number, value: number): number {
  return before === 0 ? value : before + SMOOTHING * (value - before);
}
