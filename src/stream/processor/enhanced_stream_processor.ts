import { StreamingError } from "../../hive/streaming_error.ts";
import { received } from "../../runtime/known_options.ts";
import type { AggregatesOf } from "../windowed_pipeline.ts";
import { noPipelineMetrics } from "../pipeline_metrics.ts";
import {
  aggregationOf,
  type AggregationOptions,
  type ProcessorAggregation,
} from "./processor_aggregation.ts";
import { ProcessorEngine } from "./processor_engine.ts";
import {
  type EnhancedStreamProcessorOptions,
  type ProcessorSettings,
  processorSettings,
} from "./processor_options.ts";
import type {
  BuiltInAggregation,
  BuiltInValue,
  EnhancedStreamProcessorMetrics,
  FoldAggregation,
  ListAggregation,
  WindowResult,
} from "./processor_types.ts";
import { type Claim, ResultDesk } from "./result_desk.ts";

const NOTHING_YET = { late: 0, openWindows: 0, results: 0, watermark: -Infinity, waiting: 0 };

/**
 * Puts records into event-time windows, one call a record, and gives to each call what the record
 * has closed: a pipeline that is pushed into.
 *
 * Times, the watermark and the ends of open windows are known on this side, so a record that closes
 * no window costs no way to the bees and back; one that does waits for them. Each result is given
 * once: to the call whose record closed its window, or to a loop over the processor while there is
 * one.
 *
 * @typeParam In The records.
 * @typeParam Value What the aggregate makes of them, as far as `flush()`, `close()` and loops know.
 *
 * @example
 * ```ts
 * import { count, EnhancedStreamProcessor, mean, TumblingWindow } from "@waggle/stream";
 *
 * await using stream = new EnhancedStreamProcessor<{ at: number; celsius: number }>({
 *   workers: 1,
 *   windowAssigner: new TumblingWindow({ size: "1s" }),
 *   timestamp: "at",
 * });
 * const aggregate = { n: count(), mean: mean("celsius") };
 * console.log(await stream.processRecord({ at: 100, celsius: 20 }, { aggregate })); // undefined
 * console.log(await stream.processRecord({ at: 900, celsius: 22 }, { aggregate })); // undefined
 * console.log(await stream.processRecord({ at: 1500, celsius: 18 }, { aggregate }));
 * // [ { key: null, windowStart: 0, windowEnd: 1000, value: { n: 2, mean: 21 } } ]
 * console.log(await stream.close());
 * // [ { key: null, windowStart: 1000, windowEnd: 2000, value: { n: 1, mean: 18 } } ]
 * ```
 */
export class EnhancedStreamProcessor<In extends object = Record<string, unknown>, Value = unknown>
  implements AsyncDisposable, AsyncIterable<WindowResult<Value>> {
  readonly #settings: ProcessorSettings<In>;
  readonly #desk = new ResultDesk<WindowResult>();
  #aggregation: ProcessorAggregation | undefined;
  #engine: ProcessorEngine<In> | undefined;
  #records = 0;
  #startedMs = 0;
  #endedMs: number | undefined;
  #closed: Promise<void> | undefined;

  /**
   * A processor without records; bees are born with the first.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be, or is not known.
   */
  constructor(options: EnhancedStreamProcessorOptions<In>) {
    this.#settings = processorSettings(options);
  }

  /**
   * Takes a record, for a function of the list of a window's and key's records. Calls may overlap: records are taken in the order of the calls.
   *
   * @returns the results of the windows that the record closed, by the ends of their windows and
   *   then by key; `undefined` when it closed none. Windows that the clock closed, where watermarks
   *   go by it, are given to the next call.
   * @throws {TypeError} when the record has no time, or a value that cannot be used, or `aggregate`
   *   is none or not that of the first call: the record does not count, and others may follow.
   * @throws the failure of the stream, for good.
   */
  processRecord<Own extends Value, Context = unknown>(
    record: In,
    options: ListAggregation<In, Own, Context>,
  ): Promise<WindowResult<Own>[] | undefined>;
  /** Takes a record, for a function that folds a window's and key's records one by one. */
  processRecord<Own extends Value, Context = unknown>(
    record: In,
    options: FoldAggregation<In, Own, Context>,
  ): Promise<WindowResult<Own>[] | undefined>;
  /** Takes a record, for built-in aggregates. */
  processRecord<const Specs extends AggregatesOf<In>>(
    record: In,
    options: BuiltInAggregation<Specs>,
  ): Promise<WindowResult<BuiltInValue<In, Specs>>[] | undefined>;
  async processRecord(
    record: In,
    options: AggregationOptions,
  ): Promise<WindowResult<never>[] | undefined> {
    const engine = this.#ready(record, options);
    const claim = engine.accept(record);
    this.#records++;
    const results = await this.#resultsTo(engine, claim);
    return results.length > 0 ? results as WindowResult<never>[] : undefined;
  }

  async #resultsTo(
    engine: ProcessorEngine<In>,
    claim: Claim | undefined,
  ): Promise<readonly WindowResult[]> {
    if (claim && !this.#desk.isRead) return await this.#desk.claim(claim);
    const rest = this.#desk.takeRest();
    await engine.room();
    return rest;
  }

  #ready(record: In, options: AggregationOptions): ProcessorEngine<In> {
    if (this.#engine?.failure) throw this.#engine.tell(this.#engine.failure);
    if (this.#closed) {
      throw new StreamingError("Cannot process record: the processor is closed; make a new one");
    }
    checkRecord(record);
    if (this.#aggregation?.isLike(Object(options)) === false) {
      throw new TypeError(
        `Cannot process record: aggregate and initialValue must be those of the first call; make ` +
          `another processor for another aggregate`,
      );
    }
    return this.#engine ??= this.#begin(record, options);
  }

  #begin(first: In, options: AggregationOptions): ProcessorEngine<In> {
    const aggregation = aggregationOf(options);
    const engine = new ProcessorEngine(this.#settings, { aggregation, desk: this.#desk, first });
    this.#aggregation = aggregation;
    this.#startedMs = this.#settings.pipeline.runtime.monotonicMs();
    return engine;
  }

  /**
   * Closes all windows that are open, whatever the watermark; records that come for them later are
   * late.
   *
   * @returns the results that no call was given; none while a loop reads them.
   * @throws the failure of the stream.
   */
  async flush(): Promise<WindowResult<Value>[]> {
    const engine = this.#engine;
    if (!engine || this.#closed) return [];
    return await this.#rest(engine.flush());
  }

  async #rest(claim: Claim): Promise<WindowResult<Value>[]> {
    if (this.#desk.isRead) return [];
    return await this.#desk.claim(claim) as WindowResult<Value>[];
  }

  /**
   * Closes all windows, and ends the bees. What is called later is refused; a second call gives
   * nothing.
   *
   * @returns the results that no call was given; none while a loop reads them.
   * @throws the failure of the stream, when no call was rejected with it yet.
   */
  async close(): Promise<WindowResult<Value>[]> {
    if (this.#closed) {
      await this.#closed;
      return [];
    }
    const rest = this.#engine?.failure ? Promise.resolve([]) : this.#rest({ upTo: Infinity });
    rest.catch(() => {}); // whoever waits for it below is told
    this.#closed = this.#end();
    await this.#closed;
    this.#engine?.throwIfUntold();
    return await rest;
  }

  async #end(): Promise<void> {
    if (this.#engine) await this.#engine.end();
    else this.#desk.end();
    this.#endedMs = this.#settings.pipeline.runtime.monotonicMs();
  }

  /**
   * All results from now on, as they come, in the place of the calls, which get `undefined` then and
   * wait for nothing but room; ends with the processor. While 65,536 results are not read, records
   * have to wait.
   */
  [Symbol.asyncIterator](): AsyncGenerator<WindowResult<Value>, void, undefined> {
    return this.#desk.loop() as AsyncGenerator<WindowResult<Value>, void, undefined>;
  }

  /**
   * Closes the processor; results that nobody has asked for are dropped.
   *
   * @throws as {@linkcode EnhancedStreamProcessor.close}.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * The plan in words, as that of a pipeline: what is computed where, and which promise holds when
   * a bee is lost.
   *
   * @throws {StreamingError} before the first record, which tells what is to be computed.
   */
  explain(): string {
    if (this.#engine) return this.#engine.explain();
    throw new StreamingError(
      "Cannot explain: what is computed is known with the first record; process one first",
    );
  }

  /** What the processor has done and does; readable at any time. */
  metrics(): EnhancedStreamProcessorMetrics {
    const { bees, lost, replayed, lostBees } = this.#engine?.metrics() ?? noPipelineMetrics();
    const nowMs = this.#endedMs ?? this.#settings.pipeline.runtime.monotonicMs();
    const elapsedMs = this.#engine ? nowMs - this.#startedMs : 0;
    const worked = bees.reduce((sum, { utilization }) => sum + utilization, 0);
    return {
      recordsProcessed: this.#records,
      processingRate: elapsedMs > 0 ? 1000 * this.#records / elapsedMs : 0,
      workerUtilization: bees.length > 0 ? worked / bees.length : 0,
      ...this.#engine?.counts ?? NOTHING_YET,
      lost,
      replayed,
      lostBees,
      elapsedMs,
    };
  }
}

function checkRecord(record: unknown): void {
  if (typeof record === "object" && record !== null && !Array.isArray(record)) return;
  throw new TypeError(`Cannot process record: it must be an object, received ${received(record)}`);
}
