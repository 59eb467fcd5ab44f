import { DAY_MS } from "./time_range.ts";

// Year zero has no sign.
const DATE = String.raw`(?!-000000)([+-]\d{6}|\d{4})-(\d\d)-(\d\d)`;
const CLOCK = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?`;
const ZONE = String.raw`(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)`;
const DATE_TIME = new RegExp(`^${DATE}(?:[T ]${CLOCK} ?${ZONE}?)?$`, "i");
const ONLY_DATE = new RegExp(`^${DATE}$`);
const ONLY_CLOCK = new RegExp(`^${CLOCK}$`);
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days since 1970 of a Gregorian date (Howard Hinnant, chrono-Compatible Low-Level Date Algorithms). */
function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}

function dateOf(year: string, month: string, day: string): number | undefined {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const days = m === 2 && isLeap(y) ? 29 : MONTH_DAYS[m - 1];
  return d >= 1 && d <= days ? daysOf(y, m, d) : undefined;
}

function clockOf(
  hour: string,
  minute: string,
  second: string | undefined,
  fraction: string | undefined,
): number | undefined {
  const [h, m, s] = [Number(hour), Number(minute), Number(second ?? 0)];
  if (h > 23 || m > 59 || s > 59) return undefined;
  const ms = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, "0"));
  return ((h * 60 + m) * 60 + s) * 1000 + ms;
}

/**
 * Milliseconds since 1970 of an ISO 8601 date or date and time; `undefined` if it is none.
 *
 * Without a zone it is UTC; a zone is `Z`, `+hh:mm`, `+hhmm` or `+hh`. A space may stand for the
 * `T`. Digits beyond milliseconds are dropped, towards the past.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction, , sign, zoneHour, zoneMinute] = match;
  const days = dateOf(year, month, day);
  const clock = hour === undefined ? 0 : clockOf(hour, minute, second, fraction);
  if (days === undefined || clock === undefined) return undefined;
  if (sign === undefined) return days * DAY_MS + clock;
  const zone = clockOf(zoneHour, zoneMinute ?? "0", undefined, undefined);
  return zone === undefined ? undefined : days * DAY_MS + clock - (sign === "-" ? -zone : zone);
}

/** Days since 1970 of an ISO 8601 date; `undefined` if it is none. */
export function parseDate(text: string): number | undefined {
  const match = ONLY_DATE.exec(text);
  return match ? dateOf(match[1], match[2], match[3]) : undefined;
}

/** Milliseconds since midnight of an ISO 8601 time of day; `undefined` if it is none. */
export function parseTime(text: string): number | undefined {
  const match = ONLY_CLOCK.exec(text);
  return match ? clockOf(match[1], match[2], match[3], match[4]) : undefined;
}
