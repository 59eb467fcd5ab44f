import type { RecordBatch } from "../../batch/record_batch.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Publisher, Receipt } from "../../stream/publisher.ts";
import { AdaptiveLimit } from "./adaptive_limit.ts";
import { BatchDelivery } from "./batch_delivery.ts";
import { BufferFullError, type RecordRange } from "./due_records.ts";
import { SendWindow } from "./send_window.ts";
import { type StreamPlan, StreamRun } from "./stream_run.ts";
import { listenersOf } from "./streaming_instruments.ts";
import { StreamingMetrics } from "./streaming_metrics.ts";

/** Records that are on their way at once, at most. */
const MOST_IN_FLIGHT = 10_000_000;
const IN_ORDER = "nothing behind it was";
const AT_ONCE = "some of those behind it may have been delivered";

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

/** Publishes the batches of one run: one after the other, or as many at once as the sink takes. */
export class StreamSender<Row> {
  readonly #plan: StreamPlan<Row>;
  readonly #run: StreamRun<Row>;
  readonly #runtime: Runtime;
  readonly #delivery: BatchDelivery;
  readonly #limit: AdaptiveLimit | undefined;
  readonly #window: SendWindow | undefined;
  readonly #metrics: readonly StreamingMetrics[];
  readonly #own: StreamingMetrics;
  #batches = 0;
  #next: number;
  /** What is being published, where batches go one by one. */
  #underWay: RecordRange | undefined;

  /** Publishes nothing yet. */
  constructor(plan: StreamPlan<Row>, publisher: Publisher, runtime: Runtime) {
    const { streamer, clock, settings: { metrics, signal, adaptive, batchSize, start } } = plan;
    this.#plan = plan;
    this.#runtime = runtime;
    this.#own = new StreamingMetrics({ runtime });
    this.#metrics = metrics ? [this.#own, metrics] : [this.#own];
    const listeners = [this.#own, ...listenersOf(metrics)];
    this.#run = new StreamRun(plan, listeners);
    this.#next = start;
    if (adaptive) {
      const { by, targetMs } = adaptive;
      this.#limit = new AdaptiveLimit(by, { targetMs, initial: batchSize, most: MOST_IN_FLIGHT });
      this.#window = new SendWindow(this.#limit);
    }
    this.#delivery = new BatchDelivery({
      ...{ publisher, runtime, clock, streamer, listeners },
      watched: (publishing) => this.#watched(publishing),
      tried: (attempt) => {
        const [inFlight, atMs] = [this.#window?.inFlight ?? 0, runtime.monotonicMs()];
        this.#limit?.observe({ ...attempt, inFlight, atMs });
      },
      behind: adaptive ? AT_ONCE : IN_ORDER,
      ...(signal && { signal }),
    });
  }

  /** Publishes all batches. */
  async send(): Promise<StreamReport> {
    for (const metrics of this.#metrics) metrics.started();
    try {
      await this.#sendAll();
    } catch (error) {
      await this.#window?.settled(); // nothing is left open behind an error
      throw this.#overflow(error);
    } finally {
      await this.#run.close();
      for (const metrics of this.#metrics) metrics.ended();
    }
    const { totalRecords: records, batchesSent: batches, dropped, skipped } = this.#own;
    return { records, batches, dropped, skipped, next: this.#next };
  }

  async #sendAll(): Promise<void> {
    const { clock, settings: { signal, batchSize } } = this.#plan;
    while (true) {
      signal?.throwIfAborted();
      await clock.going(signal);
      const turn = this.#run.turn(Math.min(batchSize, this.#window?.batchRecords ?? batchSize));
      if (turn.state === "done") break;
      if (turn.state === "wait") await clock.wait(turn.ms, signal);
      else await this.#send(turn.range);
    }
    await this.#window?.empty();
    await this.#delivery.flush();
  }

  async #send(range: RecordRange): Promise<void> {
    const batch = await this.#run.rows(range) as RecordBatch;
    const numbered = { batch, range, number: this.#batches++ };
    if (this.#window) {
      await this.#window.room(batch.length);
      this.#window.begin(batch.length, () => this.#delivery.deliver(numbered));
    } else {
      this.#underWay = range;
      await this.#delivery.deliver(numbered);
      this.#underWay = undefined;
    }
    this.#next = range.end;
  }

  #overflow(cause: unknown): unknown {
    if (!(cause instanceof BufferFullError)) return cause;
    const { start, end } = this.#underWay ?? { start: this.#next, end: this.#next };
    const underWay = end > start
      ? `records ${start} to ${end - 1} were being published and may arrive, `
      : "";
    return new StreamingError(`${cause.message}; ${underWay}records from ${end} on were not sent`, {
      cause,
      batch: this.#batches,
    });
  }

  /** Where a full buffer is an error, it is one as soon as it is full. */
  #watched(publishing: Promise<Receipt>): Promise<Receipt> {
    const isWatched = this.#run.isScheduled && this.#plan.streamer.onBufferFull === "error";
    return isWatched ? this.#untilFull(publishing) : publishing;
  }

  async #untilFull(publishing: Promise<Receipt>): Promise<Receipt> {
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
}
