// ISO 8601 dates and times of day from text, as the host's `parseTimestamp`, `parseDate` and
// `parseTime` read them: each function tells whether there is one, and the value is asked for
// afterwards.

import { daysOf } from "../expression/calendar";

const DAY_MS: f64 = 86400000;
const MONTH_DAYS: usize = memory.data<u8>([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], 4);

let days: i32 = 0;
let clockMs: i32 = 0;
let stampMs: f64 = 0;

/** Days since 1970 of the date that was read last. */
export function isoDays(): i32 {
  return days;
}

/** Milliseconds since midnight of the time of day that was read last. */
export function isoClock(): i32 {
  return clockMs;
}

/** Milliseconds since 1970 of the timestamp that was read last. */
export function isoStamp(): f64 {
  return stampMs;
}

// The value of two digits; above 99 when they are none.
// @ts-ignore: decorator
@inline
function two(at: u32): i32 {
  const high = <u32>load<u8>(at) - 0x30;
  const low = <u32>load<u8>(at, 1) - 0x30;
  return high > 9 || low > 9 ? 255 : <i32>(high * 10 + low);
}

function yearOf(at: u32, digits: u32): i32 {
  let year: u32 = 0;
  for (const end = at + digits; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return -1;
    year = year * 10 + digit;
  }
  return <i32>year;
}

// @ts-ignore: decorator
@inline
function isLeap(year: i32): bool {
  return (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0);
}

// `YYYY-MM-DD`, the year of six digits where it has a sign.
function readDay(at: u32, end: u32): u32 {
  const sign: u32 = at < end ? load<u8>(at) : 0;
  const isSigned = sign == 0x2b || sign == 0x2d;
  const digits: u32 = isSigned ? 6 : 4;
  if (isSigned) at++;
  if (end - at < digits + 6) return 0;
  let year = yearOf(at, digits);
  // year zero has no sign
  if (year < 0 || (sign == 0x2d && year == 0)) return 0;
  if (sign == 0x2d) year = -year;
  at += digits;
  if (load<u8>(at) != 0x2d || load<u8>(at, 3) != 0x2d) return 0;
  const month = two(at + 1);
  const day = two(at + 4);
  if (month < 1 || month > 12) return 0;
  const most = month == 2 && isLeap(year) ? 29 : <i32>load<u8>(<u32>MONTH_DAYS + month - 1);
  if (day < 1 || day > most) return 0;
  days = daysOf(year, month, day);
  return at + 6;
}

// `.sss` with any number of digits, those beyond milliseconds dropped.
function readFraction(at: u32, end: u32): u32 {
  let unit = 100;
  const first = at;
  while (at < end) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    clockMs += <i32>digit * unit;
    unit /= 10;
    at++;
  }
  return at == first ? 0 : at;
}

// `hh:mm`, with `:ss` and a fraction behind a point or a comma if they are there.
function readClock(at: u32, end: u32): u32 {
  if (end - at < 5 || load<u8>(at, 2) != 0x3a) return 0;
  const hour = two(at);
  const minute = two(at + 3);
  if (hour > 23 || minute > 59) return 0;
  clockMs = (hour * 60 + minute) * 60000;
  at += 5;
  if (at == end || load<u8>(at) != 0x3a) return at;
  const second = end - at < 3 ? 255 : two(at + 1);
  if (second > 59) return 0;
  clockMs += second * 1000;
  at += 3;
  if (at == end || (load<u8>(at) != 0x2e && load<u8>(at) != 0x2c)) return at;
  return readFraction(at + 1, end);
}

// `Z`, `+hh:mm`, `+hhmm` or `+hh`, as all that is left.
function readZone(at: u32, end: u32): bool {
  const sign: u32 = load<u8>(at);
  if ((sign | 0x20) == 0x7a) return at + 1 == end;
  if ((sign != 0x2b && sign != 0x2d) || end - at < 3) return false;
  const hour = two(at + 1);
  at += 3;
  let minute = 0;
  if (at < end) {
    if (load<u8>(at) == 0x3a) at++;
    minute = end - at == 2 ? two(at) : 255;
  }
  if (hour > 23 || minute > 59) return false;
  const ms = <f64>((hour * 60 + minute) * 60000);
  stampMs -= sign == 0x2d ? -ms : ms;
  return true;
}

/** Reads an ISO 8601 date that takes all of the text. */
export function readDate(at: u32, end: u32): bool {
  const behind = readDay(at, end);
  return behind == end && behind != 0;
}

/** Reads an ISO 8601 time of day that takes all of the text. */
export function readTime(at: u32, end: u32): bool {
  const behind = readClock(at, end);
  return behind == end && behind != 0;
}

/** Reads an ISO 8601 date, or date and time with or without a zone, that takes all of the text. */
export function readTimestamp(at: u32, end: u32): bool {
  at = readDay(at, end);
  if (at == 0) return false;
  stampMs = <f64>days * DAY_MS;
  if (at == end) return true;
  const between: u32 = load<u8>(at);
  if ((between | 0x20) != 0x74 && between != 0x20) return false;
  at = readClock(at + 1, end);
  if (at == 0) return false;
  stampMs += <f64>clockMs;
  if (at < end && load<u8>(at) == 0x20) at++;
  return at == end || readZone(at, end);
}
