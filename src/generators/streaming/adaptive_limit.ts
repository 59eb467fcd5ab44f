/** How many records may be on their way to the sink, learned from how long they take. */
export interface AdaptiveLimit {
  /** Records that may be on their way at once; at least 1. */
  readonly records: number;
  /** A batch was delivered, or refused; `inFlight` were on their way when it left. */
  observe(outcome: { latencyMs: number; inFlight: number; failed: boolean }): void;
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

function within(limit: number, most: number): number {
  return Math.max(1, Math.min(most, limit));
}

/**
 * A limit that follows the gradient of latency, as in Netflix's concurrency-limits (Gradient2Limit):
 * limit ← limit × clamp(wanted latency / latency, ½, 1) + √limit, smoothed. There the wanted latency
 * is that without load, which is estimated; here it is given. What is on its way is, by Little's law,
 * the sink's capacity times the latency, whatever the capacity is: so the limit finds it.
 */
export class GradientLimit implements AdaptiveLimit {
  readonly #options: AdaptiveLimitOptions;
  #limit: number;

  /** Begins with what is given. */
  constructor(options: AdaptiveLimitOptions) {
    this.#options = options;
    this.#limit = within(options.initial, options.most);
  }

  get records(): number {
    return Math.floor(this.#limit);
  }

  observe({ latencyMs, inFlight, failed }: Parameters<AdaptiveLimit["observe"]>[0]): void {
    const { targetMs, most } = this.#options;
    const wanted = targetMs * SET_POINT;
    const gradient = failed
      ? STEEPEST
      : Math.max(STEEPEST, Math.min(1, wanted / Math.max(latencyMs, Number.MIN_VALUE)));
    // what is not used tells nothing of how much more could be
    const room = inFlight * 2 < this.#limit ? 0 : Math.sqrt(this.#limit);
    const next = this.#limit * gradient + room;
    this.#limit = within(this.#limit * (1 - SMOOTHING) + next * SMOOTHING, most);
  }
}

/**
 * A limit that grows by one record for each in time, and shrinks by a tenth when one is late or
 * refused (additive increase, multiplicative decrease; Chiu and Jain, 1989).
 */
export class AimdLimit implements AdaptiveLimit {
  readonly #options: AdaptiveLimitOptions;
  #limit: number;

  /** Begins with what is given. */
  constructor(options: AdaptiveLimitOptions) {
    this.#options = options;
    this.#limit = within(options.initial, options.most);
  }

  get records(): number {
    return Math.floor(this.#limit);
  }

  observe({ latencyMs, inFlight, failed }: Parameters<AdaptiveLimit["observe"]>[0]): void {
    const { targetMs, most } = this.#options;
    if (failed || latencyMs > targetMs) this.#limit = within(this.#limit * BACKOFF, most);
    else if (inFlight * 2 >= this.#limit) this.#limit = within(this.#limit + 1, most);
  }
}

/** The limit of a name. */
export function adaptiveLimit(name: AdaptiveRate, options: AdaptiveLimitOptions): AdaptiveLimit {
  return name === "gradient" ? new GradientLimit(options) : new AimdLimit(options);
}
