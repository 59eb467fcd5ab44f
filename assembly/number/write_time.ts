// Times as ISO 8601 text, UTC, as `Date.prototype.toISOString` writes them.

import { characters, spread } from "./spread";

const DAY: i64 = 86400000;
const MOST_DAYS: i64 = 100000000; // what Date has on both sides of 1970
const EIGHT: u64 = 100000000;

// The digits YYYYMMDDHHMMSSmm with what stands between them; 0x80 gives 0.
const PLACES: usize = memory.data<u8>(
  [
    0, 1, 2, 3, 128, 4, 5, 128, 6, 7, 128, 8, 9, 128, 10, 11,
    128, 12, 13, 128, 14, 15, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  ],
  16,
);
const MARKS: usize = memory.data<u8>(
  [
    0, 0, 0, 0, 0x2d, 0, 0, 0x2d, 0, 0, 0x54, 0, 0, 0x3a, 0, 0,
    0x3a, 0, 0, 0x2e, 0, 0, 0, 0x5a, 0, 0, 0, 0, 0, 0, 0, 0,
  ],
  16,
);

let year: i32 = 0;

/** MMDD of a day (Hinnant, chrono-Compatible Low-Level Date Algorithms); the year is noted. */
function monthAndDay(day: i32): u32 {
  const shifted = day + 719468;
  const era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const ofEra = <u32>(shifted - era * 146097);
  const yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146096) / 365;
  const ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const shiftedMonth = (5 * ofYear + 2) / 153;
  const month: u32 = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  year = <i32>yearOfEra + era * 400 + i32(month <= 2);
  return month * 100 + ofYear - (153 * shiftedMonth + 2) / 5 + 1;
}

/** HHMMSSmm of the time of day; the last digit of the milliseconds is left to the caller. */
// @ts-ignore: decorator
@inline
function clock(ms: u32): u32 {
  const seconds = ms / 1000;
  const minutes = seconds / 60;
  const hours = minutes / 60;
  return hours * 1000000 + (minutes - hours * 60) * 10000 + (seconds - minutes * 60) * 100 +
    (ms - seconds * 1000) / 10;
}

/** Puts what a year below 0 or above 9999 has before its last four digits; those four. */
function putLongYear(to: u32): u32 {
  const size = <u32>abs(year);
  store<u8>(to, year < 0 ? 0x2d : 0x2b);
  store<u8>(to, 0x30 + size / 100000, 1);
  store<u8>(to, 0x30 + (size / 10000) % 10, 2);
  return size % 10000;
}

// @ts-ignore: decorator
@inline
function put(to: u32, digits: v128): void {
  const text = characters(digits);
  v128.store(to, v128.or(i8x16.swizzle(text, v128.load(PLACES)), v128.load(MARKS)));
  v128.store(to, v128.or(i8x16.swizzle(text, v128.load(PLACES, 16)), v128.load(MARKS, 16)), 16);
}

/** A time in milliseconds since 1970; 0 where `Date` has no such time. */
export function writeTimestamp(to: u32, ms: i64): u32 {
  if (ms > MOST_DAYS * DAY || ms < -MOST_DAYS * DAY) return 0;
  const day = (ms >= 0 ? ms : ms - (DAY - 1)) / DAY;
  const rest = <u32>(ms - day * DAY);
  const date = monthAndDay(<i32>day);
  const long = <u32>year > 9999;
  const four: u32 = long ? putLongYear(to) : <u32>year;
  const at = to + (long ? 3 : 0);
  put(at, spread(<u64>(four * 10000 + date) * EIGHT + clock(rest)));
  store<u8>(at, 0x30 + rest % 10, 22);
  return at + 24;
}

/** A day since 1970; 0 where `Date` has no such day. */
export function writeDate(to: u32, day: i32): u32 {
  if (<i64>day > MOST_DAYS || <i64>day < -MOST_DAYS) return 0;
  const date = monthAndDay(day);
  const long = <u32>year > 9999;
  const four: u32 = long ? putLongYear(to) : <u32>year;
  const at = to + (long ? 3 : 0);
  put(at, spread(<u64>(four * 10000 + date) * EIGHT));
  return at + 10;
}

/** A time of day in milliseconds; 0 where there is none. */
export function writeTime(to: u32, ms: i32): u32 {
  if (<u32>ms >= <u32>DAY) return 0;
  const text = characters(spread(<u64>clock(ms)));
  // HHMMSSmm are the last eight digits, and so go where those of a timestamp do from its byte 11 on
  const moved = v128.load(<usize>PLACES + 11);
  v128.store(to, v128.or(i8x16.swizzle(text, moved), v128.load(<usize>MARKS + 11)));
  store<u8>(to, 0x30 + <u32>ms % 10, 11);
  return to + 12;
}
