import type { Expr } from "../../batch/expressions/mod.ts";
import { functionSpec } from "../../hive/record_function.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import type { ModuleReference } from "../../hive/user_function.ts";
import { knownOptions } from "../../runtime/known_options.ts";
import type { Duration } from "../../runtime/duration.ts";
import type { ErrorRecord } from "./error_record.ts";
import {
  checkedKey,
  circularStop,
  DEFAULT_RESULT_TIMEOUT_MS,
  isHigh,
  resultTimeout,
  START,
  STOP,
} from "./hive_stream_checks.ts";
import {
  type HiveStreamOptions,
  type HiveStreamSettings,
  hiveStreamSettings,
} from "./hive_stream_options.ts";
import type {
  GetResultOptions,
  KeyedRecords,
  RecordHandler,
  StartOptions,
  StopOptions,
  StopReport,
  SubmitOptions,
} from "./hive_stream_types.ts";
import { type HiveStreamMetrics, hiveStreamMetrics } from "./hive_stream_metrics.ts";
import { Inlet, type Submission } from "./inlet.ts";
import { Outlet, type Result } from "./outlet.ts";
import { AT_ONCE, RecordDriver } from "./record_driver.ts";
import { RecordEngine } from "./record_engine.ts";
import type { KeyedResult } from "./result_queue.ts";
import { checkedPair, checkedRecords, SourceReaders } from "./source_readers.ts";
import { ToldFailure } from "./told_failure.ts";

/** One for all calls: an object for each would be the collector's to find again. */
const NO_OPTIONS = Object.freeze({});

type State = "new" | "running" | "stopping" | "stopped" | "failed";

/**
 * Runs a function over a stream of keyed records on worker bees.
 *
 * @example
 * ```ts
 * import { HiveStream } from "@waggle/stream";
 *
 * await using stream = new HiveStream<{ value: number }, { doubled: number }>({ workers: 2 });
 * await stream.start((record) => ({ doubled: record.value * 2 }));
 * await stream.submit("key_1", { value: 10 });
 * console.log(await stream.getResult({ timeout: "1s" })); // { doubled: 20 }
 * ```
 *
 * @typeParam In The submitted values: anything that can be cloned to another thread.
 * @typeParam Out The function's results.
 */
export class HiveStream<In = unknown, Out = unknown> implements AsyncDisposable {
  readonly #settings: HiveStreamSettings<In>;
  readonly #outlet: Outlet<In, Out>;
  readonly #inlet: Inlet<In>;
  readonly #sources: SourceReaders<In>;
  readonly #driver: RecordDriver;
  #engine: RecordEngine | undefined;
  #state: State = "new";
  readonly #failure = new ToldFailure();
  #stopped: Promise<StopReport> | undefined;
  #newSources = 0;
  #dropping = false;
  #dropped = 0;
  #undelivered = 0;
  #startedMs = 0;
  #endedMs: number | undefined;
  /** Records that may enter before room is looked for again. */
  #room = 0;
  /** The timeout of the last read, as it was given and in milliseconds. */
  #timeout: Duration | undefined;
  #timeoutMs = DEFAULT_RESULT_TIMEOUT_MS;

  /**
   * A stream that is not started.
   *
   * @throws {RangeError} for a number out of its range.
   * @throws {TypeError} for an unknown word, or options that do not go together.
   */
  constructor(options: HiveStreamOptions<In> = {}) {
    const settings = this.#settings = hiveStreamSettings(options);
    this.#outlet = new Outlet(settings, {
      failed: (error) => this.#fail(error),
      relieved: () => this.#inlet.admit(),
    });
    this.#inlet = new Inlet({
      runtime: settings.runtime,
      resultBuffer: settings.resultBuffer,
      unread: () => this.#outlet.results.length,
      hasRoom: () => this.#hasRoom(),
      accept: (submission) => this.#accept(submission),
    });
    this.#driver = new RecordDriver(settings.runtime, {
      moved: () => this.#inlet.admit(),
      isOver: () => this.#failure.error !== undefined || this.#dropping,
      failed: (error) => this.#fail(error),
    });
    this.#sources = new SourceReaders({
      isOpen: () => this.#state === "running",
      submit: (key, value) => this.#submit(key, value, NO_OPTIONS),
      failed: (error) => this.#fail(error),
    });
  }

  /** What the stream has done and how it goes; readable at any time. */
  metrics(): HiveStreamMetrics {
    return hiveStreamMetrics(this.#engine, {
      nowMs: this.#endedMs ?? this.#settings.runtime.monotonicMs(),
      startedMs: this.#startedMs,
      unreadResults: this.#outlet.results.length,
      errors: this.#outlet.errors,
      skipped: this.#outlet.skipped,
      deadLettered: this.#outlet.deadLetters.count,
      dropped: this.#dropped,
    });
  }

  /**
   * Spawns the bees and gives them the function; resolves when they are ready. Records may be
   * submitted at once.
   *
   * @throws {TypeError} when the function cannot work in a bee, naming what it reaches out for.
   * @throws {StreamingError} when the stream was started before.
   */
  async start(
    fn: RecordHandler<In, Out> | ModuleReference | Expr<Out>,
    options: StartOptions = {},
  ): Promise<void> {
    if (this.#state !== "new") {
      throw new StreamingError(
        `Cannot start: the stream is ${this.#state}; a stream is started once, make a new one`,
      );
    }
    knownOptions(options, START);
    const spec = functionSpec(fn, options.context);
    this.#engine = new RecordEngine(this.#settings, {
      fn: spec,
      events: {
        settled: (batch, outcome) => this.#outlet.settle(batch, outcome),
        failed: (error) => this.#fail(error),
      },
    });
    this.#state = "running";
    this.#startedMs = this.#driver.begin();
    await this.#engine.hive.start().catch(this.#failure.rethrow);
    this.#failure.check();
  }

  /**
   * Submits a record; resolves when it is accepted, which waits while `bufferSize` records are
   * unfinished. The value is copied: it may be changed afterwards.
   *
   * @throws {TypeError | RangeError} when the value cannot cross to a bee, or is too large.
   * @throws {ResultsFullError} when results are full and nobody has read any for a second.
   * @throws {StreamingError} before the start, after the stop, or when the stream has failed.
   */
  submit(key: string, value: In, options: SubmitOptions = NO_OPTIONS): Promise<void> {
    const entered = this.#submit(key, value, options);
    return entered === AT_ONCE ? entered : entered.catch(this.#failure.rethrow);
  }

  /** Submits for the user or a source; of a failure meanwhile only the user is told. */
  #submit(key: string, value: In, options: SubmitOptions): Promise<void> {
    try {
      const { priority = "normal" } = options;
      this.#checkRunning();
      const submission = { key: checkedKey(key), value, priority: isHigh(priority) };
      if (!this.#inlet.isOpen) return this.#inlet.enter(submission);
      this.#accept(submission);
      return this.#driver.pause();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Submits a record if there is room for it now; false when there is none.
   *
   * @throws as {@linkcode HiveStream.submit} rejects.
   */
  trySubmit(key: string, value: In, options: SubmitOptions = NO_OPTIONS): boolean {
    const { priority = "normal" } = options;
    this.#checkRunning();
    const submission = { key: checkedKey(key), value, priority: isHigh(priority) };
    if (!this.#inlet.isOpen) return false;
    this.#accept(submission);
    return true;
  }

  /**
   * Submits every pair of an iterable, at the pace of the bees; resolves to their number.
   *
   * @throws {TypeError} when it cannot be iterated or gives something else than pairs.
   * @throws as {@linkcode HiveStream.submit} rejects.
   */
  async submitAll(
    records: KeyedRecords<In>,
    options: SubmitOptions = {},
  ): Promise<number> {
    let count = 0;
    for await (const pair of checkedRecords(records, "submit records")) {
      await this.submit(...checkedPair<In>(pair, "submit record"), options);
      count++;
    }
    return count;
  }

  /**
   * Adds a source of records while the stream runs. It is read at the pace of the bees until it
   * ends, the stream stops, or it throws, which fails the stream. While results are full it waits.
   * A generator that waits for its next record when the stream stops is closed when that comes.
   *
   * @throws {TypeError} when it cannot be iterated.
   * @throws {StreamingError} before the start, after the stop, or when the stream has failed.
   */
  addSource(records: KeyedRecords<In>): void {
    const engine = this.#checkRunning("add source");
    checkedRecords(records, "add source");
    engine.announceSources(++this.#newSources);
    this.#settings.runtime.soon(() => {
      engine.announceSources(--this.#newSources);
      this.#sources.read(records);
    });
  }

  /**
   * The next result: what the function returned, `null` if that was `undefined`, or an error
   * record. Resolves to `undefined` when none came in time, or the stream is stopped and empty.
   *
   * @throws {TypeError | RangeError} when the timeout is none, also if there is a result to give.
   * @throws the stream's error when it has failed and all results are read.
   */
  getResult(
    options: GetResultOptions = NO_OPTIONS,
  ): Promise<Out | ErrorRecord<In> | null | undefined> {
    // Reading the duration anew would cost more than the rest of a call.
    if (options.timeout !== this.#timeout) {
      try {
        this.#timeoutMs = resultTimeout(options);
        this.#timeout = options.timeout;
      } catch (error) {
        return Promise.reject(error);
      }
    }
    this.#inlet.noteRead();
    const { results } = this.#outlet;
    if (results.length > 0) return Promise.resolve(results.shiftValue());
    return this.#awaitResult(this.#timeoutMs);
  }

  /** Results with their keys, as they come; ends when the stream is stopped and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<KeyedResult<Out | ErrorRecord<In> | null>> {
    while (true) {
      this.#inlet.noteRead();
      const next = this.#outlet.results.shift() ?? await this.#nextResult(Infinity);
      if (!next) return;
      yield next;
    }
  }

  /**
   * Stops the stream. By default all accepted records are finished first; results stay readable.
   * A second call gives the first one's report.
   *
   * @throws {TypeError} when an option is not known.
   * @throws {StreamingError} when a dead-letter callback awaits it without `drain: false`: the stop,
   * which has begun, waits for that callback.
   * @throws the stream's error when it has failed and no call was rejected with it yet: whoever only
   * submits learns of it here, and whoever has learned of it elsewhere gets the report.
   */
  stop(options: StopOptions = {}): Promise<StopReport> {
    try {
      knownOptions(options, STOP);
    } catch (error) {
      return Promise.reject(error);
    }
    const { drain = true } = options;
    if (!drain && this.#stopped) this.#drop();
    const report = this.#end(drain);
    if (this.#outlet.deadLetters.waitsForCaller) return circularStop();
    return this.#failure.unlessTold(report);
  }

  /**
   * Stops the stream and waits for what is accepted.
   *
   * @throws as {@linkcode HiveStream.stop} rejects.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #checkRunning(doing = "submit"): RecordEngine {
    this.#failure.check();
    if (this.#state === "running" && this.#engine) return this.#engine;
    throw new StreamingError(
      this.#state === "new"
        ? `Cannot ${doing}: the stream is not started; call start() with the function first`
        : `Cannot ${doing}: the stream is stopped; make a new one`,
    );
  }

  /**
   * Whether one more record may enter. What is counted only moves on from one count to the next, or
   * leaves, so that many may enter after one look.
   */
  #hasRoom(): boolean {
    if (this.#room > 0) return true;
    const { bufferSize, resultBuffer } = this.#settings;
    const unfinished = this.#engine?.unfinished ?? 0;
    this.#room = Math.min(
      bufferSize - unfinished - this.#outlet.held,
      resultBuffer - unfinished - this.#outlet.results.length,
    );
    return this.#room > 0;
  }

  #accept(submission: Submission<In>): void {
    const engine = this.#engine!;
    engine.accept(submission);
    this.#room--;
    this.#driver.accepted(engine);
  }

  async #awaitResult(timeoutMs: number): Promise<Result<In, Out> | undefined> {
    const next = await this.#nextResult(timeoutMs);
    return next?.result;
  }

  async #nextResult(timeoutMs: number): Promise<KeyedResult<Result<In, Out>> | undefined> {
    if (this.#state !== "stopped") this.#engine?.serve();
    const next = await this.#outlet.results.next(timeoutMs);
    if (!next) this.#failure.check();
    return next;
  }

  /** Stops the stream, once; never rejects. */
  #end(drain: boolean): Promise<StopReport> {
    return this.#stopped ??= this.#stop(drain);
  }

  async #stop(drain: boolean): Promise<StopReport> {
    const engine = this.#engine;
    if (this.#state === "running") this.#state = "stopping";
    this.#inlet.close(new StreamingError("Cannot submit: the stream was stopped meanwhile"));
    this.#sources.close();
    if (engine) await this.#driver.guard(() => this.#finish(engine, drain));
    if (this.#state !== "failed") this.#state = "stopped";
    this.#endedMs = this.#settings.runtime.monotonicMs();
    this.#outlet.end();
    return {
      dropped: this.#dropped,
      processed: (engine?.finished ?? 0) - this.#undelivered,
      lostBees: engine?.hive.lostBees ?? 0,
    };
  }

  async #finish(engine: RecordEngine, drain: boolean): Promise<void> {
    if (!drain) this.#drop();
    engine.flush();
    while (engine.unfinished > 0 && !this.#failure.error && !this.#dropping) {
      await this.#driver.drive(engine);
    }
    await engine.hive.stop();
    engine.hive.poll(); // what the bees had finished when they were told to stop
    await this.#outlet.deadLetters.flush();
    this.#undelivered = this.#outlet.deadLetters.pending;
    this.#dropped = engine.unfinished + this.#undelivered;
  }

  #drop(): void {
    this.#dropping = true;
    this.#outlet.deadLetters.discard();
    this.#engine?.hive.wake();
  }

  #fail(error: Error): void {
    // After the stop nothing can fail any more: a letter that was given up may still be refused.
    if (this.#failure.error || this.#state === "stopped") return;
    this.#failure.set(error);
    this.#state = "failed";
    this.#inlet.close(error);
    this.#outlet.results.end();
    this.#engine?.hive.wake();
    this.#end(true);
  }
}
