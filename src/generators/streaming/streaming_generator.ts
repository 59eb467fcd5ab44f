import type { RecordBatch } from "../../batch/record_batch.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { received } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { checkPublisher } from "../../stream/check_publisher.ts";
import type { Publisher } from "../../stream/publisher.ts";
import { SyntheticGenerator } from "../synthetic_generator.ts";
import { type GeneratedStream, PlannedStream } from "./generated_stream.ts";
import { RatePace } from "../arrival/rate_pace.ts";
import { constantPace, type Pace, slowerOf } from "./pace.ts";
import { StreamClock } from "./stream_clock.ts";
import {
  type StreamerSettings,
  streamerSettings,
  type StreamingGeneratorOptions,
  type StreamOptions,
  type StreamSettings,
  streamSettings,
} from "./stream_options.ts";
import type { StreamPlan } from "./stream_run.ts";
import { type StreamReport, StreamSender } from "./stream_sender.ts";

/**
 * Streams what a generator makes: to a loop that takes batches, or to a publisher; as fast as they
 * are taken, every so often, or at a rate.
 *
 * With an interval or a rate records become due by that schedule, whatever the sink does, and wait in
 * a buffer until it takes them. Record i depends on the generator, the seed and i alone.
 *
 * @example
 * ```ts
 * import { StreamingGenerator, SyntheticGenerator } from "@waggle/stream";
 *
 * const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 3 }]);
 * const streamer = new StreamingGenerator(generator, { seed: 7 });
 * for await (const batch of streamer.stream({ batchSize: 10, interval: "5ms", maxBatches: 3 })) {
 *   console.log(batch.length); // 10
 * }
 * ```
 */
export class StreamingGenerator<Row = Record<string, unknown>> {
  readonly #generator: SyntheticGenerator<Row>;
  readonly #settings: StreamerSettings;
  readonly #options: StreamingGeneratorOptions;
  readonly #runtime: Runtime;
  #clock: StreamClock;

  /**
   * Streams from a generator.
   *
   * @throws {TypeError | RangeError} when that is none, or an option is none that it can be.
   */
  constructor(generator: SyntheticGenerator<Row>, options: StreamingGeneratorOptions = {}) {
    if (!(generator instanceof SyntheticGenerator)) {
      throw new TypeError(
        `Cannot create StreamingGenerator: it takes a SyntheticGenerator, such as that of ` +
          `SyntheticGenerator.load(path), received ${received(generator)}`,
      );
    }
    this.#settings = streamerSettings(options);
    this.#generator = generator;
    this.#options = options;
    this.#runtime = options.runtime ?? denoRuntime;
    this.#clock = new StreamClock(this.#runtime);
  }

  /** Whether all streams of this stand still. */
  get isPaused(): boolean {
    return this.#clock.isStopped;
  }

  /**
   * Batches of records, for a `for` loop or one of `for await`. The first of an interval comes at
   * once; a rate has earned each record before it comes.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be. The loop throws a
   *   {@linkcode BufferFullError} when the buffer is full and that is an error, and the signal's
   *   reason.
   */
  stream(options: StreamOptions = {}): GeneratedStream<Row> {
    return new PlannedStream(this.#plan(options));
  }

  /**
   * Publishes batches, each when the one before it is delivered. Resolves when the last is delivered
   * for good; the publisher stays open.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   * @throws {StreamingError} when a batch could not be published and `onError` is not `"skip"`, or the
   *   buffer is full and that is an error.
   */
  async streamTo(publisher: Publisher, options: StreamOptions = {}): Promise<StreamReport> {
    checkPublisher(publisher, "stream", "streamTo()");
    return await new StreamSender(this.#plan(options), publisher, this.#runtime).send();
  }

  /**
   * The same with another seed, and so with other records; its streams stand still with those of this.
   *
   * @throws {TypeError} when that is no seed.
   */
  withSeed(seed: number | bigint): StreamingGenerator<Row> {
    const other = new StreamingGenerator(this.#generator, { ...this.#options, seed });
    other.#clock = this.#clock;
    return other;
  }

  /** All streams of this stand still, and their schedules with them, until `resume()`. */
  pause(): void {
    this.#clock.stop();
  }

  /** They go on where they were. */
  resume(): void {
    this.#clock.go();
  }

  /** All batches without an end, as `stream()` gives them: so that `from(streamer)` is a pipeline. */
  [Symbol.asyncIterator](): AsyncIterator<RecordBatch<Row>> {
    return this.stream()[Symbol.asyncIterator]();
  }

  #plan(options: StreamOptions): StreamPlan<Row> {
    const settings = streamSettings(options, this.#settings.bufferSize);
    const { seed, workers } = this.#settings;
    const { conditions } = options;
    const how = {
      ...{ seed, runtime: this.#runtime },
      ...(workers > 0 && { workers }),
      ...(conditions !== undefined && { conditions }),
    };
    const end = settings.start + settings.maxRecords;
    const sampleFrom = (start: number) =>
      this.#generator.sample(Number.isSafeInteger(end) ? end - start : Infinity, { ...how, start });
    const pace = () => this.#pace(settings);
    // so that conditions that cannot be met are an error at once, and so is the pace of what has none
    sampleFrom(settings.start);
    pace();
    return { streamer: this.#settings, settings, clock: this.#clock, sampleFrom, pace };
  }

  #pace({ rate, speed, start }: StreamSettings): Pace | undefined {
    const { seed } = this.#settings;
    const wallMs = this.#runtime.wallClockMs();
    const paces = [
      ...(typeof rate === "number" ? [constantPace(rate)] : []),
      ...(typeof rate === "object" ? [new RatePace(rate, { seed, start: wallMs })] : []),
      ...(speed === undefined ? [] : [this.#generator.pace(start, { seed, speed })]),
    ];
    return paces.length === 2 ? slowerOf(paces[0], paces[1]) : paces[0];
  }
}
