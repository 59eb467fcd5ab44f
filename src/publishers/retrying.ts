import type { RecordBatch } from "../batch/record_batch.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { checkPublisher } from "../stream/check_publisher.ts";
import { ChildAbort } from "../stream/child_abort.ts";
import { delay } from "../stream/delay.ts";
import { askedDelayMs, isRetriable, messageOf } from "../stream/failure.ts";
import type { Publisher, PublishOptions, Receipt } from "../stream/publisher.ts";
import { checkRetryPolicy, RetryPolicy } from "../stream/retry_policy.ts";
import { Turns } from "./turns.ts";

/** Options of {@linkcode retrying}. */
export interface RetryingOptions {
  /** How often what failed is tried again, and after how long. Default: `new RetryPolicy()`. */
  retryPolicy?: RetryPolicy;
  /** The world: clocks and timers. Default: that of the process. */
  runtime?: Runtime;
}

const OPTIONS: OptionRule<RetryingOptions> = {
  doing: "retry",
  names: { retryPolicy: true, runtime: true },
  example: "{ retryPolicy: new RetryPolicy({ maxRetries: 5 }) }",
};

/** Tries again what a publisher could not do. */
class Retrying implements Publisher {
  readonly exactlyOnceNeeds?: "checkpoints";
  readonly #publisher: Publisher;
  readonly #policy: RetryPolicy;
  readonly #runtime: Runtime;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();

  constructor(publisher: Publisher, policy: RetryPolicy, runtime: Runtime) {
    this.#publisher = publisher;
    this.#policy = policy;
    this.#runtime = runtime;
    if (publisher.exactlyOnceNeeds) this.exactlyOnceNeeds = publisher.exactlyOnceNeeds;
  }

  publish(batch: RecordBatch, options: PublishOptions = {}): Promise<Receipt> {
    const { signal } = options;
    // One after the other: a batch that is tried again would come behind those after it.
    return this.#turns.next(
      () => this.#tried(() => this.#publisher.publish(batch, options), signal),
      signal,
    );
  }

  flush(): Promise<void> {
    return this.#turns.next(() => this.#tried(() => this.#publisher.flush()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#turns.next(async () => await this.#publisher[Symbol.asyncDispose]());
  }

  async #tried<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let attempt = 1;; attempt++) {
      try {
        return await work();
      } catch (error) {
        signal?.throwIfAborted();
        const isLast = attempt > this.#policy.maxRetries || !isRetriable(error);
        if (isLast || this.#closing.signal.aborted) throw this.#failed(error, attempt);
        await this.#backOff(attempt, error, signal);
      }
    }
  }

  /** Waits; at the publisher's end no longer, so that one more attempt is the last. */
  async #backOff(retry: number, error: unknown, signal?: AbortSignal): Promise<void> {
    const ownMs = this.#policy.delayMs(retry, () => this.#runtime.random());
    const closing = this.#closing.signal;
    using either = new ChildAbort(signal);
    const close = () => either.abort();
    closing.addEventListener("abort", close);
    try {
      await delay(this.#runtime, Math.max(ownMs, askedDelayMs(error)), either.signal);
    } catch (reason) {
      signal?.throwIfAborted();
      if (!closing.aborted) throw reason;
    } finally {
      closing.removeEventListener("abort", close);
    }
  }

  /** What was tried once says for itself what is wrong; it is not to be tried by others again. */
  #failed(cause: unknown, attempts: number): unknown {
    if (attempts === 1) return cause;
    return new StreamingError(`${messageOf(cause)}; it was tried ${attempts} times`, {
      cause,
      attempt: attempts,
      retriable: isRetriable(cause),
    });
  }
}

/**
 * A publisher that tries again what another could not do, for those that do not do so themselves: a
 * pipeline fails with its publisher, while a `StreamingGenerator` has a `retryPolicy` of its own.
 *
 * Batches go one after the other, so that their order is kept. What failed may arrive twice where the
 * publisher is at least once. Errors that say `retriable: false` are not tried again, and one that
 * says `retryAfterMs` is waited for at least as long. The end of it is that of the publisher.
 *
 * @throws {TypeError} when an option is none that it can be.
 *
 * @example
 * ```ts
 * import { from, MemoryPublisher, RetryPolicy, retrying } from "@waggle/stream";
 *
 * const kept = new MemoryPublisher();
 * const patient = retrying(kept, { retryPolicy: new RetryPolicy({ maxRetries: 5 }) });
 * await from([{ x: 1 }, { x: 2 }], { workers: 1 }).to(patient).run();
 * console.log(kept.length); // 2
 * ```
 */
export function retrying(publisher: Publisher, options: RetryingOptions = {}): Publisher {
  const { retryPolicy = new RetryPolicy(), runtime = denoRuntime } = knownOptions(options, OPTIONS);
  checkPublisher(publisher, "retry", "retrying()");
  checkRetryPolicy(retryPolicy, "retry");
  return new Retrying(publisher, retryPolicy, runtime);
}
