import type { RecordBatch } from "../batch/record_batch.ts";
import type { BlockContent } from "./block_content.ts";
import type { RecordPlace } from "./source.ts";

/** A batch on its way to a bee, with its place in its source. */
export interface FeedBatch {
  readonly batch: RecordBatch;
  readonly partition: number;
  /** Position of the first row in its partition. */
  readonly position: number;
  /** Positions of all rows, where some between them were left out; absent: one after the other. */
  readonly positions?: Float64Array;
  /** Where a row stands as its source says it; absent: by its position. */
  readonly placeOf?: (row: number) => RecordPlace;
  /** Watermark before the first row, of this partition alone, ms. */
  readonly watermark: number;
  /** Watermark of all partitions after the last row, ms. */
  readonly watermarkAfter: number;
  /** What the other partitions hold the watermark down to, ms. */
  readonly cap: number;
}

/** A block of bytes on its way to a bee: what comes before it is known later. */
export type FeedBlock = Omit<FeedBatch, "batch" | "positions" | "placeOf"> & {
  readonly block: BlockContent;
};

/** What goes to a bee. */
export type FeedItem = FeedBatch | FeedBlock;
