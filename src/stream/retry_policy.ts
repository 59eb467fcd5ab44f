import { type Duration, milliseconds } from "../runtime/duration.ts";
import { checkWhole, knownOptions, type OptionRule, received } from "../runtime/known_options.ts";

/** How a wait is shortened at random, so that many who failed together do not come back together. */
export type Jitter = "full" | "none";

/** Options of {@linkcode RetryPolicy}. */
export interface RetryPolicyOptions {
  /** How often a batch is tried again after it has failed; 0 is never. Default 3. */
  maxRetries?: number;
  /** The wait before the first retry. Default `"100ms"`. */
  initialBackoff?: Duration;
  /** By what each further wait is longer than the one before; 1 or more. Default 2. */
  backoffFactor?: number;
  /** The longest wait. Default `"60s"`. */
  maxBackoff?: Duration;
  /**
   * `"full"`: each wait is a random part of what the formula says (Brooker, "Exponential backoff and
   * jitter", AWS Architecture Blog, 2015). `"none"`: it is just that. Default `"full"`.
   */
  jitter?: Jitter;
}

const OPTIONS: OptionRule<RetryPolicyOptions> = {
  doing: "create RetryPolicy",
  names: {
    maxRetries: true,
    initialBackoff: true,
    backoffFactor: true,
    maxBackoff: true,
    jitter: true,
  },
  example: "{ maxRetries: 3 }",
};
const DEFAULT_MAX_RETRIES = 3;
const DEFAULT_FACTOR = 2;

/**
 * How often what failed is tried again, and after how long: retry n waits
 * min(maxBackoff, initialBackoff × backoffFactor^(n−1)).
 *
 * @example
 * ```ts
 * import { RetryPolicy } from "@waggle/stream";
 *
 * const policy = new RetryPolicy({ maxRetries: 4, maxBackoff: "500ms", jitter: "none" });
 * console.log([1, 2, 3, 4].map((retry) => policy.delayMs(retry))); // [100, 200, 400, 500]
 * ```
 */
export class RetryPolicy {
  /** How often a batch is tried again. */
  readonly maxRetries: number;
  readonly #initialMs: number;
  readonly #factor: number;
  readonly #mostMs: number;
  readonly #jitter: Jitter;

  /**
   * Waits that grow.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: RetryPolicyOptions = {}) {
    const {
      maxRetries = DEFAULT_MAX_RETRIES,
      initialBackoff = "100ms",
      backoffFactor = DEFAULT_FACTOR,
      maxBackoff = "60s",
      jitter = "full",
    } = knownOptions(options, OPTIONS);
    checkWhole("maxRetries", maxRetries, { doing: "create RetryPolicy", least: 0 });
    if (!(typeof backoffFactor === "number" && backoffFactor >= 1 && backoffFactor < Infinity)) {
      throw new RangeError(
        `Cannot create RetryPolicy: backoffFactor must be a number from 1, received ` +
          received(backoffFactor),
      );
    }
    if (jitter !== "full" && jitter !== "none") {
      throw new TypeError(
        `Cannot create RetryPolicy: jitter must be "full" or "none", received ${received(jitter)}`,
      );
    }
    this.maxRetries = maxRetries;
    this.#initialMs = milliseconds(initialBackoff, "initialBackoff");
    this.#mostMs = milliseconds(maxBackoff, "maxBackoff");
    this.#factor = backoffFactor;
    this.#jitter = jitter;
  }

  /**
   * How long to wait before a retry, ms.
   *
   * @param retry Which one, from 1.
   * @param random Gives numbers in [0, 1); decides the jitter.
   */
  delayMs(retry: number, random: () => number = () => 1): number {
    // a factor that has grown beyond all numbers makes none of no wait at all
    const grown = this.#initialMs === 0 ? 0 : this.#initialMs * this.#factor ** (retry - 1);
    const full = Math.min(this.#mostMs, grown);
    return this.#jitter === "full" ? full * random() : full;
  }
}

/**
 * Checks the option `retryPolicy`.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {TypeError} when it is no policy.
 */
export function checkRetryPolicy(policy: RetryPolicy, doing: string): RetryPolicy {
  if (policy instanceof RetryPolicy) return policy;
  throw new TypeError(
    `Cannot ${doing}: retryPolicy must be a RetryPolicy, received ${received(policy)}`,
  );
}
