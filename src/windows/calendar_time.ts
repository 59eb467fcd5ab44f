import { DAY_MS } from "../batch/time_range.ts";
import { type CalendarUnit, type CalendarWindow, MAX_CALENDAR_MS } from "./calendar_window.ts";

/** More than the longest of each: the unit itself, and a day or two that a zone had twice. */
const MOST_DAYS: Readonly<Record<CalendarUnit, number>> = { day: 3, week: 9, month: 33, year: 368 };

/**
 * Times put so far apart that all windows of a calendar are equally long and lie side by side, for
 * tables that know such windows alone. The order of times, and how far they are into their window,
 * stay the same.
 */
export class CalendarTime {
  /** The windows. */
  readonly window: CalendarWindow;
  /** How long each is in even time, ms. */
  readonly size: number;

  /** Even times of a calendar. */
  constructor(window: CalendarWindow) {
    this.window = window;
    this.size = MOST_DAYS[window.unit] * DAY_MS;
  }

  /** The even time of a time; before all windows that of none, after them that of the last. */
  toEven(time: number): number {
    if (time < -MAX_CALENDAR_MS) return -Infinity;
    const within = Math.min(time, MAX_CALENDAR_MS);
    return this.window.numberOf(within) * this.size + (within - this.window.startOf(within));
  }

  /** The time of an even time. */
  fromEven(even: number): number {
    if (!Number.isFinite(even)) return even;
    const number = Math.floor(even / this.size);
    return this.window.startOfNumber(number) + (even - number * this.size);
  }
}
