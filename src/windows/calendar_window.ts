import { DAY_MS } from "../batch/time_range.ts";
import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";

/** What a {@linkcode CalendarWindow} is as long as. */
export type CalendarUnit = "day" | "week" | "month" | "year";

/** A day that weeks may start on. */
export type Weekday =
  | "monday"
  | "tuesday"
  | "wednesday"
  | "thursday"
  | "friday"
  | "saturday"
  | "sunday";

/** Options of {@linkcode CalendarWindow}. */
export interface CalendarWindowOptions {
  /** What each window is: one of these. */
  unit: CalendarUnit;
  /** Whose days they are: an IANA time zone such as `"Europe/Berlin"`, or `"UTC"`. */
  timeZone: string;
  /** The first day of weeks; for them alone. Default `"monday"`. */
  weekStart?: Weekday;
}

const OPTIONS: OptionRule<CalendarWindowOptions> = {
  doing: "make calendar windows",
  names: { unit: true, timeZone: true, weekStart: true },
  example: '{ unit: "day", timeZone: "UTC" }',
};
const UNITS: readonly CalendarUnit[] = ["day", "week", "month", "year"];
/** 1970-01-01 was a Thursday: how many days before it a week started. */
const DAYS_BEFORE: Readonly<Record<Weekday, number>> = {
  monday: 3,
  tuesday: 2,
  wednesday: 1,
  thursday: 0,
  friday: 6,
  saturday: 5,
  sunday: 4,
};
const MEAN_DAYS: Readonly<Record<CalendarUnit, number>> = {
  day: 1,
  week: 7,
  month: 30.436875,
  year: 365.2425,
};
const CACHED_STARTS = 65_536;

/** Times beyond, either way, are in no calendar window, ms: some 79,000 years from 1970. */
export const MAX_CALENDAR_MS = 2.5e15;

/**
 * The days, weeks, months or years of a time zone, by its rules of daylight saving: days of 23 and
 * 25 hours, and zones that skip or repeat a whole day.
 *
 * A window starts with the first instant of its first date, and ends where the next one starts. So
 * a date that a zone skips has no window, and where clocks go back over midnight, the minutes that
 * bear the old date again are in the window of the new one.
 *
 * @example
 * ```ts
 * import { CalendarWindow } from "@waggle/stream";
 *
 * const days = new CalendarWindow({ unit: "day", timeZone: "America/New_York" });
 * const noon = Date.UTC(2024, 2, 10, 16); // clocks went forward that night
 * console.log((days.endOf(noon) - days.startOf(noon)) / 3_600_000); // 23
 * ```
 */
export class CalendarWindow {
  /** What each window is. */
  readonly unit: CalendarUnit;
  /** Whose days they are. */
  readonly timeZone: string;
  /** The first day of weeks. */
  readonly weekStart: Weekday;
  readonly #starts = new Map<number, number>();
  /** The window that was asked for last: the next time is most often in the same. */
  #number = 0;
  #start = NaN;
  #end = NaN;

  /**
   * The windows of a calendar.
   *
   * @throws {TypeError} when `unit` or `weekStart` is none of those there are, `timeZone`
   *   is no text, or an option is not known.
   * @throws {RangeError} when `timeZone` is not known.
   */
  constructor(options: CalendarWindowOptions) {
    const { unit, timeZone, weekStart } = knownOptions(options, OPTIONS);
    if (!UNITS.includes(unit)) throw notOneOf("unit", unit, UNITS);
    const days = Object.keys(DAYS_BEFORE);
    if (weekStart !== undefined && !Object.hasOwn(DAYS_BEFORE, weekStart)) {
      throw notOneOf("weekStart", weekStart, days);
    }
    if (weekStart !== undefined && unit !== "week") {
      throw new TypeError(
        `Cannot make calendar windows: weekStart is for weeks, received unit "${unit}"; leave it out`,
      );
    }
    checkTimeZone(timeZone);
    this.unit = unit;
    this.timeZone = timeZone;
    this.weekStart = weekStart ?? "monday";
  }

  /** Start of the window that holds `time`, ms. */
  startOf(time: number): number {
    this.#turnTo(time);
    return this.#start;
  }

  /** End of the window that holds `time`, ms. */
  endOf(time: number): number {
    this.#turnTo(time);
    return this.#end;
  }

  /** The number of the window that holds `time`: that of 1970 is 0, the one after it 1. */
  numberOf(time: number): number {
    this.#turnTo(time);
    return this.#number;
  }

  /** Start of the window with a number, ms. */
  startOfNumber(number: number): number {
    let start = this.#starts.get(number);
    if (start === undefined) {
      if (this.#starts.size >= CACHED_STARTS) this.#starts.clear();
      start = this.#firstDate(number).toZonedDateTime(this.timeZone).epochMilliseconds;
      this.#starts.set(number, start);
    }
    return start;
  }

  #turnTo(time: number): void {
    if (time >= this.#start && time < this.#end) return;
    if (!(Math.abs(time) <= MAX_CALENDAR_MS)) {
      throw new RangeError(
        `Cannot find calendar window: times are up to ${MAX_CALENDAR_MS} ms from 1970, received ` +
          `${time}`,
      );
    }
    const from = Number.isNaN(this.#start) ? 0 : this.#start;
    const steps = Math.floor((time - from) / (MEAN_DAYS[this.unit] * DAY_MS));
    // Next to the mean a month is some days off, and an hour of daylight saving makes the rest.
    let number = this.#number + steps;
    while (this.startOfNumber(number) > time) number--;
    while (this.startOfNumber(number + 1) <= time) number++;
    this.#number = number;
    this.#start = this.startOfNumber(number);
    this.#end = this.startOfNumber(number + 1);
  }

  /** The first date of the window with a number. */
  #firstDate(number: number): Temporal.PlainDate {
    const epoch = new Temporal.PlainDate(1970, 1, 1);
    switch (this.unit) {
      case "day":
        return epoch.add({ days: number });
      case "week":
        return epoch.add({ days: 7 * number - DAYS_BEFORE[this.weekStart] });
      case "month":
        return epoch.add({ months: number });
      case "year":
        return epoch.add({ years: number });
    }
  }
}

function notOneOf(name: string, value: unknown, all: readonly string[]): TypeError {
  return new TypeError(
    `Cannot make calendar windows: ${name} must be one of ` +
      `${all.map((each) => JSON.stringify(each)).join(", ")}, received ${received(value)}`,
  );
}

function checkTimeZone(timeZone: unknown): void {
  const wanted = `Cannot make calendar windows: timeZone must be the name of a time zone such as ` +
    `"Europe/Berlin" or "UTC", received `;
  if (typeof timeZone !== "string") throw new TypeError(wanted + received(timeZone));
  try {
    new Temporal.PlainDate(1970, 1, 1).toZonedDateTime(timeZone);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new RangeError(wanted + JSON.stringify(timeZone), { cause });
  }
}
