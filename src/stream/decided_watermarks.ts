import type { RecordBatch } from "../batch/record_batch.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { FeedColumns } from "./feed_columns.ts";
import { ReadingClock } from "./made_time.ts";
import type { PipelinePlan, ResolvedPlan } from "./pipeline_plan.ts";
import type { WatermarkPlan } from "./time_options.ts";
import { type ToldRows, toldRows } from "./told_rows.ts";
import { WatermarkFeed } from "./watermark_feed.ts";

/** From where to where the watermark that the bees are told of moves, ms. */
export interface WatermarkMove {
  readonly watermark: number;
  readonly watermarkAfter: number;
}

/** Options of {@linkcode DecidedWatermarks}. */
export interface DecidedWatermarksOptions {
  readonly watermarks: WatermarkPlan;
  readonly partitions: number;
  readonly runtime: Runtime;
}

/**
 * Watermarks that are decided on the main thread, by the rows and by the clock, and how far the bees
 * were told of them.
 */
export class DecidedWatermarks {
  /** By the rows, and while the source is silent. */
  readonly feed: WatermarkFeed;
  readonly #plan: PipelinePlan;
  /** By which rows get their times where these are those of reading them. */
  readonly #clock: ReadingClock | undefined;
  /** The last watermark that the bees were or will be told of. */
  #told = -Infinity;

  /** Of a plan, before the first row. */
  constructor(plan: PipelinePlan, { watermarks, ...options }: DecidedWatermarksOptions) {
    this.#plan = plan;
    this.feed = new WatermarkFeed(watermarks, options);
    if (plan.time?.made === "clock") this.#clock = new ReadingClock(options.runtime);
  }

  /** The last watermark that the bees were or will be told of, ms. */
  get told(): number {
    return this.#told;
  }

  /** The time of reading, ms, where rows get theirs from it. */
  get nowMs(): number {
    return this.#clock!.nowMs;
  }

  /** By processing time no row is older than the last look at the clock. */
  lookAtClock(): void {
    if (this.#clock) this.feed.advance(this.#clock.nowMs);
  }

  /** Milliseconds of silence after which there may be something to tell. */
  dueIn(): number {
    if (!this.#clock) return this.feed.dueIn();
    // Before the first row there is nothing to close.
    return this.#told === -Infinity ? Infinity : this.#clock.closesIn(this.#plan, this.#told);
  }

  /** The bees will be told how far the watermark is now; `undefined`: they were already. */
  tell(): WatermarkMove | undefined {
    const { watermark: watermarkAfter } = this.feed;
    if (watermarkAfter <= this.#told) return undefined;
    const watermark = this.#told;
    this.#told = watermarkAfter;
    return { watermark, watermarkAfter };
  }

  /** Rows of a partition, cut to what a bee is sent at a time, each piece with its watermarks. */
  cut(
    batch: RecordBatch,
    { partition, columns }: { readonly partition: number; readonly columns: FeedColumns },
  ): ToldRows[] {
    const { tellerOf } = columns.resolved as Required<ResolvedPlan>;
    const plan = this.#plan;
    const time = batch.column(plan.time!.column);
    const timed = { length: batch.length, partition, time, tell: tellerOf(batch) };
    this.feed.elapse();
    const pieces = toldRows(batch, timed, { plan, columns, watermarks: this.feed });
    this.#told = pieces.at(-1)?.told ?? this.#told;
    return pieces;
  }
}
