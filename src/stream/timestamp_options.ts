import type { TimestampFormat } from "../hive/event_time.ts";
import type { Duration } from "../runtime/duration.ts";
import type { WatermarkStrategy } from "../windows/watermark_strategy.ts";

/** Options of {@linkcode Pipeline.timestamps}. */
export interface TimestampOptions {
  /** How the times are written. Default: `"iso"` for text, `"date"` for dates, `"ms"` otherwise. */
  format?: TimestampFormat;
  /**
   * By how much a row may be older than the newest before it without being late: the watermark
   * is the greatest time so far less this. Default 0. Short for
   * `watermarks: new BoundedDisorder({ maxDisorder })`.
   */
  maxDisorder?: Duration;
  /** How watermarks come about, instead of `maxDisorder`. */
  watermarks?: WatermarkStrategy;
  /** When a source partition without rows no longer holds the watermark back. Default: never. */
  idle?: IdleOptions;
  /** How far a source partition may be ahead of others. Default: as far as it comes. */
  alignment?: AlignmentOptions;
  /**
   * By what a row of a source with several partitions is late for a window: when the watermark of
   * all partitions has reached its end, so that it has closed (`"window"`, default), or when that of
   * the row's own partition has (`"partition"`), which is no later. Then it does not depend on how
   * the partitions take turns which rows are late, and the same rows read again give the same
   * results; but a row may be late for a window that other partitions still hold open. Not for
   * windows that see rows in the order of the source, and not with `idle`.
   */
  lateBy?: LateBy;
}

/** By which watermark a row is late: that of all partitions, or that of its own. */
export type LateBy = "window" | "partition";

/** When a source partition is ahead of others: it is not read until they have caught up. */
export interface AlignmentOptions {
  /**
   * By how much its watermark is ahead of the least of the others that are neither idle nor at
   * their end, at least 1 ms. What was under way then still comes, a batch at most.
   */
  maxDrift: Duration;
}

/** When a source partition is idle; it holds the watermark back again once it has rows. */
export interface IdleOptions {
  /** For how long it has had no rows, at least 1 ms. */
  after: Duration;
  /**
   * By which time: `"stream"` (default), the greatest event time of all partitions, or `"wall"`,
   * the clock while the source is waited for, with which results depend on when rows come.
   */
  clock?: "stream" | "wall";
}
