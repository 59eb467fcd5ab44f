import type { Column } from "../batch/column.ts";
import { timeReader } from "../hive/event_times.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { RowTeller } from "../windows/watermark_strategy.ts";
import { type Clocks, WatermarkTracker } from "../windows/watermark_tracker.ts";
import type { WatermarkPlan } from "./time_options.ts";

/** Rows that follow each other and may be judged by one watermark. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  /** Watermark by which the rows are judged, ms. */
  readonly watermark: number;
  /** Watermark of all partitions before them, ms. */
  readonly watermarkBefore: number;
  /** Watermark of all partitions after them, ms. */
  readonly watermarkAfter: number;
}

/** Rows to be cut. */
export interface TimedRows {
  readonly length: number;
  readonly partition: number;
  readonly time: Column;
  /** What of a row the generators are told. */
  readonly tell: RowTeller;
}

/** The first end after a watermark of a window that holds a time, ms; `Infinity`: none. */
export type NextEnd = (time: number, watermark: number) => number;

/** What decides where rows are cut. */
export interface CutRule {
  readonly nextEnd: NextEnd;
  /** Whether rows are judged by the watermark of their partition, and not by that of all. */
  readonly alone: boolean;
}

/** Options of a {@linkcode WatermarkFeed}. */
export interface WatermarkFeedOptions {
  readonly partitions: number;
  readonly runtime: Runtime;
}

/** Makes watermarks of the rows of a source in their order, and by the clock while it is silent. */
export class WatermarkFeed {
  readonly #runtime: Runtime;
  readonly #tracker: WatermarkTracker;
  #waitedMs = 0;
  /** Since when the source is waited for. */
  #sinceMs: number | undefined;

  /** Watermarks before the first row. */
  constructor(plan: WatermarkPlan, { partitions, runtime }: WatermarkFeedOptions) {
    const { strategy, idle } = plan;
    this.#runtime = runtime;
    this.#tracker = new WatermarkTracker(strategy, { partitions, ...(idle && { idle }) });
    this.#tracker.elapse(this.#clocks());
  }

  /** The watermark now, ms. */
  get watermark(): number {
    return this.#tracker.watermark;
  }

  /** Watermark of a partition alone, ms. */
  markOf(partition: number): number {
    return this.#tracker.markOf(partition);
  }

  /** Whether a partition holds the watermark back. */
  holdsBack(partition: number): boolean {
    return this.#tracker.holdsBack(partition);
  }

  /** The source is waited for, or no longer: only then can a partition be idle by the clock. */
  wait(isWaiting: boolean): void {
    this.#waitedMs = this.#clocks().waitedMs;
    this.#sinceMs = isWaiting ? this.#runtime.monotonicMs() : undefined;
  }

  /** The clock has gone on. */
  elapse(): void {
    this.#tracker.elapse(this.#clocks());
  }

  /** The watermark is at least this from now on, whatever the rows, ms. */
  advance(watermark: number): void {
    this.#tracker.advance(watermark);
  }

  /** The watermark of a partition is at least this from now on, ms. */
  begin(partition: number, watermark: number): void {
    this.#tracker.begin(partition, watermark);
  }

  /** There are so many partitions from now on. */
  grow(partitions: number): void {
    this.#tracker.grow(partitions);
  }

  /** Nothing more will come of a partition. */
  end(partition: number): void {
    this.#tracker.end(partition);
  }

  /** Whole milliseconds until {@linkcode WatermarkFeed.elapse} may change something. */
  dueIn(): number {
    return Math.max(1, Math.ceil(this.#tracker.dueIn(this.#clocks())));
  }

  /**
   * Cuts rows where it makes a difference to judge by a newer watermark: before a row that is in a
   * window which has ended since the piece began. However fine the watermarks are, there is at most
   * one more piece than rows that come after the end of a window of theirs, or than such ends.
   */
  cut({ length, partition, time, tell, nextEnd, alone }: TimedRows & CutRule): Cut[] {
    const tracker = this.#tracker;
    const timeOf = timeReader(time);
    const judging = () => alone ? tracker.markOf(partition) : tracker.watermark;
    const cuts: Cut[] = [];
    let [start, watermark, watermarkBefore] = [0, judging(), tracker.watermark];
    for (let row = 0; row < length; row++) {
      const at = timeOf(row);
      if (Number.isNaN(at)) continue;
      const now = judging();
      if (at < now && now > watermark && nextEnd(at, watermark) <= now) {
        const watermarkAfter = tracker.watermark;
        cuts.push({ start, end: row, watermark, watermarkBefore, watermarkAfter });
        [start, watermark, watermarkBefore] = [row, now, watermarkAfter];
      }
      tracker.event(partition, at, tell(row));
    }
    if (length > start) {
      const watermarkAfter = tracker.watermark;
      cuts.push({ start, end: length, watermark, watermarkBefore, watermarkAfter });
    }
    return cuts;
  }

  /** The watermark of all partitions before each row, ms. */
  before({ length, partition, time, tell }: TimedRows): Float64Array {
    const tracker = this.#tracker;
    const timeOf = timeReader(time);
    const watermarks = new Float64Array(length);
    for (let row = 0; row < length; row++) {
      watermarks[row] = tracker.watermark;
      const at = timeOf(row);
      if (!Number.isNaN(at)) tracker.event(partition, at, tell(row));
    }
    return watermarks;
  }

  #clocks(): Clocks {
    const nowMs = this.#runtime.monotonicMs();
    const waitedMs = this.#waitedMs + (this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs);
    return { nowMs, waitedMs };
  }
}
