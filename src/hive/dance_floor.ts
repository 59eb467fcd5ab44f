const WORDS_PER_BEE = 16; // a cache line, so that dancers do not slow each other
const ROWS_PER_SECOND = 0;
const LATENCY_US = 1;
const QUEUE_DEPTH = 2;
const ERRORS = 3;
const COST_NS = 4;
const FUNCTION_NS = 5;
const BUSY_PERMILLE = 6;
const SMOOTHING = 0.3;
const UTILIZATION_HORIZON_MS = 200;

/** What one bee tells about its work. */
export interface Dance {
  /** Records finished per second while it works. */
  readonly rowsPerSecond: number;
  /** Time from taking up a batch to its last result, smoothed. */
  readonly latencyMs: number;
  /** Batches that it has taken up or that wait in its inbox. */
  readonly queueDepth: number;
  /** Records whose function threw. */
  readonly errors: number;
  /** Time for one record, all in, smoothed; 0 before the first batch. */
  readonly costNs: number;
  /** The part of it spent in the user's function. */
  readonly functionNs: number;
  /** Share of the last moments spent working, 0 to 1. */
  readonly utilization: number;
}

/** Bytes of shared memory for a floor of so many bees. */
export function danceFloorBytes(bees: number): number {
  return 4 * WORDS_PER_BEE * bees;
}

/**
 * The shared table in which each bee writes how its work goes; the scheduler reads it.
 *
 * One row a bee, whole numbers only, because plain 64-bit values may tear between threads.
 */
export class DanceFloor {
  readonly #words: Int32Array;

  /** A view of shared memory of {@linkcode danceFloorBytes}. */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** What a bee danced last. */
  read(bee: number): Dance {
    const at = WORDS_PER_BEE * bee;
    const word = (index: number) => Atomics.load(this.#words, at + index);
    return {
      rowsPerSecond: word(ROWS_PER_SECOND),
      latencyMs: word(LATENCY_US) / 1000,
      queueDepth: word(QUEUE_DEPTH),
      errors: word(ERRORS),
      costNs: word(COST_NS),
      functionNs: word(FUNCTION_NS),
      utilization: word(BUSY_PERMILLE) / 1000,
    };
  }

  /** Forgets a bee that was lost, so that its successor is judged by its own work. */
  clear(bee: number): void {
    const at = WORDS_PER_BEE * bee;
    for (let i = 0; i < WORDS_PER_BEE; i++) if (i !== ERRORS) Atomics.store(this.#words, at + i, 0);
  }

  /** The row of one bee, to write to. */
  dancer(bee: number): Dancer {
    return new Dancer(this.#words.subarray(WORDS_PER_BEE * bee, WORDS_PER_BEE * (bee + 1)));
  }
}

/** One bee's own row of the {@linkcode DanceFloor}. */
export class Dancer {
  readonly #words: Int32Array;
  #costNs = 0;
  #functionNs = 0;
  #latencyUs = 0;
  #windowStartMs = -1;
  #busyMs = 0;

  /** Use {@linkcode DanceFloor.dancer}. */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Reports a piece of work: so many rows in `busyMs`, of which `functionMs` in the function. */
  worked(rows: number, busyMs: number, functionMs: number, nowMs: number): void {
    if (rows === 0) return;
    this.#costNs = smooth(this.#costNs, busyMs * 1e6 / rows);
    this.#functionNs = smooth(this.#functionNs, functionMs * 1e6 / rows);
    this.#put(COST_NS, this.#costNs);
    this.#put(FUNCTION_NS, this.#functionNs);
    this.#put(ROWS_PER_SECOND, 1e9 / Math.max(1, this.#costNs));
    this.#utilize(busyMs, nowMs);
  }

  /** Reports how long a whole batch took. */
  finishedBatch(latencyMs: number): void {
    this.#latencyUs = smooth(this.#latencyUs, latencyMs * 1000);
    this.#put(LATENCY_US, this.#latencyUs);
  }

  /** Reports how many batches wait or are under way. */
  queue(depth: number): void {
    this.#put(QUEUE_DEPTH, depth);
  }

  /** Counts a record whose function threw. */
  failedRecord(): void {
    Atomics.add(this.#words, ERRORS, 1);
  }

  /** Reports that there is nothing to do, so that utilization falls. */
  idle(nowMs: number): void {
    this.#utilize(0, nowMs);
  }

  #utilize(busyMs: number, nowMs: number): void {
    if (this.#windowStartMs < 0) this.#windowStartMs = nowMs - busyMs;
    this.#busyMs += busyMs;
    const elapsedMs = nowMs - this.#windowStartMs;
    if (elapsedMs <= 0) return;
    this.#put(BUSY_PERMILLE, Math.min(1000, 1000 * this.#busyMs / elapsedMs));
    if (elapsedMs > UTILIZATION_HORIZON_MS) {
      // Half of the past is forgotten, so that the figure follows the load.
      this.#windowStartMs = nowMs - elapsedMs / 2;
      this.#busyMs /= 2;
    }
  }

  #put(index: number, value: number): void {
    Atomics.store(this.#words, index, Math.min(0x7fff_ffff, Math.round(value)));
  }
}

function smooth(previous: number, value: number): number {
  return previous === 0 ? value : previous + SMOOTHING * (value - previous);
}
