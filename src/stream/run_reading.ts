import type { Runtime } from "../runtime/runtime.ts";
import type { BadInputs } from "./bad_inputs.ts";
import type { BatchFeed } from "./batch_feed.ts";
import type { BlockContent } from "./block_content.ts";
import type { FeedItem } from "./feed_item.ts";
import { RunClock } from "./run_clock.ts";
import { runFeed } from "./run_feed.ts";
import type { RunSpec } from "./run_spec.ts";
import type { Settling } from "./settlement/settling.ts";
import type { Source, SourceBatch } from "./source.ts";
import { stageOf } from "./stage.ts";
import type { WorkLog } from "./work_log.ts";

const CLOSE_MS = 1_000;

/** What a {@linkcode RunReading} works with: the parts of its run. */
export interface ReadingParts {
  readonly bad: BadInputs;
  /** Takes what was read. */
  readonly log: WorkLog;
  readonly settling: Settling;
  /** Takes rows in: what fails in that fails the run, and not whoever brought them. */
  readonly guarded: (take: () => void) => void;
  /** The source has failed. */
  readonly failed: (cause: unknown) => void;
  /** There is something to do. */
  readonly wake: () => void;
}

/** The reading of a run: one read of the source at a time, each taken into the log of work. */
export class RunReading {
  readonly feed: BatchFeed;
  /** What the clock brings about while the source is silent. */
  readonly clock: RunClock;
  readonly #source: Source;
  readonly #runtime: Runtime;
  readonly #parts: ReadingParts;
  readonly #closing = new AbortController();
  #isReading = false;
  #isDrained = false;
  #isEnded = false;
  /** What was read and is not in the log. */
  #read: SourceBatch | undefined;

  /** Opens the source, which is that of the plan or one like it. */
  constructor(source: Source, spec: RunSpec, parts: ReadingParts) {
    const { bad, settling, guarded, wake } = parts;
    const { runtime } = spec.settings;
    this.#source = source;
    this.#runtime = runtime;
    this.#parts = parts;
    this.feed = runFeed(source, spec, { bad, signal: this.#closing.signal, settling });
    this.clock = new RunClock(runtime, this.feed, {
      isEnded: () => this.#isEnded,
      brings: (make) => guarded(() => this.#append(make())),
      wake,
    });
  }

  /** Whether nothing more will be read. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether something was read that is not in the log. */
  get hasRead(): boolean {
    return this.#read !== undefined;
  }

  /** Whether {@linkcode RunReading.readOn} may be called. */
  get isIdle(): boolean {
    return !this.#isReading && !this.#read && !this.#isEnded;
  }

  /** Reads on, without waiting for what comes. */
  readOn(): void {
    const { failed, wake } = this.#parts;
    this.#isReading = true;
    this.clock.wait();
    this.feed.read().then((read) => {
      if (read) this.#read = read;
      else this.#isEnded = true;
    }, (cause) => {
      if (!this.#isEnded) failed(cause);
    }).finally(() => {
      this.#isReading = false;
      this.clock.heard();
      wake();
    });
  }

  /** Takes what was read into the log, but for the news that the source begins anew. */
  take(): void {
    const read = this.#read;
    // That is waited with until all results that there are have left.
    if (read?.restart && !this.#isDrained) return;
    this.#read = undefined;
    if (!read || this.#isDrained && !stageOf(this.#source)) return;
    const { log, settling } = this.#parts;
    const items = this.feed.take(read, settling.isWanted);
    this.#append(items);
    const { greatest } = this.feed;
    settling.read(read, { end: log.end, greatest, block: blockIn(items) });
  }

  /** The news that the source begins anew, if that is what was read: it is gone then. */
  takeRestart(): SourceBatch | undefined {
    if (!this.#read?.restart) return undefined;
    const read = this.#read;
    this.#read = undefined;
    return read;
  }

  /** Takes rows in as if the source, which is not read then, had given them. */
  offer(read: SourceBatch): void {
    this.feed.wait(false);
    this.#read = read;
    this.#parts.guarded(() => this.take());
    this.feed.wait(true);
  }

  /** The watermark is at least this from now on, whatever the rows, ms. */
  advance(watermark: number): void {
    this.#append(this.feed.advance(watermark));
  }

  #append(batches: readonly FeedItem[]): void {
    const nowMs = this.#runtime.monotonicMs();
    for (const batch of batches) this.#parts.log.append(batch, nowMs);
  }

  /** No more rows will be offered. */
  end(): void {
    this.#isEnded = true;
  }

  /** Reads no further; what steps before have read still comes. */
  drain(reason: unknown): void {
    this.#isDrained = true;
    const stage = stageOf(this.#source);
    if (stage) return stage.drain();
    this.#isEnded = true;
    // Who is to hear what is settled of what was read stays open, and is read no more.
    if (!this.#parts.settling.isActive) this.#closing.abort(reason);
  }

  /** Takes nothing more in; the source is told so unless it goes on with another run. */
  stop({ goesOn }: { readonly goesOn: boolean }): void {
    this.#isEnded = true;
    this.clock.close();
    if (!goesOn) this.#closing.abort();
  }

  /** Lets go of everything but the source. */
  release(): void {
    this.feed.release();
  }

  /** Ends the source, which is not waited for if it does not hear. */
  async close(): Promise<void> {
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const cancel = this.#runtime.after(CLOSE_MS, resolve);
    // It may fail while it is closed because it was told to stop: that is no news.
    await Promise.race([this.feed.close().catch(() => {}), tooLong]);
    cancel();
  }
}

/** The block of bytes among what was read, if there is one. */
function blockIn(items: readonly FeedItem[]): BlockContent | undefined {
  for (const item of items) if ("block" in item && !item.block.marker) return item.block;
  return undefined;
}
