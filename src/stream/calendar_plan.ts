import type { Column } from "../batch/column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema } from "../batch/schema.ts";
import { timeReader } from "../hive/event_times.ts";
import { BoundedDisorder } from "../windows/bounded_disorder.ts";
import { CalendarTime } from "../windows/calendar_time.ts";
import { type CalendarWindow, MAX_CALENDAR_MS } from "../windows/calendar_window.ts";
import { TumblingWindow } from "../windows/tumbling_window.ts";
import { type BadTime, EventTime } from "../hive/event_time.ts";
import { clockTimes, resultTimes } from "./made_time.ts";
import type { PipelinePlan, TimePlan } from "./pipeline_plan.ts";

/** Under which name even times go to the bees; no column of a user has it by chance. */
export const EVEN_TIME = "\u0000even time";
/** Under which names the bounds of a row's calendar window go to the bees. */
export const CALENDAR_BOUNDS = {
  start: "\u0000calendar start",
  end: "\u0000calendar end",
} as const;
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
  /** Position of the column of event times. */
  readonly column: number;
  /** The batch with event times, and its rows that hold something which is none. */
  convert(batch: RecordBatch): { batch: RecordBatch; bad: readonly BadTime[] };
}

/**
 * What makes event times for a plan, and what a calendar needs beside them: even times or, where
 * rows go to the bees in order, the bounds of each row's window. `undefined` where there are none.
 *
 * @param now The time that rows get which are read now, by processing time, ms.
 * @throws {TypeError} when there is no such column, or its type does not go with the format.
 */
export function eventTimesOf(
  { time, calendar, window, ordered }: PipelinePlan,
  schema: Schema,
  now: () => number = () => 0,
): EventTimes | undefined {
  // What is made is for windows alone: nobody else would know what to do with it.
  if (!time || time.made && !window && !ordered) return undefined;
  const times = timesOf(time, schema, now);
  if (calendar) return new AddedTimes(times, { [EVEN_TIME]: (time) => calendar.toEven(time) });
  const bounds = ordered?.calendar;
  if (!bounds) return times;
  return new AddedTimes(times, {
    [CALENDAR_BOUNDS.start]: (time) => bounds.startOf(time),
    [CALENDAR_BOUNDS.end]: (time) => bounds.endOf(time),
  });
}

function timesOf(
  { made, column, format }: TimePlan,
  schema: Schema,
  now: () => number,
): EventTimes {
  if (!made) return new EventTime(schema, column, format);
  return made === "clock" ? clockTimes(schema, now) : resultTimes(schema);
}

/** Adds times that are made of event times, behind all other columns. */
class AddedTimes implements EventTimes {
  readonly schema: Schema;
  readonly column: number;
  readonly #times: EventTimes;
  readonly #makers: readonly ((time: number) => number)[];

  constructor(times: EventTimes, added: Readonly<Record<string, (time: number) => number>>) {
    const fields = Object.keys(added).map((name): Field => ({ name, type: { kind: "timestamp" } }));
    this.schema = { fields: [...times.schema.fields, ...fields] };
    this.#times = times;
    this.column = times.column;
    this.#makers = Object.values(added);
  }

  convert(given: RecordBatch): { batch: RecordBatch; bad: readonly BadTime[] } {
    const { batch, bad } = this.#times.convert(given);
    const times = batch.columnAt(this.#times.column);
    const beyond = timesBeyond(times);
    const added = this.#makers.map((make) => madeOf(times, make));
    const columns = [...batch.columns, ...added];
    return { batch: new RecordBatch(this.schema, columns, batch.length), bad: [...bad, ...beyond] };
  }
}

function timesBeyond(column: Column): BadTime[] {
  const timeOf = timeReader(column);
  const beyond: BadTime[] = [];
  for (let row = 0; row < column.length; row++) {
    const time = timeOf(row);
    if (Math.abs(time) > MAX_CALENDAR_MS) beyond.push({ row, error: beyondCalendar(time) });
  }
  return beyond;
}

function madeOf(column: Column, make: (time: number) => number): Column {
  const { length } = column;
  const timeOf = timeReader(column);
  const words = new Int32Array(2 * length);
  const validity = new Uint8Array((length + 7) >> 3);
  let nullCount = 0;
  for (let row = 0; row < length; row++) {
    const time = timeOf(row);
    if (!(Math.abs(time) <= MAX_CALENDAR_MS)) {
      nullCount++;
      continue;
    }
    const made = make(time);
    validity[row >> 3] |= 1 << (row & 7);
    words[2 * row] = made;
    words[2 * row + 1] = Math.floor(made / HIGH);
  }
  const values = new BigInt64Array(words.buffer);
  const type = { kind: "timestamp" } as const;
  return { type, length, nullCount, ...(nullCount > 0 && { validity }), values };
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
