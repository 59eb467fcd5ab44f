import type { Column } from "../batch/column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { type WatermarkGenerator, WatermarkStrategy } from "../windows/watermark_strategy.ts";
import type { BadTime } from "./event_time.ts";
import type { TimePlan } from "./pipeline_plan.ts";

/** Under which name the time of a result goes to the bees; no column of a user has it by chance. */
const RESULT_TIME = "\u0000time of result";
const WINDOW_END = "windowEnd";

/** Watermarks that the source tells. */
class ToldWatermarks extends WatermarkStrategy {
  override describe(): string {
    return "that of the steps above, handed on: what is later than it is still to come";
  }

  override create(): WatermarkGenerator {
    return { onEvent: () => undefined };
  }
}

/**
 * The time of results of windows, by which they go into further windows: the last millisecond of
 * their own window, as in Flink. So they are in those that hold all of their window.
 */
export const RESULT_TIMES: TimePlan = {
  column: RESULT_TIME,
  made: "results",
  bound: Infinity,
  watermarks: { strategy: new ToldWatermarks() },
};

/** Makes event times that stand in no column of the user, and puts them behind all others. */
export class MadeTimes {
  /** Of the batches with event times. */
  readonly schema: Schema;
  /** Position of the column. */
  readonly column: number;
  readonly #timesOf: (batch: RecordBatch) => BigInt64Array;

  /** Times in a column of that name. */
  constructor(
    schema: Schema,
    { name, timesOf }: { name: string; timesOf: (batch: RecordBatch) => BigInt64Array },
  ) {
    this.column = schema.fields.length;
    this.schema = { fields: [...schema.fields, { name, type: { kind: "timestamp" } }] };
    this.#timesOf = timesOf;
  }

  /** The batch with event times, all of which can be used. */
  convert(batch: RecordBatch): { batch: RecordBatch; bad: readonly BadTime[] } {
    const { length } = batch;
    const values = this.#timesOf(batch);
    const time: Column = { type: { kind: "timestamp" }, length, nullCount: 0, values };
    return { batch: new RecordBatch(this.schema, [...batch.columns, time], length), bad: [] };
  }
}

/** Makes the times of results of windows. */
export function resultTimes(schema: Schema): MadeTimes {
  const end = schema.fields.findIndex(({ name }) => name === WINDOW_END);
  const timesOf = (batch: RecordBatch) =>
    (batch.columnAt(end).values as BigInt64Array).slice(0, batch.length).map((end) => end - 1n);
  return new MadeTimes(schema, { name: RESULT_TIME, timesOf });
}
