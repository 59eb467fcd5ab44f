import type { Column } from "../batch/column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { timeReader } from "../hive/event_times.ts";
import { BoundedDisorder } from "../windows/bounded_disorder.ts";
import { CalendarTime } from "../windows/calendar_time.ts";
import { type CalendarWindow, MAX_CALENDAR_MS } from "../windows/calendar_window.ts";
import { TumblingWindow } from "../windows/tumbling_window.ts";
import { type BadTime, EventTime } from "./event_time.ts";
import type { PipelinePlan, TimePlan } from "./pipeline_plan.ts";

/** Under which name even times go to the bees; no column of a user has it by chance. */
export const EVEN_TIME = "\u0000even time";
const HIGH = 2 ** 32;

/**
 * What a plan needs for calendar windows: the bees get even times, in which these are as long as
 * each other, and watermarks that are decided before.
 */
export function calendarPlan(
  { bound, watermarks, ...time }: TimePlan,
  window: CalendarWindow,
): Pick<PipelinePlan, "time" | "window" | "calendar"> {
  const calendar = new CalendarTime(window);
  const decided = watermarks ?? { strategy: new BoundedDisorder({ maxDisorder: bound }) };
  return {
    time: { ...time, bound: Infinity, watermarks: decided },
    window: new TumblingWindow({ size: calendar.size }),
    calendar,
  };
}

/** What makes event times of a plan's column. */
export interface EventTimes {
  /** Of the batches with event times. */
  readonly schema: Schema;
  /** The batch with event times, and its rows that hold something which is none. */
  convert(batch: RecordBatch): { batch: RecordBatch; bad: readonly BadTime[] };
}

/**
 * What makes event times of a plan's column, and even times for a calendar.
 *
 * @throws {TypeError} when there is no such column, or its type does not go with the format.
 */
export function eventTimesOf({ column, format }: TimePlan, { schema, calendar }: {
  readonly schema: Schema;
  readonly calendar: CalendarTime | undefined;
}): EventTimes {
  const times = new EventTime(schema, column, format);
  return calendar ? new EvenTimes(times, calendar) : times;
}

/** Adds even times, behind all other columns. */
class EvenTimes implements EventTimes {
  readonly schema: Schema;
  readonly #times: EventTime;
  readonly #calendar: CalendarTime;

  constructor(times: EventTime, calendar: CalendarTime) {
    const even = { name: EVEN_TIME, type: { kind: "timestamp" } } as const;
    this.schema = { fields: [...times.schema.fields, even] };
    this.#times = times;
    this.#calendar = calendar;
  }

  convert(given: RecordBatch): { batch: RecordBatch; bad: readonly BadTime[] } {
    const { batch, bad } = this.#times.convert(given);
    const beyond: BadTime[] = [];
    const even = this.#evenOf(batch.columnAt(this.#times.column), beyond);
    const columns = [...batch.columns, even];
    return { batch: new RecordBatch(this.schema, columns, batch.length), bad: [...bad, ...beyond] };
  }

  #evenOf(column: Column, beyond: BadTime[]): Column {
    const { length } = column;
    const timeOf = timeReader(column);
    const words = new Int32Array(2 * length);
    const validity = new Uint8Array((length + 7) >> 3);
    let nullCount = 0;
    for (let row = 0; row < length; row++) {
      const time = timeOf(row);
      if (!(Math.abs(time) <= MAX_CALENDAR_MS)) {
        nullCount++;
        if (!Number.isNaN(time)) beyond.push({ row, error: beyondCalendar(time) });
        continue;
      }
      const even = this.#calendar.toEven(time);
      validity[row >> 3] |= 1 << (row & 7);
      words[2 * row] = even;
      words[2 * row + 1] = Math.floor(even / HIGH);
    }
    const values = new BigInt64Array(words.buffer);
    const type = { kind: "timestamp" } as const;
    return { type, length, nullCount, ...(nullCount > 0 && { validity }), values };
  }
}

function beyondCalendar(time: number): RangeError {
  return new RangeError(
    `Cannot put row into a calendar window: its event time must be within ${MAX_CALENDAR_MS} ms ` +
      `of 1970, received ${time}`,
  );
}

/** The results of windows in even time, with the bounds that these windows have. */
export function withCalendarBounds(batch: RecordBatch, calendar: CalendarTime): RecordBatch {
  const [start, end, ...others] = batch.columns;
  const bounds = [start, end].map((column): Column => {
    const values = (column.values as BigInt64Array).slice(0, batch.length)
      .map((even) => BigInt(calendar.fromEven(Number(even))));
    return { ...column, values };
  });
  return new RecordBatch(batch.schema, [...bounds, ...others], batch.length);
}
