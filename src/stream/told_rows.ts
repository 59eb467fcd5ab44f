import type { Column } from "../batch/column.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import { SharedShape } from "../kernel/shared_shape.ts";
import type { FeedColumns } from "./feed_columns.ts";
import { allWindows, type PipelinePlan } from "./pipeline_plan.ts";
import type { TimedRows, WatermarkFeed } from "./watermark_feed.ts";

/** Rows that go to a bee at a time, with the watermarks of all partitions, ms. */
export interface ToldRows {
  readonly batch: RecordBatch;
  /** Before the first row, or what the rows are judged by. */
  readonly watermark: number;
  /** What the bees are told that it is after the last row. */
  readonly told: number;
}

/** What rows are cut by. */
export interface RowCutting {
  readonly plan: PipelinePlan;
  readonly columns: FeedColumns;
  readonly watermarks: WatermarkFeed;
}

/** Rows cut to what a bee is sent at a time, with watermarks that are decided row by row. */
export function toldRows(batch: RecordBatch, timed: TimedRows, by: RowCutting): ToldRows[] {
  return by.plan.ordered ? marked(batch, timed, by) : cutByWatermark(batch, timed, by);
}

/** So that each piece has one watermark. */
function cutByWatermark(
  batch: RecordBatch,
  timed: TimedRows,
  { plan, columns, watermarks }: RowCutting,
): ToldRows[] {
  const picked = columns.pick(batch);
  const alone = plan.time!.lateBy === "partition";
  const cuts = watermarks.cut({ ...timed, nextEnd: nextEndOf(plan), alone });
  return cuts.flatMap(({ start, end, watermark, watermarkBefore, watermarkAfter }) => {
    const sized = columns.sized(cuts.length === 1 ? picked : picked.slice(start, end));
    return sized.map((batch, at): ToldRows => {
      const told = at === sized.length - 1 ? watermarkAfter : watermarkBefore;
      return { batch, watermark, told };
    });
  });
}

/** With the watermark before each row beside it. */
function marked(
  batch: RecordBatch,
  timed: TimedRows,
  { columns, watermarks }: RowCutting,
): ToldRows[] {
  const { length } = batch;
  const values = watermarks.before(timed);
  const column: Column = { type: { kind: "f64" }, length, nullCount: 0, values };
  let row = 0;
  return columns.sized(columns.pick(batch, [...batch.columns, column])).map((batch) => {
    const watermark = values[row];
    row += batch.length;
    return { batch, watermark, told: row < length ? values[row] : watermarks.watermark };
  });
}

/** The first end after a watermark of a window that holds a time. */
function nextEndOf(
  plan: PipelinePlan,
): (time: number, watermark: number) => number {
  const { calendar } = plan;
  if (!calendar) {
    const shape = new SharedShape(allWindows(plan));
    return (time, watermark) => shape.nextEnd(time, watermark);
  }
  return (time, watermark) => {
    const end = calendar.window.endOf(time);
    return end > watermark ? end : Infinity;
  };
}
