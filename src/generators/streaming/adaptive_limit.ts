/** What became of a batch. */
export interface SentOutcome {
  readonly latencyMs: number;
  /** Records that were on their way when it left. */
  readonly inFlight: number;
  /** Whether it was refused. */
  readonly failed: boolean;
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

/** Latencies are held at this share of the target, so that those above the mean are below it. */
const SET_POINT = 0.75;
const STEEPEST = 0.5;
const SMOOTHING = 0.2;
const BACKOFF = 0.9;

/** The limit after an outcome. */
type NextLimit = (limit: number, outcome: SentOutcome, targetMs: number) => number;

/** What is not used tells nothing of how much more could be. */
function isUsed(limit: number, { inFlight }: SentOutcome): boolean {
  return inFlight * 2 >= limit;
}

/**
 * Follows the gradient of latency, as Netflix's concurrency-limits do (Gradient2Limit):
 * limit ← limit × clamp(wanted latency / latency, ½, 1) + √limit, smoothed. There the wanted latency
 * is that without load, which is estimated; here it is given. What is on its way is, by Little's law,
 * the sink's capacity times the latency, whatever the capacity is: so the limit finds it.
 */
const gradient: NextLimit = (limit, outcome, targetMs) => {
  const { latencyMs, failed } = outcome;
  const wanted = (targetMs * SET_POINT) / Math.max(latencyMs, Number.MIN_VALUE);
  const slope = failed ? STEEPEST : Math.max(STEEPEST, Math.min(1, wanted));
  const next = limit * slope + (isUsed(limit, outcome) ? Math.sqrt(limit) : 0);
  return limit * (1 - SMOOTHING) + next * SMOOTHING;
};

/**
 * Grows by one record for each batch in time, and shrinks by a tenth when one is late or refused
 * (additive increase, multiplicative decrease; Chiu and Jain, 1989).
 */
const aimd: NextLimit = (limit, outcome, targetMs) => {
  if (outcome.failed || outcome.latencyMs > targetMs) return limit * BACKOFF;
  return isUsed(limit, outcome) ? limit + 1 : limit;
};

const CONTROLLERS: Readonly<Record<AdaptiveRate, NextLimit>> = { gradient, aimd };

/** How many records may be on their way to the sink at once, learned from how long they take. */
export class AdaptiveLimit {
  readonly #next: NextLimit;
  readonly #options: AdaptiveLimitOptions;
  #limit: number;

  /** By a controller, beginning with what is given. */
  constructor(controller: AdaptiveRate, options: AdaptiveLimitOptions) {
    this.#next = CONTROLLERS[controller];
    this.#options = options;
    this.#limit = options.initial;
  }

  /** Records that may be on their way; at least 1. */
  get records(): number {
    return Math.floor(this.#limit);
  }

  /** A batch was delivered, or refused. */
  observe(outcome: SentOutcome): void {
    const { targetMs, most } = this.#options;
    this.#limit = Math.max(1, Math.min(most, this.#next(this.#limit, outcome, targetMs)));
  }
}
