import type { RecordBatch } from "../../batch/record_batch.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { spellDuration } from "../../runtime/duration.ts";
import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import { received } from "../../runtime/known_options.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import { askedDelayMs, isRetriable, messageOf } from "../../stream/failure.ts";
import { Stop } from "../../stream/stop.ts";
import { BufferFullError, type RecordRange } from "./due_records.ts";
import type { StreamClock } from "./stream_clock.ts";
import type { StreamerSettings } from "./stream_options.ts";
import type { StreamListener } from "./streaming_metrics.ts";

/** A batch on its way. */
export interface NumberedBatch {
  readonly batch: RecordBatch;
  /** Its records. */
  readonly range: RecordRange;
  /** Its number, from 0. */
  readonly number: number;
}

/** What one attempt came to. */
export interface Attempt {
  readonly latencyMs: number;
  readonly failed: boolean;
}

/** What batches are delivered with. */
export interface DeliveryOptions {
  readonly publisher: Publisher;
  readonly runtime: Runtime;
  readonly clock: StreamClock;
  readonly streamer: StreamerSettings;
  readonly listeners: readonly StreamListener[];
  readonly signal?: AbortSignal;
  /** Follows a promise of the publisher; may reject before it does. */
  readonly watched: (publishing: Promise<Receipt>) => Promise<Receipt>;
  /** Told of each attempt. */
  readonly tried: (attempt: Attempt) => void;
  /** What became of the batches behind one that failed, for the message. */
  readonly behind: string;
}

/** What a publisher has resolved with, which without types may be anything. */
function checkReceipt(receipt: Receipt): Receipt {
  if (Number.isSafeInteger(receipt?.records)) return receipt;
  throw Object.assign(
    new TypeError(
      `publish() must resolve with a receipt such as { records: batch.length }, resolved with ` +
        received(receipt),
    ),
    { retriable: false },
  );
}

/** Ends an attempt that takes too long, where that has a limit. */
class TimeLimit implements Disposable {
  /** What the attempt is made with. */
  readonly publishOptions: PublishOptions;
  readonly #over: Promise<never> | undefined;
  readonly #cancel: Cancel | undefined;
  readonly #child: ChildAbort | undefined;

  constructor({ signal, runtime, streamer: { publishTimeoutMs } }: DeliveryOptions) {
    if (publishTimeoutMs === undefined) {
      this.publishOptions = signal ? { signal } : {};
      return;
    }
    const { promise, reject } = Promise.withResolvers<never>();
    const child = this.#child = new ChildAbort(signal);
    this.#over = promise;
    this.#cancel = runtime.after(publishTimeoutMs, () => {
      const ms = spellDuration(publishTimeoutMs);
      const error = new StreamingError(`it was not taken within publishTimeout (${ms})`, {
        retriable: true,
      });
      reject(error);
      child.abort(error);
    });
    this.publishOptions = { signal: child.signal };
  }

  /** As the promise, or an error when time is over. */
  or<T>(promise: Promise<T>): Promise<T> {
    return this.#over ? Promise.race([promise, this.#over]) : promise;
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#child?.[Symbol.dispose]();
  }
}

/** Delivers batches, each with its retries; what cannot be delivered ends the stream or is put aside. */
export class BatchDelivery {
  readonly #options: DeliveryOptions;
  readonly #publishOptions: PublishOptions;

  /** Delivers nothing yet. */
  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#publishOptions = options.signal ? { signal: options.signal } : {};
  }

  /**
   * Resolves when the batch was delivered, or put aside.
   *
   * @throws {StreamingError} when it could not be delivered, and that ends the stream.
   */
  async deliver(numbered: NumberedBatch): Promise<void> {
    const { streamer: { skips, retryPolicy }, listeners } = this.#options;
    for (let attempt = 1;; attempt++) {
      const failure = await this.#attempt(numbered.batch);
      if (!failure) return;
      for (const each of listeners) each.failed();
      if (attempt <= retryPolicy.maxRetries && isRetriable(failure.error)) {
        await this.#backOff(attempt, failure.error);
        continue;
      }
      if (skips) return await this.#giveUp(numbered);
      throw this.#failed(numbered, attempt, failure.error);
    }
  }

  /**
   * Has everything that was published delivered for good.
   *
   * @throws {StreamingError} when that fails.
   */
  async flush(): Promise<void> {
    const { publisher, streamer: { deadLetter } } = this.#options;
    try {
      await publisher.flush();
      await deadLetter?.flush();
    } catch (cause) {
      throw new StreamingError(
        `Cannot finish the stream: its last records may not have been delivered: ` +
          messageOf(cause),
        { cause },
      );
    }
  }

  /** Publishes once; what was thrown, if it was not because of an abort. */
  async #attempt(batch: RecordBatch): Promise<{ error: unknown } | undefined> {
    const { publisher, runtime, signal, listeners, watched, tried } = this.#options;
    const startMs = runtime.monotonicMs();
    const latency = () => runtime.monotonicMs() - startMs;
    try {
      using stop = new Stop(signal);
      using limit = new TimeLimit(this.#options);
      // without types it may be anything, which the receipt is checked for
      const publishing = Promise.resolve(publisher.publish(batch, limit.publishOptions));
      const { records, bytes } = checkReceipt(await stop.or(limit.or(watched(publishing))));
      const latencyMs = latency();
      tried({ latencyMs, failed: false });
      for (const each of listeners) {
        each.sent({ records, latencyMs, ...(bytes !== undefined && { bytes }) });
      }
      return undefined;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof BufferFullError) throw error;
      tried({ latencyMs: latency(), failed: true });
      return { error };
    }
  }

  async #backOff(retry: number, error: unknown): Promise<void> {
    const { clock, signal, runtime, streamer: { retryPolicy }, listeners } = this.#options;
    const ownMs = retryPolicy.delayMs(retry, () => runtime.random());
    await clock.wait(Math.max(ownMs, askedDelayMs(error)), signal);
    for (const each of listeners) each.retried();
  }

  #failed({ range, number }: NumberedBatch, attempt: number, cause: unknown): StreamingError {
    const times = attempt === 1 ? "once" : `${attempt} times`;
    return new StreamingError(
      `Cannot publish batch ${number}, records ${range.start} to ${range.end - 1}: ` +
        `${
          messageOf(cause)
        }; it was tried ${times}, and ${this.#options.behind}; to go on with it, ` +
        `stream with start: ${range.start}`,
      { cause, batch: number, attempt },
    );
  }

  async #giveUp({ batch, number }: NumberedBatch): Promise<void> {
    const { streamer: { deadLetter }, signal, listeners } = this.#options;
    for (const each of listeners) each.gaveUp(batch.length);
    try {
      await deadLetter?.publish(batch, this.#publishOptions);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new StreamingError(
        `Cannot put batch ${number} aside: it could not be published, and its dead-letter ` +
          `publisher failed as well: ${messageOf(cause)}`,
        { cause, batch: number },
      );
    }
  }
}
