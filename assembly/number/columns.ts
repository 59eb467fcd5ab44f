// Columns of numbers from columns of text, and back.

import { decimalFits, readDecimal } from "./decimal";
import { numberF64, readNumber, readNumberText } from "./read";
import { writeF64, writeI32, writeI64 } from "./write";
import { writeDecimal, writeFixed } from "./write_decimal";
import { writeDate, writeTime, writeTimestamp } from "./write_time";

/**
 * The doubles that texts are, `loose` for those that people write. How many rows were read: it ends
 * before the first text that is no number.
 */
export function readDoubles(text: u32, offsets: u32, rows: u32, loose: u32, to: u32): u32 {
  for (let i: u32 = 0; i < rows; i++) {
    const at = text + load<u32>(offsets + (i << 2));
    const end = text + load<u32>(offsets + (i << 2), 4);
    const next = loose != 0 ? readNumberText(at, end) : readNumber(at, end);
    if (next != end || at == end) return i;
    store<f64>(to + (i << 3), numberF64());
  }
  return rows;
}

/**
 * The scaled integers of 16 bytes that decimals in text are. How many rows were read: it ends
 * before the first text that is none, or that does not fit.
 */
export function readDecimals(
  text: u32, offsets: u32, rows: u32, scale: u32, precision: u32, to: u32,
): u32 {
  for (let i: u32 = 0; i < rows; i++) {
    const at = text + load<u32>(offsets + (i << 2));
    const end = text + load<u32>(offsets + (i << 2), 4);
    if (readDecimal(at, end, scale, precision, to + (i << 4)) != end || !decimalFits()) return i;
  }
  return rows;
}

// What a column of numbers holds, and so how it is written.
const DOUBLES: u32 = 0; // as `String` does
const FIXED: u32 = 1; // doubles with fixed decimals
const INTS: u32 = 2;
const LONGS: u32 = 3;
const DECIMALS: u32 = 4;
const TIMESTAMPS: u32 = 5;
const DATES: u32 = 6;
const TIMES: u32 = 7;

// @ts-ignore: decorator
@inline
function writeNumber(to: u32, kind: u32, values: u32, row: u32, digits: u32): u32 {
  if (kind == DOUBLES) return writeF64(to, load<f64>(values + (row << 3)));
  if (kind == FIXED) return writeFixed(to, load<f64>(values + (row << 3)), digits);
  if (kind == INTS) return writeI32(to, load<i32>(values + (row << 2)));
  if (kind == LONGS) return writeI64(to, load<i64>(values + (row << 3)));
  if (kind == DECIMALS) return writeDecimal(to, values + (row << 4), digits);
  if (kind == TIMESTAMPS) return writeTimestamp(to, load<i64>(values + (row << 3)));
  if (kind == DATES) return writeDate(to, load<i32>(values + (row << 2)));
  return writeTime(to, load<i32>(values + (row << 2)));
}

/**
 * Numbers as text, `digits` of them behind the point where that is to be told. Where each text ends
 * goes to `ends`; of a time that has no text it is where it starts. The number of bytes; for each
 * value 48 are reserved, and 64 more.
 */
export function writeNumbers(
  kind: u32, values: u32, rows: u32, digits: u32, ends: u32, to: u32,
): u32 {
  let at = to;
  for (let i: u32 = 0; i < rows; i++) {
    const next = writeNumber(at, kind, values, i, digits);
    if (next != 0) at = next;
    store<u32>(ends + (i << 2), at - to);
  }
  return at - to;
}
