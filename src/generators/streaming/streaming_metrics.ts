import { Histogram } from "../../metrics/histogram.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { knownOptions, received } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";

/** The rate of now is that of the last so many seconds. */
const RATE_SECONDS = 5;
const MOST_SAMPLES = RATE_SECONDS * 10;
const SAMPLE_MS = (RATE_SECONDS * 1000) / MOST_SAMPLES;

/** Options of {@linkcode StreamingMetrics}. */
export interface StreamingMetricsOptions {
  /** What OpenTelemetry is to call the stream: the attribute `waggle.stream.name`. Default: none. */
  name?: string;
  /** The clock. Default: that of the process. */
  runtime?: Runtime;
}

/** Percentiles of the time from a batch's being handed to the publisher to its being delivered, ms. */
export interface LatencyPercentiles {
  /** The median. */
  readonly p50: number;
  /** What 95 of 100 do not exceed. */
  readonly p95: number;
  /** What 99 of 100 do not exceed. */
  readonly p99: number;
  /** The longest. */
  readonly max: number;
}

/** All figures of {@linkcode StreamingMetrics} at one time. */
export interface StreamingFigures {
  /** Records that were delivered. */
  readonly totalRecords: number;
  /** Records per second within the last five seconds. */
  readonly recordsPerSecond: number;
  /** Records per second since the start. */
  readonly averageRate: number;
  /** Batches that were delivered. */
  readonly batchesSent: number;
  /** Bytes that were delivered, as far as the publisher tells. */
  readonly bytesSent: number;
  /** Attempts that failed. */
  readonly errors: number;
  /** Attempts after a failure. */
  readonly retries: number;
  /** Records that were lost because the buffer was full. */
  readonly dropped: number;
  /** Records of batches that were given up. */
  readonly skipped: number;
  /** Records that are due and were not sent. */
  readonly buffered: number;
  /** These as a share of what the buffer holds. */
  readonly bufferFill: number;
  /** How long batches took. */
  readonly latencyMs: LatencyPercentiles;
}

/** A batch that was delivered. */
export interface SentBatch {
  /** Its records. */
  readonly records: number;
  /** Bytes that they took, where the publisher tells. Default 0. */
  readonly bytes?: number;
  /** How long the publisher took; absent where a loop took it. */
  readonly latencyMs?: number;
}

/** How full a stream's buffer is. */
export interface BufferLevel {
  /** Records that are due and were not sent. */
  readonly buffered: number;
  /** How many it holds. */
  readonly bufferSize: number;
  /** Records that it has lost since it was looked at last. */
  readonly dropped: number;
}

/** Hears what a stream does. */
export interface StreamListener {
  /** A batch was delivered. */
  sent(batch: SentBatch): void;
  /** An attempt has failed. */
  failed(): void;
  /** A batch is tried again. */
  retried(): void;
  /** A batch was given up. */
  gaveUp(records: number): void;
  /** How full the buffer is. */
  buffer(level: BufferLevel): void;
}

/**
 * Counts what a stream does; may be read while it runs.
 *
 * @example
 * ```ts
 * import { MemoryPublisher, StreamingGenerator, StreamingMetrics, SyntheticGenerator } from "@waggle/stream";
 *
 * const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }]);
 * const metrics = new StreamingMetrics();
 * const streamer = new StreamingGenerator(generator);
 * await streamer.streamTo(new MemoryPublisher(), { maxRecords: 250, metrics });
 * console.log(metrics.totalRecords, metrics.batchesSent); // 250 3
 * ```
 */
export class StreamingMetrics implements StreamListener {
  /** What OpenTelemetry calls the stream. */
  readonly name?: string;
  readonly #runtime: Runtime;
  readonly #latency = new Histogram();
  /** Times, and records in all by then: the newest last, each a tenth of a second apart at least. */
  readonly #samples: { ms: number; records: number }[] = [];
  #startMs: number | undefined;
  #endMs: number | undefined;
  #records = 0;
  #batches = 0;
  #bytes = 0;
  #errors = 0;
  #retries = 0;
  #dropped = 0;
  #skipped = 0;
  #buffered = 0;
  #bufferSize = 0;

  /** Counts from the first stream that it is given to. */
  constructor(options: StreamingMetricsOptions = {}) {
    const { name, runtime = denoRuntime } = knownOptions(options, {
      doing: "create StreamingMetrics",
      names: { name: true, runtime: true },
    });
    if (name !== undefined && typeof name !== "string") {
      throw new TypeError(
        `Cannot create StreamingMetrics: name must be a text, received ${received(name)}`,
      );
    }
    this.#runtime = runtime;
    if (name !== undefined) this.name = name;
  }

  /** Records that were delivered. */
  get totalRecords(): number {
    return this.#records;
  }

  /** Batches that were delivered. */
  get batchesSent(): number {
    return this.#batches;
  }

  /** Bytes that were delivered, as far as the publisher tells. */
  get bytesSent(): number {
    return this.#bytes;
  }

  /** Failures of the publisher: each attempt that failed. */
  get errors(): number {
    return this.#errors;
  }

  /** Attempts after a failure. */
  get retries(): number {
    return this.#retries;
  }

  /** Records that were lost because the buffer was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Records of batches that were given up, under `onError: "skip"`. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Records that were due and had not been sent when that was last looked at. */
  get buffered(): number {
    return this.#buffered;
  }

  /** These as a share of what the buffer holds, 0 to 1. */
  get bufferFill(): number {
    return this.#bufferSize === 0 ? 0 : this.#buffered / this.#bufferSize;
  }

  /** Records delivered per second within the last five seconds, or since the start if that is less. */
  get recordsPerSecond(): number {
    const now = this.#endMs ?? this.#runtime.monotonicMs();
    const from = now - RATE_SECONDS * 1000;
    const since = this.#samples.findLast(({ ms }) => ms <= from) ?? this.#samples[0];
    if (!since || now <= since.ms) return 0;
    return ((this.#records - since.records) * 1000) / (now - since.ms);
  }

  /** Records delivered per second since the start. */
  get averageRate(): number {
    if (this.#startMs === undefined) return 0;
    const seconds = ((this.#endMs ?? this.#runtime.monotonicMs()) - this.#startMs) / 1000;
    return seconds > 0 ? this.#records / seconds : 0;
  }

  /** Percentiles of how long a batch took to be delivered, ms; `NaN` before the first. */
  get latencyMs(): LatencyPercentiles {
    const [p50, p95, p99] = [50, 95, 99].map((p) => this.#latency.percentile(p));
    return { p50, p95, p99, max: this.#latency.max };
  }

  /** All figures, as a plain object. */
  toJSON(): StreamingFigures {
    const { totalRecords, recordsPerSecond, averageRate, batchesSent, bytesSent, errors } = this;
    const { retries, dropped, skipped, buffered, bufferFill, latencyMs } = this;
    return {
      ...{ totalRecords, recordsPerSecond, averageRate, batchesSent, bytesSent, errors },
      ...{ retries, dropped, skipped, buffered, bufferFill, latencyMs },
    };
  }

  /** A stream begins; called by the stream, as what follows. */
  started(): void {
    this.#endMs = undefined;
    this.#startMs ??= this.#runtime.monotonicMs();
    if (this.#samples.length === 0) this.#samples.push({ ms: this.#startMs, records: 0 });
  }

  /** A stream has ended. */
  ended(): void {
    this.#endMs = this.#runtime.monotonicMs();
  }

  /** A batch was delivered. */
  sent({ records, bytes = 0, latencyMs }: SentBatch): void {
    this.#records += records;
    this.#bytes += bytes;
    this.#batches++;
    if (latencyMs !== undefined) this.#latency.record(latencyMs);
    const ms = this.#runtime.monotonicMs();
    if (ms - this.#samples[this.#samples.length - 1].ms < SAMPLE_MS) return;
    this.#samples.push({ ms, records: this.#records });
    if (this.#samples.length > MOST_SAMPLES + 1) this.#samples.shift();
  }

  /** An attempt has failed. */
  failed(): void {
    this.#errors++;
  }

  /** A batch is tried again. */
  retried(): void {
    this.#retries++;
  }

  /** A batch was given up. */
  gaveUp(records: number): void {
    this.#skipped += records;
  }

  /** How full the buffer is. */
  buffer({ buffered, bufferSize, dropped }: BufferLevel): void {
    this.#buffered = buffered;
    this.#bufferSize = bufferSize;
    this.#dropped += dropped;
  }
}
