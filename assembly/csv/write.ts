// Columns as CSV, row after row.

import { writeDecimal } from "../number/write_decimal";
import { writeF64, writeI32, writeI64 } from "../number/write";
import { writeDate, writeTime, writeTimestamp } from "../number/write_time";

// What a column is written as, in the host's order; decimals stand behind these, then texts.
const BOOL: u32 = 0;
const I32: u32 = 1;
const I64: u32 = 2;
const F32: u32 = 3;
const F64: u32 = 4;
const TIMESTAMP: u32 = 5;
const DATE: u32 = 6;
const TIME: u32 = 7;
const TEXT: u32 = 9;

// The words of a column; those of a dictionary have its texts where the others have their values.
const COLUMN_BYTES: u32 = 32;
const AS: u32 = 0;
const VALUES: u32 = 4;
const VALIDITY: u32 = 8;
const OFFSETS: u32 = 12;
const TEXTS: u32 = 16;
const SCALE: u32 = 20;

// The words of a context.
const SEPARATOR: u32 = 0;
const QUOTE: u32 = 4;
const STYLE: u32 = 8;
const LINE_END: u32 = 12;
const NULL_TEXT: u32 = 16;
const NULL_BYTES: u32 = 20;
const ROW_BYTES: u32 = 24;
const WRITTEN: u32 = 28;
const FAULT: u32 = 32;

const QUOTES_ALL: u32 = 1;
const DEFUSES: u32 = 2;

const NO_FAULT: u32 = 0xffffffff;
const SIGN: u64 = 0x8000_0000_0000_0000;
const APOSTROPHE: u8 = 0x27;

let separator: u32 = 0;
let quote: u32 = 0;
let quotesAll: bool = false;
let defuses: bool = false;
let nullText: u32 = 0;
let nullBytes: u32 = 0;
let rowBytes: u32 = 0;
let limit: u32 = 0;

function begin(context: u32, end: u32): void {
  separator = load<u32>(context, SEPARATOR);
  quote = load<u32>(context, QUOTE);
  quotesAll = (load<u32>(context, STYLE) & QUOTES_ALL) != 0;
  defuses = (load<u32>(context, STYLE) & DEFUSES) != 0;
  nullText = load<u32>(context, NULL_TEXT);
  nullBytes = load<u32>(context, NULL_BYTES);
  rowBytes = load<u32>(context, ROW_BYTES);
  limit = end;
}

function isNullText(at: u32, length: u32): bool {
  return length == nullBytes && memory.compare(at, nullText, length) == 0;
}

// Whether a text has what only a field in quotes may have, or may start with a byte-order mark.
function hasMarks(at: u32, length: u32): bool {
  if (load<u8>(at) == 0xef) return true;
  const ends = i8x16.splat(<i8>separator);
  const quotes = i8x16.splat(<i8>quote);
  for (let done: u32 = 0; done < length; done += 16) {
    const b = v128.load(at + done);
    const ofFields = v128.or(i8x16.eq(b, ends), i8x16.eq(b, quotes));
    const ofLines = v128.or(i8x16.eq(b, i8x16.splat(10)), i8x16.eq(b, i8x16.splat(13)));
    let found = <u32>i8x16.bitmask(v128.or(ofFields, ofLines));
    if (length - done < 16) found &= (1 << (length - done)) - 1;
    if (found != 0) return true;
  }
  return false;
}

// Whether a program of sheets may take a text for a formula.
// @ts-ignore: decorator
@inline
function isFormula(at: u32, length: u32): bool {
  if (length == 0) return false;
  const byte: u32 = load<u8>(at);
  return byte == 0x3d || byte == 0x2b || byte == 0x2d || byte == 0x40 || byte == 9 || byte == 13;
}

// @ts-ignore: decorator
@inline
function copyText(to: u32, from: u32, length: u32): void {
  for (let done: u32 = 0; done < length; done += 16) {
    v128.store(to + done, v128.load(from + done));
  }
}

function writeQuoted(to: u32, from: u32, length: u32, prefix: bool): u32 {
  store<u8>(to++, <u8>quote);
  if (prefix) store<u8>(to++, APOSTROPHE);
  for (const end = from + length; from < end; from++) {
    const byte: u32 = load<u8>(from);
    store<u8>(to++, byte);
    if (byte == quote) store<u8>(to++, byte);
  }
  store<u8>(to, <u8>quote);
  return to + 1;
}

// 0 when there is no room; a text that would be read as null, or as nothing, is in quotes.
function writeText(to: u32, from: u32, length: u32): u32 {
  if (<u64>to + (<u64>length << 1) + rowBytes > <u64>limit) return 0;
  const prefix = defuses && isFormula(from, length);
  if (quotesAll || length == 0 || hasMarks(from, length) || isNullText(from, length)) {
    return writeQuoted(to, from, length, prefix);
  }
  if (prefix) store<u8>(to++, APOSTROPHE);
  copyText(to, from, length);
  return to + length;
}

function writeBool(to: u32, value: bool): u32 {
  store<u32>(to, value ? 0x65757274 : 0x736c6166);
  if (value) return to + 4;
  store<u8>(to, 0x65, 4);
  return to + 5;
}

// @ts-ignore: decorator
@inline
function writeDouble(to: u32, value: f64): u32 {
  store<u8>(to, 0x2d);
  return writeF64(to + u32(reinterpret<u64>(value) == SIGN), value);
}

// One that `Date` does not have is milliseconds.
function writeStamp(to: u32, ms: i64): u32 {
  const end = writeTimestamp(to, ms);
  return end != 0 ? end : writeI64(to, ms);
}

// 0 for what has no text.
function writeValue(as: u32, column: u32, row: u32, to: u32): u32 {
  const values = load<u32>(column, VALUES);
  switch (as) {
    case BOOL:
      return writeBool(to, ((load<u8>(values + (row >> 3)) >> <u8>(row & 7)) & 1) != 0);
    case I32:
      return writeI32(to, load<i32>(values + (row << 2)));
    case I64:
      return writeI64(to, load<i64>(values + (row << 3)));
    case F32:
      return writeDouble(to, <f64>load<f32>(values + (row << 2)));
    case F64:
      return writeDouble(to, load<f64>(values + (row << 3)));
    case TIMESTAMP:
      return writeStamp(to, load<i64>(values + (row << 3)));
    case DATE:
      return writeDate(to, load<i32>(values + (row << 2)));
    case TIME:
      return writeTime(to, load<i32>(values + (row << 2)));
    default:
      return writeDecimal(to, values + (row << 4), load<u32>(column, SCALE));
  }
}

function writeNull(to: u32): u32 {
  memory.copy(to, nullText, nullBytes);
  return to + nullBytes;
}

// A text of a column or its dictionary.
// @ts-ignore: decorator
@inline
function writeTextOf(as: u32, column: u32, row: u32, to: u32): u32 {
  const entry = as == TEXT ? row : load<u32>(load<u32>(column, VALUES) + (row << 2));
  const offset = load<u32>(column, OFFSETS) + (entry << 2);
  const start = load<u32>(offset);
  return writeText(to, load<u32>(column, TEXTS) + start, load<u32>(offset, 4) - start);
}

let fault: bool = false;

// 0 when there is no room, or no text for the value, which is noted then.
// @ts-ignore: decorator
@inline
function writeCell(column: u32, row: u32, to: u32): u32 {
  const validity = load<u32>(column, VALIDITY);
  if (validity != 0 && ((load<u8>(validity + (row >> 3)) >> <u8>(row & 7)) & 1) == 0) {
    return writeNull(to);
  }
  const as = load<u32>(column, AS);
  if (as >= TEXT) return writeTextOf(as, column, row, to);
  if (quotesAll) store<u8>(to++, <u8>quote);
  const end = writeValue(as, column, row, to);
  fault = end == 0;
  if (!quotesAll || fault) return end;
  store<u8>(end, <u8>quote);
  return end + 1;
}

// @ts-ignore: decorator
@inline
function writeLineEnd(to: u32, ending: u32): u32 {
  store<u16>(to, <u16>ending);
  return to + (ending > 255 ? 2 : 1);
}

/**
 * Writes rows `from` to below `rows` at `to`, as long as they end before `end`, and gives the
 * address behind them. The context tells how many rows were written, and the number of the column
 * whose value has no text.
 */
export function csvWrite(
  context: u32, columns: u32, count: u32, from: u32, rows: u32, to: u32, end: u32,
): u32 {
  begin(context, end);
  const ending = load<u32>(context, LINE_END);
  store<u32>(context, NO_FAULT, FAULT);
  fault = false;
  let row = from;
  for (; row < rows && <u64>to + rowBytes <= <u64>end; row++) {
    let at = to;
    for (let i: u32 = 0; i < count; i++) {
      if (i != 0) store<u8>(at++, <u8>separator);
      at = writeCell(columns + i * COLUMN_BYTES, row, at);
      if (at != 0) continue;
      if (fault) store<u32>(context, i, FAULT);
      store<u32>(context, row, WRITTEN);
      return to;
    }
    to = writeLineEnd(at, ending);
  }
  store<u32>(context, row, WRITTEN);
  return to;
}
