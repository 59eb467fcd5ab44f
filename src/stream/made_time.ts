import type { Column } from "../batch/column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { WindowShape } from "../kernel/window_shape.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type WatermarkGenerator, WatermarkStrategy } from "../windows/watermark_strategy.ts";
import type { BadTime } from "../hive/event_time.ts";
import type { PipelinePlan, TimePlan } from "./pipeline_plan.ts";

/** Under which name the time of a result goes to the bees; no column of a user has it by chance. */
const RESULT_TIME = "\u0000time of result";
const WINDOW_END = "windowEnd";
/** Under which name the time of reading goes to the bees. */
const CLOCK_TIME = "\u0000time of reading";
/** How often the clock is told where it is not known when windows close. */
const TELL_MS = 100;

/** Watermarks that the source tells. */
class ToldWatermarks extends WatermarkStrategy {
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  override describe(): string {
    return this.#text;
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
  watermarks: {
    strategy: new ToldWatermarks(
      "that of the steps above, handed on: what is later than it is still to come",
    ),
  },
};

/** The time of the clock when a row is read, in the place of one that stands in it. */
export const CLOCK_TIMES: TimePlan = {
  column: CLOCK_TIME,
  made: "clock",
  bound: Infinity,
  watermarks: {
    strategy: new ToldWatermarks("the clock, which goes on while the source is silent"),
  },
};

/** The clock that rows get their times from: set once, it goes evenly and never back. */
export class ReadingClock {
  readonly #runtime: Runtime;
  readonly #offsetMs: number;

  /** A clock that shows the time of the runtime now. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#offsetMs = runtime.wallClockMs() - runtime.monotonicMs();
  }

  /** Whole milliseconds since 1970. */
  get nowMs(): number {
    return Math.floor(this.#offsetMs + this.#runtime.monotonicMs());
  }

  /** Milliseconds until a watermark by this clock may close a window, after one that was told. */
  closesIn({ window, calendar }: PipelinePlan, told: number): number {
    const { nowMs } = this;
    const next = calendar
      ? calendar.window.endOf(told)
      : window
      ? new WindowShape(window).endAfter(told)
      : nowMs + TELL_MS;
    return Math.max(1, next - nowMs);
  }
}

/** Times, and where there are none. */
type TimeValues = Pick<Column, "values"> & Partial<Pick<Column, "validity" | "nullCount">>;

/** Makes event times that stand in no column of the user, and puts them behind all others. */
export class MadeTimes {
  /** Of the batches with event times. */
  readonly schema: Schema;
  /** Position of the column. */
  readonly column: number;
  readonly #timesOf: (batch: RecordBatch) => TimeValues;

  /** Times in a column of that name. */
  constructor(
    schema: Schema,
    { name, timesOf }: { name: string; timesOf: (batch: RecordBatch) => TimeValues },
  ) {
    this.column = schema.fields.length;
    this.schema = { fields: [...schema.fields, { name, type: { kind: "timestamp" } }] };
    this.#timesOf = timesOf;
  }

  /** The batch with event times, all of which can be used, or are not there. */
  convert(batch: RecordBatch): { batch: RecordBatch; bad: readonly BadTime[] } {
    const { length } = batch;
    const type = { kind: "timestamp" } as const;
    const time: Column = { type, length, nullCount: 0, ...this.#timesOf(batch) };
    return { batch: new RecordBatch(this.schema, [...batch.columns, time], length), bad: [] };
  }
}

/** Makes times by a clock: all rows that are read at once have the same. */
export function clockTimes(schema: Schema, now: () => number): MadeTimes {
  const timesOf = ({ length }: RecordBatch) => {
    return { values: new BigInt64Array(length).fill(BigInt(now())) };
  };
  return new MadeTimes(schema, { name: CLOCK_TIME, timesOf });
}

/** Makes the times of results of windows; those of windows without bounds have none. */
export function resultTimes(schema: Schema): MadeTimes {
  const end = schema.fields.findIndex(({ name }) => name === WINDOW_END);
  const timesOf = (batch: RecordBatch): TimeValues => {
    const { values, validity, nullCount } = batch.columnAt(end);
    const ends = (values as BigInt64Array).slice(0, batch.length);
    return { values: ends.map((end) => end - 1n), nullCount, ...(validity && { validity }) };
  };
  return new MadeTimes(schema, { name: RESULT_TIME, timesOf });
}
