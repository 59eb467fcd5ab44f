// Values that are wanted: from their first byte to a cell of their column, which is valid before
// and after. Each function gives the address behind the value, or 0 when the value is not valid, or
// not of the column's type; a null is the caller's.
import {
  decimalPrecision,
  decimalRoom,
  decimalScale,
  itemsOf,
  listEnd,
  listStart,
  markValid,
  putBool,
  putF32,
  putF64,
  putI32,
  putI64,
  putNull,
  putSpan,
} from "../column/sink";
import { decimalFits, readDecimal } from "../number/decimal";
import {
  isoClock,
  isoDays,
  isoStamp,
  readDate as isoDate,
  readTime as isoTime,
  readTimestamp as isoTimestamp,
} from "../number/iso_time";
import {
  numberF64,
  numberFitsI64,
  numberI64,
  numberIsWhole,
  readNumber,
  readNumberText,
} from "../number/read";
import { readDict, readText } from "./cell_text";
import { goesOn, quickF64, quickI32, quickI64 } from "./quick";
import {
  BAD_DEPTH,
  BAD_SYNTAX,
  BAD_VALUE,
  depthLimit,
  fail,
  K_BOOL,
  K_DATE,
  K_DECIMAL,
  K_DICT,
  K_F32,
  K_F64,
  K_I32,
  K_I64,
  K_LIST,
  K_STRUCT,
  K_TEXT,
  K_TIME,
  K_TIMESTAMP,
  limit,
} from "./reader";
import { isFalse, NULL, skipBlank, skipValue, TRUE } from "./skip";
import { scanString } from "./text";

const SAFE: i64 = 9007199254740991;
const DAY_MS: f64 = 86400000;
const LEAST_I32: f64 = -2147483648;
const MOST_I32: f64 = 2147483647;

/** What is wrong with a value that is not of its column's type: that, or that it is no value. */
function misfit(column: u32, at: u32): u32 {
  return skipValue(at, 1) == 0 ? 0 : fail(BAD_VALUE, at, column);
}

// @ts-ignore: decorator
@inline
export function readBool(column: u32, row: u32, at: u32): u32 {
  if (load<u32>(at) == TRUE) {
    putBool(column, row, true);
    return at + 4;
  }
  if (!isFalse(at)) return misfit(column, at);
  putBool(column, row, false);
  return at + 5;
}

// @ts-ignore: decorator
@inline
export function readF64(column: u32, row: u32, at: u32): u32 {
  const end = readNumber(at, limit);
  if (end == 0) return misfit(column, at);
  putF64(column, row, numberF64());
  return end;
}

/** Infinite where the number is too large for a double, but not where it is so for a float. */
export function readF32(column: u32, row: u32, at: u32): u32 {
  const end = readNumber(at, limit);
  if (end == 0) return misfit(column, at);
  const value = numberF64();
  const single = <f32>value;
  if (abs(single) == Infinity && abs(value) != Infinity) return fail(BAD_VALUE, at, column);
  putF32(column, row, single);
  return end;
}

// @ts-ignore: decorator
@inline
export function readI64(column: u32, row: u32, at: u32): u32 {
  const end = readNumber(at, limit);
  if (end == 0) return misfit(column, at);
  if (!numberFitsI64()) return fail(BAD_VALUE, at, column);
  putI64(column, row, numberI64());
  return end;
}

// @ts-ignore: decorator
@inline
export function readI32(column: u32, row: u32, at: u32): u32 {
  const end = readNumber(at, limit);
  if (end == 0) return misfit(column, at);
  if (!numberIsWhole()) return readLooseI32(column, row, at, end);
  if (!numberFitsI64()) return fail(BAD_VALUE, at, column);
  const value = numberI64();
  if (value != <i64><i32>value) return fail(BAD_VALUE, at, column);
  putI32(column, row, <i32>value);
  return end;
}

// Of a number with a point or an exponent.
function readLooseI32(column: u32, row: u32, at: u32, end: u32): u32 {
  const value = numberF64();
  if (!(value >= LEAST_I32 && value <= MOST_I32) || floor(value) != value) {
    return fail(BAD_VALUE, at, column);
  }
  putI32(column, row, <i32>value);
  return end;
}

/** Whole milliseconds that a double holds, or a text. */
// @ts-ignore: decorator
@inline
export function readTimestamp(column: u32, row: u32, at: u32): u32 {
  if (load<u8>(at) == 0x22) return readTimeText(K_TIMESTAMP, column, row, at + 1);
  const end = readNumber(at, limit);
  if (end == 0) return misfit(column, at);
  if (!numberFitsI64()) return fail(BAD_VALUE, at, column);
  const value = numberI64();
  if (value > SAFE || value < -SAFE) return fail(BAD_VALUE, at, column);
  putI64(column, row, value);
  return end;
}

function readDate(column: u32, row: u32, at: u32): u32 {
  if (load<u8>(at) == 0x22) return readTimeText(K_DATE, column, row, at + 1);
  return readI32(column, row, at);
}

function readTime(column: u32, row: u32, at: u32): u32 {
  if (load<u8>(at) == 0x22) return readTimeText(K_TIME, column, row, at + 1);
  const end = readNumber(at, limit);
  if (end == 0) return misfit(column, at);
  const value = numberF64();
  if (!(value >= 0 && value < DAY_MS) || floor(value) != value) {
    return fail(BAD_VALUE, at, column);
  }
  putI32(column, row, <i32>value);
  return end;
}

// Whole milliseconds since 1970, or a date and time.
function isStamp(at: u32, end: u32): bool {
  if (readNumberText(at, end) == end && end > at && numberIsWhole()) {
    stamp = numberI64();
    return numberFitsI64() && stamp <= SAFE && stamp >= -SAFE;
  }
  if (!isoTimestamp(at, end)) return false;
  stamp = <i64>isoStamp();
  return true;
}

let stamp: i64 = 0;

// What is escaped is left to the host.
function readTimeText(kind: u32, column: u32, row: u32, at: u32): u32 {
  const found = scanString(at);
  const end = <u32>found;
  if (found == 0 || found >> 32 != 0) return misfit(column, at - 1);
  if (kind == K_TIMESTAMP) {
    if (!isStamp(at, end)) return fail(BAD_VALUE, at, column);
    putI64(column, row, stamp);
  } else if (kind == K_DATE) {
    if (!isoDate(at, end)) return fail(BAD_VALUE, at, column);
    putI32(column, row, isoDays());
  } else {
    if (!isoTime(at, end)) return fail(BAD_VALUE, at, column);
    putI32(column, row, isoClock());
  }
  return end + 1;
}

// From a number, or from a text that is one.
function readDecimalCell(column: u32, row: u32, at: u32): u32 {
  const scale = decimalScale(column);
  const precision = decimalPrecision(column);
  const room = decimalRoom(column, row);
  let next: u32 = 0;
  if (load<u8>(at) == 0x22) {
    const found = scanString(at + 1);
    if (found == 0) return fail(BAD_SYNTAX, at, column);
    if (found >> 32 != 0) return misfit(column, at);
    const end = <u32>found;
    if (readDecimal(at + 1, end, scale, precision, room) != end) {
      return fail(BAD_VALUE, at, column);
    }
    next = end + 1;
  } else {
    next = readNumber(at, limit);
    if (next == 0) return misfit(column, at);
    if (readDecimal(at, next, scale, precision, room) != next) return fail(BAD_VALUE, at, column);
  }
  return decimalFits() ? next : fail(BAD_VALUE, at, column);
}

/** The place of a value, for the host. */
// @ts-ignore: decorator
@inline
export function readSpan(column: u32, row: u32, at: u32, level: u32): u32 {
  const end = skipValue(at, level);
  if (end != 0) putSpan(column, row, at, end - at);
  return end;
}

/** A list; `item` is the kind of its items. */
export function readList(column: u32, row: u32, from: u32, level: u32, item: u32): u32 {
  if (load<u8>(from) != 0x5b) return misfit(column, from);
  if (level >= depthLimit) return fail(BAD_DEPTH, from, column);
  const items = itemsOf(column);
  let place = listStart(column, row);
  let at = skipBlank(from + 1);
  if (load<u8>(at) == 0x5d) {
    listEnd(column, row, place);
    return at + 1;
  }
  while (true) {
    if (load<u32>(at) == NULL) {
      putNull(items, place);
      at += 4;
    } else {
      at = readCell(item, items, place, at, level + 1, 0);
      if (at == 0) return 0;
      markValid(items, place);
    }
    place++;
    at = skipBlank(at);
    const next = load<u8>(at);
    if (next == 0x5d) break;
    if (next != 0x2c) return fail(BAD_SYNTAX, at, column);
    at = skipBlank(at + 1);
  }
  listEnd(column, row, place);
  return at + 1;
}

/** A value of any kind but a struct, which is neither null nor missing. */
export function readCell(kind: u32, column: u32, row: u32, at: u32, level: u32, item: u32): u32 {
  switch (kind) {
    case K_BOOL:
      return readBool(column, row, at);
    case K_I32: {
      const end = quickI32(column, row, at);
      return end != 0 && !goesOn(end) ? end : readI32(column, row, at);
    }
    case K_I64: {
      const end = quickI64(column, row, at);
      return end != 0 && !goesOn(end) ? end : readI64(column, row, at);
    }
    case K_F32:
      return readF32(column, row, at);
    case K_F64: {
      const end = quickF64(column, row, at);
      return end != 0 && !goesOn(end) ? end : readF64(column, row, at);
    }
    case K_TEXT:
      if (load<u8>(at) != 0x22) return misfit(column, at);
      return readText(column, row, at + 1);
    case K_DICT:
      if (load<u8>(at) != 0x22) return misfit(column, at);
      return readDict(column, row, at + 1);
    case K_DECIMAL:
      return readDecimalCell(column, row, at);
    case K_LIST:
      return readList(column, row, at, level, item);
    case K_TIMESTAMP: {
      const end = quickI64(column, row, at);
      return end != 0 && !goesOn(end) ? end : readTimestamp(column, row, at);
    }
    case K_DATE:
      return readDate(column, row, at);
    case K_TIME:
      return readTime(column, row, at);
    case K_STRUCT:
      return misfit(column, at);
    default:
      return readSpan(column, row, at, level);
  }
}
