import type { RecordBatch } from "../batch/record_batch.ts";
import { errorOf, StreamingError } from "../hive/streaming_error.ts";
import { BeeCrew } from "./bee_crew.ts";
import { Ledger } from "./ledger.ts";
import type { BeeWork, PipelineMetrics } from "./pipeline_metrics.ts";
import type { ResolvedPlan } from "./pipeline_plan.ts";
import { runMetrics } from "./run_metrics.ts";
import { checkRunOptions, type RunOptions } from "./run_options.ts";
import { RunReading } from "./run_reading.ts";
import { RunResults } from "./run_results.ts";
import type { KindRead, RunSpec } from "./run_spec.ts";
import type { Source, SourceBatch } from "./source.ts";
import { checkAccount } from "./record_account.ts";
import type { AcknowledgedRun, ResultAccount } from "./settlement/result_account.ts";
import type { SettledState } from "./settlement/partition_positions.ts";
import { Settling } from "./settlement/settling.ts";
import { windowsAgain } from "./settlement/windows_again.ts";
import { SourceRestart } from "./settlement/source_restart.ts";
import { SideOutputs } from "./side_outputs.ts";
import { metricsWith, stageOf } from "./stage.ts";
import { WorkLog } from "./work_log.ts";
import { nextTurn } from "../runtime/next_turn.ts";

const PROGRESS_MS = 100;
const TURN_MS = 4;

/** One run of a pipeline: reads the source, gives the bees their work, and hands results out. */
export class PipelineRun implements AcknowledgedRun {
  readonly #spec: RunSpec;
  readonly #options: RunOptions;
  readonly #source: Source;
  /** What leaves beside the results. */
  readonly #sides: SideOutputs;
  readonly #ledger: Ledger;
  readonly #log = new WorkLog();
  /** What of the source is done with, where somebody wants to know. */
  readonly #settling: Settling;
  readonly #reading: RunReading;
  readonly #results: RunResults;
  readonly #work: readonly BeeWork[];
  readonly #startedMs: number;
  #bees: BeeCrew | undefined;
  #failure: Error | undefined;
  #aborted = false;
  #finished = false;
  #endedMs: number | undefined;
  #turnMs: number;
  #progressMs: number;
  #resume: (() => void) | undefined;
  #stopped: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** Whether all results have been handed out. */
  #isComplete = false;
  /** Whether the source goes on with another run. */
  #isRestarting = false;

  /** Opens the source; the bees are born when the first rows have come. */
  constructor(spec: RunSpec, options: RunOptions = {}) {
    checkRunOptions(options);
    const { settings } = spec;
    const source = this.#source = stageOf(spec.source)?.fresh() ?? spec.source;
    const { runtime, badRecords, workers } = settings;
    this.#spec = spec;
    this.#options = options;
    this.#startedMs = this.#turnMs = this.#progressMs = runtime.monotonicMs();
    const events = {
      failed: (error: Error) => this.#fail(error),
      settled: () => this.#wake(),
    };
    const { kinds } = this.#results = new RunResults(spec);
    const sides = this.#sides = new SideOutputs(settings, { kinds, events, late: spec.onLate });
    this.#ledger = new Ledger(sides, { fails: badRecords === "fail" });
    this.#work = Array.from({ length: workers }, () => ({ batches: 0, rows: 0 }));
    const settling = this.#settling = this.#newSettling();
    this.#reading = new RunReading(source, spec, {
      bad: sides.bad,
      log: this.#log,
      settling,
      guarded: (take) => this.#guarded(take),
      failed: (cause) => this.#fail(cause),
      wake: () => this.#wake(),
    });
  }

  #newSettling(): Settling {
    const { plan, settings: { runtime, settleIntervalMs: intervalMs } } = this.#spec;
    const { keepsRows = plan.window !== undefined || plan.ordered !== undefined } = this.#spec;
    return new Settling({
      keepsRows,
      windows: windowsAgain(this.#spec),
      runtime,
      intervalMs,
      kinds: this.kinds,
      letters: () => this.#sides.letters,
      deliver: () => this.#sides.flush(),
      due: () => this.#wake(),
      failed: (error) => this.#fail(error),
    });
  }

  /** Kinds of windows that results are of. */
  get kinds(): number {
    return this.#results.kinds;
  }

  get account(): ResultAccount {
    return this.#settling.account(0);
  }

  /** What is told of the results of one of several kinds of windows. */
  accountOf(kind: number): ResultAccount {
    return this.#settling.account(kind);
  }

  async finish(): Promise<void> {
    if (!this.#isComplete) return await this.#close();
    try {
      await this.#settling.finish(this.#results.rowsOut);
    } finally {
      await this.#close();
    }
    this.#throwIfFailed();
  }

  /** The results, in order; ends with the source. May be called once. */
  async *batches(): AsyncGenerator<RecordBatch, void, undefined> {
    for await (const { batch } of this.reads()) if (batch) yield batch;
  }

  /** The results with, where others go on with them, the watermark up to which they have left. */
  async *reads(): AsyncGenerator<SourceBatch, void, undefined> {
    for await (const { kind: _, ...read } of this.results()) yield read;
  }

  /** The same, telling of which of several kinds of windows they are, each kind in order. */
  async *results(): AsyncGenerator<KindRead, void, undefined> {
    const { signal, onProgress } = this.#options;
    const abort = () => this.#abort();
    signal?.addEventListener("abort", abort);
    try {
      for (let next = await this.#next(); next; next = await this.#next()) {
        yield next;
        if (next.restart) await this.#giveUp(next);
      }
      // One that was lost while letters are waited for would have its finished work done again.
      await this.#stopBees();
      await this.#sides.flush();
      this.#throwIfFailed();
      this.#throwIfAborted();
      this.#isComplete = true;
      this.#endedMs = this.#spec.settings.runtime.monotonicMs();
    } finally {
      signal?.removeEventListener("abort", abort);
      // A source that is to hear of the last results is open until they are acknowledged.
      if (!this.#isComplete || !this.#settling.isActive) await this.#close();
    }
    onProgress?.(this.metrics());
    this.#checkAccounts();
  }

  /** Others go on from here: whoever got results has had the time to say which are settled. */
  async #giveUp({ partitions }: SourceBatch): Promise<never> {
    await this.#sides.flush();
    await this.#settling.pressed();
    this.#throwIfFailed();
    this.#throwIfAborted();
    this.#isRestarting = true;
    throw new SourceRestart(partitions);
  }

  #checkAccounts(): void {
    for (const kind of this.#results.rowsOut.keys()) checkAccount(this.metrics(kind));
  }

  /** Takes rows in as if the source, which is not read then, had given them. */
  offer(read: SourceBatch): void {
    this.#reading.offer(read);
  }

  /** The watermark is at least this from now on, whatever the rows, ms. */
  advance(watermark: number): void {
    this.#reading.advance(watermark);
  }

  /** The clock has gone on. */
  elapse(): void {
    this.#reading.clock.elapse(this.#bees);
  }

  /** No more rows will be offered. */
  end(): void {
    this.#reading.end();
  }

  /**
   * Goes on for as long as there is anything to do, without waiting for anything, and gives what
   * may leave; `work` lets the bees work, who are in this thread, and tells whether they did.
   *
   * @throws the failure of the run.
   */
  settle(work: () => boolean): SourceBatch[] {
    const taken: SourceBatch[] = [];
    const take = () => this.#results.take(this.#bees);
    if (!this.#bees && this.#log.end > 0) this.#startBees().catch((cause) => this.#fail(cause));
    do {
      this.#throwIfFailed();
      for (let next = take(); next; next = take()) taken.push(next);
      const watermark = this.#results.passedOn(this.#bees);
      if (watermark !== undefined) taken.push({ watermark });
      // A bee that waits for room has sent what there was room for.
    } while (this.#pump() || work() || this.#pump());
    if (this.#bees) this.#reading.clock.keep(this.#bees);
    if (this.isFinished) this.#checkAccounts();
    return taken;
  }

  /** Nobody wants more: a wait for the next batch ends, and fails. */
  leave(): void {
    // Who has all results may still be asked about them.
    if (this.#isComplete) return;
    this.#discard();
    this.#fail(new StreamingError("Cannot go on: nobody wants the results any more"));
  }

  /** Works until there are rows to leave; `undefined` when there will never be any again. */
  async #next(): Promise<KindRead | undefined> {
    while (true) {
      this.#throwIfFailed();
      this.#throwIfAborted();
      this.#reading.take();
      // Where results leave batch by batch, those of one are told of before those of the next.
      const isTold = this.#results.tellSettled(this.#bees, this.#reading.feed.records);
      const taken = isTold ? undefined : this.#results.take(this.#bees);
      if (taken) return taken;
      if (!isTold) this.#lookAtSettled();
      const restart = this.#reading.takeRestart();
      if (restart) return this.#restarted(restart);
      const watermark = this.#results.passedOn(this.#bees);
      if (watermark !== undefined) return { kind: 0, watermark };
      if (isTold || this.#results.isSettling(this.#bees)) continue;
      if (this.isFinished) return undefined;
      await this.#advance();
    }
  }

  /** The source begins anew: notes what is settled by what has left until then. */
  #restarted({ partitions }: SourceBatch): KindRead {
    this.#settling.markNow(this.#results.rowsOut, () => this.#settledState);
    return { kind: 0, restart: true, ...(partitions !== undefined && { partitions }) };
  }

  /** Notes what is settled by the results that have left, when all that there are have. */
  #lookAtSettled(): void {
    if (!this.#settling.isActive) return;
    this.#settling.look(this.#results.rowsOut, () => this.#settledState);
  }

  get #settledState(): SettledState {
    const { job } = this.#bees ?? {};
    const decided = this.#log.decide(this.#spec.settings.badRecords);
    if (this.#log.waitsToPutAside) job?.saveSoon();
    return {
      decided: Math.min(decided, job?.knownUntil ?? 0),
      isPast: (time) => job?.isPast(time) ?? false,
      delivered: this.#reading.feed.delivered(job?.watermark ?? -Infinity),
    };
  }

  /** Whether everything that there will ever be has left. */
  get isFinished(): boolean {
    if (!this.#reading.isEnded) return false;
    this.#finished = this.#bees?.job.isFinished(this.#bees.context) ?? true;
    return this.#finished;
  }

  async #advance(): Promise<void> {
    if (!this.#bees && this.#log.end > 0) await this.#startBees();
    this.#readOn();
    const moved = this.#pump();
    this.#tellProgress();
    if (moved || this.#reading.hasRead) return await this.#breathe();
    if (this.#bees) {
      this.#reading.clock.keep(this.#bees);
      return await this.#bees.hive.idle(this.#bees.context.dispatcher.blocked);
    }
    await new Promise<void>((resolve) => this.#resume = resolve);
  }

  #pump(): boolean {
    if (!this.#bees) return false;
    const { hive, job, context } = this.#bees;
    const heard = hive.poll();
    if (this.#failure) return true;
    job.prepare(context, this.#reading.isEnded);
    return context.dispatcher.send() || heard;
  }

  /** Lets promises settle and, now and then, the whole event loop have its turn. */
  async #breathe(): Promise<void> {
    const { runtime } = this.#spec.settings;
    const nowMs = runtime.monotonicMs();
    if (nowMs - this.#turnMs < TURN_MS) return await Promise.resolve();
    await nextTurn(runtime);
    this.#turnMs = runtime.monotonicMs();
  }

  #readOn(): void {
    if (!this.#reading.isIdle || this.#sides.isFull) return;
    if (this.#bees && !this.#bees.job.wantsMore(this.#bees.context)) return;
    this.#reading.readOn();
  }

  async #startBees(): Promise<void> {
    const { settings, onSettled } = this.#spec;
    const crew = this.#bees = new BeeCrew({
      feed: this.#reading.feed,
      log: this.#log,
      ledger: this.#ledger,
      bad: this.#sides.bad,
      settings,
      work: this.#work,
      stepwise: onSettled !== undefined,
      settles: this.#settling.isWanted,
      guarded: (answer) => this.#guarded(answer),
      failed: (error) => this.#fail(error),
    });
    await crew.start();
  }

  /** What fails in answer to a bee fails the run, and not whoever carried the answer. */
  #guarded(answer: () => void): void {
    try {
      answer();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure;
  }

  #throwIfAborted(): void {
    const { signal, onAbort = "stop" } = this.#options;
    if (!signal?.aborted || this.#aborted) return;
    this.#aborted = true;
    if (onAbort === "stop") throw signal.reason;
    this.#reading.drain(signal.reason);
  }

  /** Who waits for dead letters or late rows would not hear of a stop. */
  #abort(): void {
    if (this.#options.onAbort !== "drain") this.#discard();
    this.#wake();
  }

  #discard(): void {
    this.#settling.close();
    this.#sides.discard();
  }

  #fail(cause: unknown): void {
    this.#failure ??= errorOf(cause);
    this.#settling.close();
    this.#wake();
  }

  #wake(): void {
    this.#bees?.hive.wake();
    this.#resume?.();
  }

  #tellProgress(): void {
    const { onProgress } = this.#options;
    const nowMs = this.#spec.settings.runtime.monotonicMs();
    if (!onProgress || nowMs - this.#progressMs < PROGRESS_MS) return;
    this.#progressMs = nowMs;
    onProgress(this.metrics());
  }

  #stopBees(): Promise<void> | undefined {
    return this.#stopped ??= this.#bees?.hive.stop();
  }

  /** Ends the bees and the source; a source that does not hear is not waited for. */
  #close(): Promise<void> {
    return this.#closed ??= this.#closeAll();
  }

  async #closeAll(): Promise<void> {
    const { runtime } = this.#spec.settings;
    this.#endedMs ??= runtime.monotonicMs();
    this.#settling.close();
    this.#reading.stop({ goesOn: this.#isRestarting });
    await this.#stopBees();
    if (this.#isRestarting) return this.#reading.release();
    await this.#reading.close();
  }

  /** The plan, once the columns of the source are known. */
  get resolved(): ResolvedPlan | undefined {
    return this.#reading.feed.resolved;
  }

  /** What has been done so far, for one of the kinds of windows. */
  metrics(kind = 0): PipelineMetrics {
    return metricsWith(this.#source, this.ownMetrics(kind));
  }

  /** The same without the steps before. */
  ownMetrics(kind: number): PipelineMetrics {
    const { runtime, badRecords } = this.#spec.settings;
    return runMetrics(kind, {
      crew: this.#bees,
      feed: this.#reading.feed,
      log: this.#log,
      ledger: this.#ledger,
      sides: this.#sides,
      work: this.#work,
      badRecords,
      rowsOut: this.#results.rowsOut[kind],
      elapsedMs: (this.#endedMs ?? runtime.monotonicMs()) - this.#startedMs,
      isEnded: this.#reading.isEnded,
      isFinished: this.#finished,
      isAborted: this.#aborted,
    });
  }
}
