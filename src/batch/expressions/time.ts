import { DAY_MS, MAX_TIMESTAMP_MS } from "../time_range.ts";
import type { TimePart, TimeUnit } from "./node.ts";

const STEPS: ReadonlyMap<TimeUnit, number> = new Map<TimeUnit, number>([
  ["second", 1000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", DAY_MS],
]);
const MONDAY_TO_SUNDAY = 7;
const THURSDAY = 4;

/** Whether `ms` is a time that a calendar has: within the range of `Date`. */
export function isCalendarTime(ms: number): boolean {
  return Math.abs(ms) <= MAX_TIMESTAMP_MS;
}

/** The remainder that is never negative, for a positive divisor. */
export function floorMod(x: number, divisor: number): number {
  return x - Math.floor(x / divisor) * divisor;
}

/**
 * The start of the unit that a time lies in, UTC; `undefined` when either is out of the calendar's
 * range. Times before 1970 go back as well, never towards it.
 */
export function truncateTime(ms: number, unit: TimeUnit): number | undefined {
  if (!isCalendarTime(ms)) return undefined;
  const start = startOf(ms, unit);
  return isCalendarTime(start) ? start : undefined;
}

function startOf(ms: number, unit: TimeUnit): number {
  const step = STEPS.get(unit);
  if (step !== undefined) return Math.floor(ms / step) * step;
  const day = Math.floor(ms / DAY_MS);
  if (unit === "week") return (day - (dayOfWeek(day) - 1)) * DAY_MS;
  const date = new Date(ms);
  const month = date.getUTCMonth();
  const first = unit === "year" ? 0 : unit === "quarter" ? month - month % 3 : month;
  return startOfMonth(date.getUTCFullYear(), first);
}

// `Date.UTC` takes the years 0 to 99 for 1900 to 1999
function startOfMonth(year: number, month: number): number {
  return new Date(0).setUTCFullYear(year, month, 1);
}

// 1970-01-01 was a Thursday
function dayOfWeek(day: number): number {
  return floorMod(day + THURSDAY - 1, MONDAY_TO_SUNDAY) + 1;
}

/** A part of a time, UTC; `undefined` when it is out of the calendar's range. */
export function extractTime(ms: number, part: TimePart): number | undefined {
  if (!isCalendarTime(ms)) return undefined;
  const date = new Date(ms);
  switch (part) {
    case "year":
      return date.getUTCFullYear();
    case "quarter":
      return Math.floor(date.getUTCMonth() / 3) + 1;
    case "month":
      return date.getUTCMonth() + 1;
    case "day":
      return date.getUTCDate();
    case "hour":
      return date.getUTCHours();
    case "minute":
      return date.getUTCMinutes();
    case "second":
      return date.getUTCSeconds();
    case "millisecond":
      return date.getUTCMilliseconds();
    default:
      return extractDay(Math.floor(ms / DAY_MS), part);
  }
}

function extractDay(day: number, part: "dayOfWeek" | "dayOfYear" | "week" | "isoYear"): number {
  if (part === "dayOfWeek") return dayOfWeek(day);
  if (part === "dayOfYear") return day - firstDay(yearOf(day)) + 1;
  // a week belongs to the year that its Thursday lies in (ISO 8601)
  const thursday = day - dayOfWeek(day) + THURSDAY;
  const year = yearOf(thursday);
  if (part === "isoYear") return year;
  return Math.floor((thursday - firstDay(year)) / MONDAY_TO_SUNDAY) + 1;
}

/*
 * The calendar repeats every 400 years = 146,097 days; days and years at the rim of the range of
 * `Date` are taken a cycle nearer to 1970, so that their neighbours can be asked for.
 */
const CYCLE_DAYS = 146_097;
const CYCLE_YEARS = 400;

function yearOf(day: number): number {
  const cycles = Math.floor(day / CYCLE_DAYS);
  const near = new Date((day - cycles * CYCLE_DAYS) * DAY_MS);
  return near.getUTCFullYear() + cycles * CYCLE_YEARS;
}

function firstDay(year: number): number {
  const cycles = Math.floor((year - 1970) / CYCLE_YEARS);
  const near = startOfMonth(year - cycles * CYCLE_YEARS, 0) / DAY_MS;
  return near + cycles * CYCLE_DAYS;
}

/** `2024-05-01T12:30:15.250Z`; `undefined` when the time is out of the calendar's range. */
export function formatTimestamp(ms: number): string | undefined {
  return isCalendarTime(ms) ? new Date(ms).toISOString() : undefined;
}

/** `2024-05-01`; `undefined` when the day is out of the calendar's range. */
export function formatDate(day: number): string | undefined {
  return formatTimestamp(day * DAY_MS)?.replace(/T.*$/, "");
}

/** `12:30:15.250`; `undefined` when it is no time of a day. */
export function formatTime(ms: number): string | undefined {
  return ms >= 0 && ms < DAY_MS ? new Date(ms).toISOString().slice(11, -1) : undefined;
}
