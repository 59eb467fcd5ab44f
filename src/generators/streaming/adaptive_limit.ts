/** What became of a batch. */
export interface SentOutcome {
  readonly latencyMs: number;
  /** Records that were on their way when it left. */
  readonly inFlight: number;
  /** Whether it was refused. */
  readonly failed: boolean;
  /** When that was known, on a clock that never goes back. */
  readonly atMs: number;
}

/** What a limit is made with. */
export interface AdaptiveLimitOptions {
  /** What latencies are to stay below, ms. */
  readonly targetMs: number;
  /** Records to begin with. */
  readonly initial: number;
  /** Records at most. */
  readonly most: number;
}

/** The names of the controllers. */
export type AdaptiveRate = "gradient" | "aimd";

/** Mean latencies are held at this share of the target, so that those above the mean are below it. */
const SET_POINT = 0.75;
const [STEEPEST_FALL, STEEPEST_RISE] = [0.5, 2];
const SMOOTHING = 0.5;
const LEAST_WINDOW_MS = 10;
const BACKOFF = 0.9;

/** Decides how many records may be on their way. */
interface Controller {
  /** The limit after an outcome. */
  next(limit: number, outcome: SentOutcome): number;
}

/** What is not used tells nothing of how much more could be. */
function isUsed(limit: number, inFlight: number): boolean {
  return inFlight * 2 >= limit;
}

/**
 * Follows the gradient of latency, as Netflix's concurrency-limits do (Gradient2Limit):
 * limit ← limit × clamp(wanted latency / latency, ½, 2), smoothed. There the wanted latency is that
 * without load, which is estimated; here it is given. What is on its way is, by Little's law, the sink's
 * capacity times the latency, whatever the capacity is: so the limit finds it. As there (WindowedLimit)
 * it is the mean of a window that is as long as the latency, so that each step is seen before the next.
 */
class Gradient implements Controller {
  readonly #wantedMs: number;
  #endMs = -Infinity;
  #latencyMs = 0;
  #batches = 0;
  #failed = 0;
  #inFlight = 0;

  constructor(targetMs: number) {
    this.#wantedMs = targetMs * SET_POINT;
  }

  next(limit: number, { latencyMs, failed, inFlight, atMs }: SentOutcome): number {
    this.#latencyMs += latencyMs;
    this.#batches++;
    this.#failed += failed ? 1 : 0;
    this.#inFlight = Math.max(inFlight, this.#inFlight);
    if (atMs < this.#endMs) return limit;
    const next = limit * (1 - SMOOTHING) + limit * this.#slope(limit) * SMOOTHING;
    this.#endMs = atMs + Math.max(LEAST_WINDOW_MS, this.#latencyMs / this.#batches);
    this.#latencyMs =
      this.#batches =
      this.#failed =
      this.#inFlight =
        0;
    return next;
  }

  #slope(limit: number): number {
    const meanMs = Math.max(this.#latencyMs / this.#batches, Number.MIN_VALUE);
    const most = isUsed(limit, this.#inFlight) ? STEEPEST_RISE : 1;
    const accepted = 1 - this.#failed / this.#batches;
    const fall = STEEPEST_FALL + (1 - STEEPEST_FALL) * accepted;
    const slope = Math.max(STEEPEST_FALL, Math.min(most, this.#wantedMs / meanMs));
    return this.#failed > 0 ? Math.min(fall, slope) : slope;
  }
}

/**
 * Grows by one record for each batch in time, and shrinks by a tenth when one is late or refused
 * (additive increase, multiplicative decrease; Chiu and Jain, 1989).
 */
class AdditiveIncrease implements Controller {
  readonly #targetMs: number;

  constructor(targetMs: number) {
    this.#targetMs = targetMs;
  }

  next(limit: number, { latencyMs, failed, inFlight }: SentOutcome): number {
    if (failed || latencyMs > this.#targetMs) return limit * BACKOFF;
    return isUsed(limit, inFlight) ? limit + 1 : limit;
  }
}

const CONTROLLERS: Readonly<Record<AdaptiveRate, new (targetMs: number) => Controller>> = {
  gradient: Gradient,
  aimd: AdditiveIncrease,
};

/** How many records may be on their way to the sink at once, learned from how long they take. */
export class AdaptiveLimit {
  readonly #controller: Controller;
  readonly #options: AdaptiveLimitOptions;
  #limit: number;

  /** By a controller, beginning with what is given. */
  constructor(controller: AdaptiveRate, options: AdaptiveLimitOptions) {
    this.#controller = new CONTROLLERS[controller](options.targetMs);
    this.#options = options;
    this.#limit = options.initial;
  }

  /** Records that may be on their way; at least 1. */
  get records(): number {
    return Math.floor(this.#limit);
  }

  /** A batch was delivered, or refused. */
  observe(outcome: SentOutcome): void {
    const next = this.#controller.next(this.#limit, outcome);
    this.#limit = Math.max(1, Math.min(this.#options.most, next));
  }
}
