import type { RecordBatch } from "../../batch/record_batch.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Publisher, Receipt } from "../../stream/publisher.ts";
import { Stop } from "../../stream/stop.ts";
import { BufferFullError, type RecordRange } from "./due_records.ts";
import { type StreamPlan, StreamRun } from "./stream_run.ts";
import { StreamingMetrics } from "./streaming_metrics.ts";

/** What a stream into a publisher came to. */
export interface StreamReport {
  /** Records that were delivered. */
  readonly records: number;
  /** Batches that were delivered. */
  readonly batches: number;
  /** Records that were lost because the buffer was full. */
  readonly dropped: number;
  /** Records of batches that were given up. */
  readonly skipped: number;
  /** The number of the record with which the stream goes on: `start` of the next one. */
  readonly next: number;
}

/** A publisher's failure that further attempts cannot mend. */
function isFinal(error: unknown): boolean {
  return error instanceof Error && "retriable" in error && error.retriable === false;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function times(attempts: number): string {
  return attempts === 1 ? "once" : `${attempts} times`;
}

/** Publishes the batches of one run, one after the other. */
export class StreamSender<Row> {
  readonly #plan: StreamPlan<Row>;
  readonly #run: StreamRun<Row>;
  readonly #publisher: Publisher;
  readonly #runtime: Runtime;
  readonly #metrics: readonly StreamingMetrics[];
  readonly #own: StreamingMetrics;
  #batch = 0;
  #next: number;

  /** Publishes nothing yet. */
  constructor(plan: StreamPlan<Row>, publisher: Publisher, runtime: Runtime) {
    const { metrics: given } = plan.settings;
    this.#plan = plan;
    this.#publisher = publisher;
    this.#runtime = runtime;
    this.#own = new StreamingMetrics({ runtime });
    this.#metrics = given ? [this.#own, given] : [this.#own];
    this.#run = new StreamRun(plan, this.#metrics);
    this.#next = plan.settings.start;
  }

  /** Publishes all batches. */
  async send(): Promise<StreamReport> {
    const { clock, settings: { signal } } = this.#plan;
    for (const metrics of this.#metrics) metrics.started();
    try {
      while (true) {
        signal?.throwIfAborted();
        await clock.going(signal);
        const turn = this.#turn();
        if (turn.state === "done") break;
        if (turn.state === "wait") await clock.wait(turn.ms, signal);
        else await this.#deliver(turn.range);
      }
      await this.#flush();
    } finally {
      await this.#run.close();
      for (const metrics of this.#metrics) metrics.ended();
    }
    const { totalRecords: records, batchesSent: batches, dropped, skipped } = this.#own;
    return { records, batches, dropped, skipped, next: this.#next };
  }

  #turn() {
    try {
      return this.#run.turn();
    } catch (error) {
      throw this.#overflow(error);
    }
  }

  #overflow(cause: unknown): unknown {
    if (!(cause instanceof BufferFullError)) return cause;
    return new StreamingError(`${cause.message}; records from ${this.#next} on were not sent`, {
      cause,
      batch: this.#batch,
    });
  }

  async #deliver(range: RecordRange): Promise<void> {
    const batch = await this.#run.rows(range);
    const { skips, retryPolicy } = this.#plan.streamer;
    for (let attempt = 1;; attempt++) {
      const failure = await this.#attempt(batch);
      if (!failure) break;
      for (const metrics of this.#metrics) metrics.failed();
      if (attempt <= retryPolicy.maxRetries && !isFinal(failure.error)) {
        await this.#backOff(attempt);
        continue;
      }
      if (!skips) throw this.#failed(range, attempt, failure.error);
      await this.#giveUp(batch);
      break;
    }
    this.#batch++;
    this.#next = range.end;
  }

  async #backOff(retry: number): Promise<void> {
    const { clock, settings: { signal }, streamer: { retryPolicy } } = this.#plan;
    await clock.wait(retryPolicy.delayMs(retry, () => this.#runtime.random()), signal);
    for (const metrics of this.#metrics) metrics.retried();
  }

  /** Publishes once; what was thrown, if it was not because of an abort. */
  async #attempt(batch: RecordBatch<Row>): Promise<{ error: unknown } | undefined> {
    const { settings: { signal } } = this.#plan;
    const startMs = this.#runtime.monotonicMs();
    try {
      const publishing = this.#publisher.publish(batch as RecordBatch, {
        ...(signal && { signal }),
      });
      using stop = new Stop(signal);
      const { records, bytes } = await stop.or(this.#watched(publishing));
      const latencyMs = this.#runtime.monotonicMs() - startMs;
      for (const metrics of this.#metrics) {
        metrics.sent({ records, latencyMs, ...(bytes !== undefined && { bytes }) });
      }
      return undefined;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof BufferFullError) throw this.#overflow(error);
      return { error };
    }
  }

  /** Where a full buffer is an error, it is one as soon as it is full. */
  async #watched(publishing: Promise<Receipt>): Promise<Receipt> {
    if (!this.#run.isScheduled || this.#plan.streamer.onBufferFull !== "error") {
      return await publishing;
    }
    let isOver = false;
    const over = publishing.finally(() => isOver = true);
    over.catch(() => {}); // of a batch that is being published when the buffer is full
    while (!isOver) {
      const ms = this.#run.advance();
      if (ms === Infinity) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = this.#runtime.after(ms, resolve);
      await Promise.race([over, promise]).finally(cancel);
    }
    return await over;
  }

  #failed({ start, end }: RecordRange, attempt: number, cause: unknown): StreamingError {
    return new StreamingError(
      `Cannot publish batch ${this.#batch}, records ${start} to ${end - 1}: ` +
        `${messageOf(cause)}; it was tried ${
          times(attempt)
        }, and nothing behind it was; to go on ` +
        `with it, stream with start: ${start}`,
      { cause, batch: this.#batch, attempt },
    );
  }

  async #giveUp(batch: RecordBatch<Row>): Promise<void> {
    for (const metrics of this.#metrics) metrics.gaveUp(batch.length);
    const { streamer: { deadLetter }, settings: { signal } } = this.#plan;
    try {
      await deadLetter?.publish(batch as RecordBatch, { ...(signal && { signal }) });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new StreamingError(
        `Cannot put batch ${this.#batch} aside: it could not be published, and its dead-letter ` +
          `publisher failed as well: ${messageOf(cause)}`,
        { cause, batch: this.#batch },
      );
    }
  }

  async #flush(): Promise<void> {
    try {
      await this.#publisher.flush();
      await this.#plan.streamer.deadLetter?.flush();
    } catch (cause) {
      throw new StreamingError(
        `Cannot finish the stream: its last records may not have been delivered: ` +
          messageOf(cause),
        { cause, batch: this.#batch },
      );
    }
  }
}
