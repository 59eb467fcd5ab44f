import { type Duration, milliseconds } from "../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import type { Cancel } from "../runtime/runtime.ts";

const DEFAULT_START_MS = Date.UTC(2024, 0, 1);

/** Options of a {@linkcode TestClock}. */
export interface TestClockOptions {
  /** The wall clock at the start, ms since 1970. Default 2024-01-01 UTC. */
  startMs?: number;
}

const OPTIONS: OptionRule<TestClockOptions> = {
  doing: "make test clock",
  names: { startMs: true },
  example: "{ startMs: 0 }",
};

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * A clock that goes on only when a test says so.
 *
 * @example
 * ```ts
 * import { TestClock } from "@waggle/stream/testing";
 *
 * const clock = new TestClock({ startMs: 0 });
 * clock.after(500, () => console.log(clock.wallClockMs));
 * clock.advance("2s"); // 500
 * console.log(clock.wallClockMs); // 2000
 * ```
 */
export class TestClock {
  readonly #startMs: number;
  #nowMs = 0;
  #timers: Timer[] = [];

  /**
   * A clock that stands still.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: TestClockOptions = {}) {
    const { startMs = DEFAULT_START_MS } = knownOptions(options, OPTIONS);
    if (!Number.isFinite(startMs)) {
      throw new RangeError(
        `Cannot make test clock: startMs must be milliseconds since 1970, received ` +
          received(startMs),
      );
    }
    this.#startMs = startMs;
  }

  /** Milliseconds that have passed since the clock was made. */
  get elapsedMs(): number {
    return this.#nowMs;
  }

  /** Milliseconds since 1970. */
  get wallClockMs(): number {
    return this.#startMs + this.#nowMs;
  }

  /** Calls back once when so many milliseconds have passed. */
  after(delayMs: number, callback: () => void): Cancel {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.push(timer);
    return () => this.#drop(timer);
  }

  /**
   * Goes on; what is due by then is called back, each at its time and in the order of these times.
   *
   * @throws {TypeError | RangeError} when that is no duration.
   */
  advance(by: Duration): void {
    const untilMs = this.#nowMs + milliseconds(by, "time to go on by");
    for (let next = this.#next(untilMs); next; next = this.#next(untilMs)) {
      this.#drop(next);
      this.#nowMs = next.dueMs;
      next.callback();
    }
    this.#nowMs = untilMs;
  }

  /** The first timer that is due. */
  #next(untilMs: number): Timer | undefined {
    return this.#timers.reduce(
      (first: Timer | undefined, timer) =>
        timer.dueMs <= untilMs && timer.dueMs < (first?.dueMs ?? Infinity) ? timer : first,
      undefined,
    );
  }

  #drop(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }
}
