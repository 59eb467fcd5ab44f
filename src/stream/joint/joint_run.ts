import type { RecordBatch } from "../../batch/record_batch.ts";
import { ChildAbort } from "../child_abort.ts";
import { BatchQueue } from "./batch_queue.ts";
import type { Joinable, ResultRun } from "./joinable.ts";
import type { PipelineMetrics } from "../pipeline_metrics.ts";
import { RestartingRun } from "../restarting_run.ts";
import type { RunOptions } from "../run_options.ts";
import { queuedBatches } from "./queued_batches.ts";
import { checkRunOptions } from "../run_options.ts";
import { SharedRun } from "./shared_run.ts";
import { SharedSources } from "./shared_sources.ts";
import { type RunGroup, runGroups, sharedPlan } from "./slice_sharing.ts";
import type { Source } from "../source.ts";
import { StageRun } from "./stage_run.ts";

const PROGRESS_MS = 100;
/** Rows of one pipeline that may wait to be read. */
const MAX_UNREAD_ROWS = 65_536;

/** Options of a {@linkcode JointRun}. */
export interface JointOptions extends Omit<RunOptions, "onProgress"> {
  /** Called with the metrics of all. */
  readonly onProgress?: (metrics: readonly PipelineMetrics[]) => void;
}

/** One of the pipelines, while it runs. */
interface Member {
  readonly joined: Joinable;
  readonly run: ResultRun;
  /** It wants no more, whether it has begun or not. */
  readonly leave: () => void;
}

/** One run of several pipelines, each of whose sources is read once, and whose slices are shared. */
export class JointRun {
  readonly #options: JointOptions;
  readonly #runOptions: RunOptions;
  readonly #sources: SharedSources;
  readonly #members: readonly Member[];
  /** Aborted when one has failed, which ends all others. */
  readonly #stop = new AbortController();
  /** What all are ended by. */
  readonly #ends: ChildAbort;
  #left: number;
  #toldMs: number;
  #isDrained = false;

  /** Opens the pipelines; their sources are opened when the first row is asked for. */
  constructor(members: readonly Joinable[], options: JointOptions) {
    checkRunOptions(options);
    this.#options = options;
    this.#left = members.length;
    this.#toldMs = members[0].parts.settings.runtime.monotonicMs();
    const { signal, onAbort = "stop", onProgress } = options;
    this.#ends = new ChildAbort(onAbort === "stop" ? signal : undefined);
    this.#runOptions = {
      signal: this.#ends.signal,
      ...(onProgress && { onProgress: () => this.#tellProgress() }),
    };
    const groups = runGroups(members);
    this.#sources = new SharedSources(groups.map((group) => sourceOf(members, group)));
    const opened: Member[] = [];
    for (const group of groups) {
      this.#open(members, group).forEach((member, at) => opened[group.members[at]] = member);
    }
    this.#members = opened;
    signal?.addEventListener("abort", this.#drainSources);
    if (signal?.aborted) this.#drainSources();
  }

  /** Opens a pipeline, or several that are one run; or one with whose results others go on. */
  #open(all: readonly Joinable[], group: RunGroup): Member[] {
    const joined = group.members.map((at) => all[at]);
    const [{ parts }] = joined;
    const view = this.#sources.view(sourceOf(all, group));
    if (group.slices[0].stage) {
      const { runtime, badRecords, settleIntervalMs } = parts.settings;
      const { signal } = this.#runOptions;
      const run = new StageRun(view, { runtime, badRecords, signal: signal!, settleIntervalMs });
      return [{ joined: joined[0], run, leave: () => run.leave() }];
    }
    if (joined.length > 1) {
      const plan = sharedPlan(all, group);
      const { parts: runs } = new SharedRun(joined, { view, plan }, this.#runOptions);
      return runs.map((run, at) => ({ joined: joined[at], run, leave: () => run.leave() }));
    }
    const run = new RestartingRun({ ...parts, source: view }, this.#runOptions);
    const leave = () => {
      view.leave();
      run.leave();
    };
    return [{ joined: joined[0], run, leave }];
  }

  /** Runs all to the end of their sources. */
  async drain(): Promise<PipelineMetrics[]> {
    const all = this.#members.map(({ joined, run }) =>
      this.#ending(joined.drain(run, this.#runOptions))
    );
    await Promise.allSettled(all);
    await Promise.all(all);
    return this.#metrics();
  }

  /** The results of each; all run from when the first batch of any is asked for. */
  batches(): AsyncGenerator<RecordBatch, void, undefined>[] {
    const ending = (pumping: Promise<void>) => this.#ending(pumping);
    const pumps = this.#members.map((member) => new Pump(member, this.#runOptions, ending));
    const start = () => pumps.forEach((pump) => pump.start());
    return pumps.map((pump) =>
      queuedBatches(pump.queue, {
        start,
        asked: (rows) => pump.asked(rows),
        end: () => pump.finish(),
        leave: () => pump.leave(),
      })
    );
  }

  /** What is done when one of them ends: a failure is one of all. */
  async #ending(run: Promise<void>): Promise<void> {
    try {
      await run;
    } catch (error) {
      this.#stop.abort(error);
      this.#ends.abort(error);
      throw this.#stop.signal.reason;
    } finally {
      if (--this.#left === 0) this.#finish();
    }
  }

  #finish(): void {
    this.#options.signal?.removeEventListener("abort", this.#drainSources);
    this.#ends[Symbol.dispose]();
    if (!this.#stop.signal.aborted) this.#options.onProgress?.(this.#metrics());
  }

  #tellProgress(): void {
    const nowMs = this.#members[0].joined.parts.settings.runtime.monotonicMs();
    if (nowMs - this.#toldMs < PROGRESS_MS) return;
    this.#toldMs = nowMs;
    this.#options.onProgress?.(this.#metrics());
  }

  #metrics(): PipelineMetrics[] {
    const more = this.#isDrained ? { aborted: true } : {};
    return this.#members.map(({ run }) => ({ ...run.metrics(), ...more }));
  }

  /** All pipelines end with the same row. */
  readonly #drainSources = () => {
    if (this.#options.onAbort !== "drain") return;
    this.#isDrained = true;
    this.#sources.end();
  };
}

/** What a group reads. */
function sourceOf(all: readonly Joinable[], { members: [first], slices }: RunGroup): Source {
  return slices[0].stage ?? all[first].parts.source;
}

/** Brings the results of a pipeline into a queue, whoever reads them when. */
class Pump {
  readonly queue = new BatchQueue(MAX_UNREAD_ROWS);
  readonly #member: Member;
  readonly #options: RunOptions;
  readonly #ending: (pumping: Promise<void>) => Promise<void>;
  #pumping: Promise<void> | undefined;

  constructor(
    member: Member,
    options: RunOptions,
    ending: (pumping: Promise<void>) => Promise<void>,
  ) {
    this.#member = member;
    checkRunOptions(options);
    this.#options = options;
    this.#ending = ending;
  }

  start(): void {
    this.#pumping ??= this.#ending(this.#pump()).then(
      () => this.queue.end(),
      (error) => this.queue.end({ error }),
    );
  }

  /** So many rows were taken, and more are asked for. */
  asked(rows: number): void {
    this.#member.run.account.acknowledge(rows);
  }

  /** Nothing more is told of the results. */
  async finish(): Promise<void> {
    await this.#member.run.finish();
  }

  async #pump(): Promise<void> {
    if (this.queue.isLeft) return;
    const { joined, run } = this.#member;
    try {
      for await (const batch of joined.batches(run, this.#options)) {
        await this.queue.put(batch);
        if (this.queue.isLeft) return;
      }
    } catch (error) {
      // A run that nobody wants ends as one that fails.
      if (!this.queue.isLeft) throw error;
    }
  }

  async leave(): Promise<void> {
    this.#member.leave();
    this.start();
    await this.#pumping;
    await this.finish();
  }
}
