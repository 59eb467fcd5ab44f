import type { RecordBatch } from "../batch/record_batch.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import { checkPublisher } from "../stream/check_publisher.ts";
import { askedDelayMs, isRetriable, messageOf } from "../stream/failure.ts";
import type { Publisher, PublishOptions, Receipt } from "../stream/publisher.ts";

/** Why some of several publishers failed; one reason stands for itself. */
function failureOf(doing: string, reasons: readonly unknown[], of: number): unknown {
  if (reasons.length === 1) return reasons[0];
  const retryAfterMs = Math.max(...reasons.map(askedDelayMs));
  return new StreamingError(
    `Cannot ${doing} ${reasons.length} of ${of} publishers: ${reasons.map(messageOf).join("; ")}`,
    {
      cause: new AggregateError(reasons),
      retriable: reasons.every(isRetriable),
      ...(retryAfterMs > 0 && { retryAfterMs }),
    },
  );
}

/** Has several do something at once; what failed when all have come to an end. */
async function allOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>) {
  const outcomes = await Promise.allSettled(items.map(async (item) => await work(item)));
  const failed = items.filter((_, i) => outcomes[i].status === "rejected");
  const reasons = outcomes.filter((each) => each.status === "rejected").map((each) => each.reason);
  const results = outcomes.filter((each) => each.status === "fulfilled").map((each) => each.value);
  return { failed, reasons, results };
}

/** Publishes to several. */
class Tee implements Publisher {
  readonly exactlyOnceNeeds?: "checkpoints";
  readonly #publishers: readonly Publisher[];
  /** Who has not taken a batch that others have, until it is tried again. */
  readonly #missing = new WeakMap<RecordBatch, readonly Publisher[]>();
  #isClosed = false;

  constructor(publishers: readonly Publisher[]) {
    this.#publishers = publishers;
    if (publishers.some(({ exactlyOnceNeeds }) => exactlyOnceNeeds === "checkpoints")) {
      this.exactlyOnceNeeds = "checkpoints";
    }
  }

  async publish(batch: RecordBatch, options: PublishOptions = {}): Promise<Receipt> {
    options.signal?.throwIfAborted();
    if (this.#isClosed) throw new StreamingError("Cannot publish to several: tee() was closed");
    const to = this.#missing.get(batch) ?? this.#publishers;
    this.#missing.delete(batch);
    const { failed, reasons, results } = await allOf(to, (each) => each.publish(batch, options));
    if (failed.length > 0) {
      this.#missing.set(batch, failed);
      options.signal?.throwIfAborted();
      throw failureOf("publish to", reasons, this.#publishers.length);
    }
    const bytes = results.reduce((sum, receipt) => sum + (receipt.bytes ?? 0), 0);
    return { records: batch.length, ...(bytes > 0 && { bytes }) };
  }

  async flush(): Promise<void> {
    const { reasons } = await allOf(this.#publishers, (each) => each.flush());
    if (reasons.length > 0) throw failureOf("flush", reasons, this.#publishers.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const { reasons } = await allOf(
      this.#publishers,
      async (each) => await each[Symbol.asyncDispose](),
    );
    if (reasons.length > 0) throw failureOf("end", reasons, this.#publishers.length);
  }
}

/**
 * Publishes each batch to several publishers at once, and waits for the slowest of them.
 *
 * A batch that one of them could not take is an error when all have come to an end; the others keep
 * it. When the same batch (the same object) is published again, as retries do, it goes only to those
 * that have not taken it. When it is given up instead, by `onError: "skip"` say, those that have it
 * have it. The end of the tee is that of all of its publishers.
 *
 * @throws {TypeError} when one of them is no publisher, is given twice, or there is none.
 *
 * @example
 * ```ts
 * import { from, MemoryPublisher, tee } from "@waggle/stream";
 *
 * const [kept, counted] = [new MemoryPublisher(), new MemoryPublisher()];
 * await from([{ x: 1 }, { x: 2 }], { workers: 1 }).to(tee(kept, counted)).run();
 * console.log(kept.length, counted.length); // 2 2
 * ```
 */
export function tee(...publishers: readonly Publisher[]): Publisher {
  if (publishers.length === 0) {
    throw new TypeError("Cannot publish to several: tee() takes publishers, received none");
  }
  for (const [at, each] of publishers.entries()) {
    checkPublisher(each, "publish to several", "tee()");
    if (publishers.indexOf(each) !== at) {
      throw new TypeError(
        "Cannot publish to several: tee() was given the same publisher twice, which would get " +
          "each batch twice; leave one out",
      );
    }
  }
  return new Tee(publishers);
}
