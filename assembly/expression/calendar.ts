// Times in UTC: starts of units, and parts. Days and months by Howard Hinnant's algorithms
// ("chrono-compatible low-level date algorithms"), on days from 0000-03-01 and eras of 400 years.

import { setBit, settle, strict1, takeFailed } from "./bits";
import { aOf, dstOf, iOf, valuesOf } from "./layout";

const DAY_MS: f64 = 86400000;
const MOST_MS: f64 = 8640000000000000;
const ERA_DAYS: i32 = 146097;
const EPOCH_DAYS: i32 = 719468; // from 0000-03-01 to 1970-01-01

// Year, month (1 to 12) and day of month of the day that was taken apart last.
let year: i32 = 0;
let month: i32 = 0;
let day: i32 = 0;

// A millisecond is more than the rounding error of these divisions, so their floors are exact.
// @ts-ignore: decorator
@inline
function dayOf(ms: f64): i32 {
  return <i32>floor(ms / DAY_MS);
}

function takeApart(days: i32): void {
  const shifted = days + EPOCH_DAYS;
  const era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
  const dayOfEra = shifted - era * ERA_DAYS;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const shiftedMonth = (5 * dayOfYear + 2) / 153;
  day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1;
  month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
}

/** Days since 1970 of a Gregorian date. */
export function daysOf(y: i32, m: i32, d: i32): i32 {
  const shiftedYear = m <= 2 ? y - 1 : y;
  const era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400;
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * ERA_DAYS + dayOfEra - EPOCH_DAYS;
}

/** 1 for Monday to 7 for Sunday; 1970-01-01 was a Thursday. */
function dayOfWeek(days: i32): i32 {
  const rest = (days + 3) % 7;
  return (rest < 0 ? rest + 7 : rest) + 1;
}

// Weeks and what is longer go by days.
function startOf(ms: f64, unit: u32): f64 {
  const days = dayOf(ms);
  if (unit == 4) return <f64>(days - (dayOfWeek(days) - 1)) * DAY_MS;
  takeApart(days);
  const first = unit == 5 ? month : unit == 6 ? month - (month - 1) % 3 : 1;
  return <f64>daysOf(year, first, 1) * DAY_MS;
}

// Units up to a day are a step in milliseconds; whether all rows are within the calendar.
function truncateSteps(a: u32, dst: u32, step: f64, rows: u32): bool {
  const unit = f64x2.splat(step);
  const most = f64x2.splat(MOST_MS);
  let fits = i64x2.splat(-1);
  for (let i: u32 = 0; i < rows; i += 2) {
    const ms = v128.load(a + (i << 3));
    const start = f64x2.mul(f64x2.floor(f64x2.div(ms, unit)), unit);
    const inside = v128.and(f64x2.le(f64x2.abs(ms), most), f64x2.le(f64x2.abs(start), most));
    // behind the last row there may be anything
    if (i + 1 < rows) fits = v128.and(fits, inside);
    else if (i64x2.extract_lane(inside, 0) == 0) fits = i64x2.splat(0);
    v128.store(dst + (i << 3), start);
  }
  return i64x2.all_true(fits);
}

function stepOf(unit: u32): f64 {
  if (unit == 0) return 1000;
  if (unit == 1) return 60000;
  return unit == 2 ? 3600000 : DAY_MS;
}

// The start of one row's unit; false when it or the time is out of the calendar.
function truncateRow(from: u32, to: u32, unit: u32): bool {
  const ms = load<f64>(from);
  if (!(abs(ms) <= MOST_MS)) {
    store<f64>(to, 0);
    return false;
  }
  const step = stepOf(unit);
  const start = unit <= 3 ? floor(ms / step) * step : startOf(ms, unit);
  store<f64>(to, start);
  return start >= -MOST_MS;
}

/** The start of a unit, of times in f64 milliseconds: second to year, in the host's order. */
export function truncateTime(unit: u32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = valuesOf(dstOf(ins));
  strict1(ins);
  if (unit <= 3 && truncateSteps(a, dst, stepOf(unit), rows)) return;
  const failed = takeFailed();
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    if (!truncateRow(a + (i << 3), dst + (i << 3), unit)) {
      setBit(failed, i);
      any = true;
    }
  }
  if (any) settle(dstOf(ins), iOf(ins) != 0);
}

function partOfClock(ms: f64, part: u32): i32 {
  const rest = <i32>(ms - floor(ms / DAY_MS) * DAY_MS);
  if (part == 8) return rest / 3600000;
  if (part == 9) return rest / 60000 % 60;
  if (part == 10) return rest / 1000 % 60;
  return rest % 1000;
}

function partOfDate(days: i32, part: u32): i32 {
  if (part == 4) return dayOfWeek(days);
  takeApart(days);
  if (part == 0) return year;
  if (part == 1) return (month - 1) / 3 + 1;
  if (part == 2) return month;
  if (part == 3) return day;
  return days - daysOf(year, 1, 1) + 1;
}

// A week belongs to the year of its Thursday (ISO 8601).
function partOfWeek(days: i32, part: u32): i32 {
  const thursday = days - dayOfWeek(days) + 4;
  takeApart(thursday);
  if (part == 7) return year;
  return (thursday - daysOf(year, 1, 1)) / 7 + 1;
}

function partOf(ms: f64, part: u32): i32 {
  if (part >= 8) return partOfClock(ms, part);
  const days = dayOf(ms);
  return part >= 6 ? partOfWeek(days, part) : partOfDate(days, part);
}

/** A part of times in f64 milliseconds, as i32: year to millisecond, in the host's order. */
export function extractTime(part: u32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = valuesOf(dstOf(ins));
  const failed = takeFailed();
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    const ms = load<f64>(a + (i << 3));
    const fits = abs(ms) <= MOST_MS;
    store<i32>(dst + (i << 2), fits ? partOf(ms, part) : 0);
    if (!fits) {
      setBit(failed, i);
      any = true;
    }
  }
  strict1(ins);
  if (any) settle(dstOf(ins), iOf(ins) != 0);
}
