// Finds the cells of CSV records, so that columns can be converted one by one afterwards. Records
// that are not regular are scanned here: 64 bytes are looked at together, then only what may end a
// field or open a quote is visited.

import {
  AT_END,
  BAD_ARE_FULL,
  bits,
  cells,
  countLines,
  countRecord,
  describe,
  fields,
  hasRoomForBad,
  infos,
  IS_DOUBLED,
  IS_FULL,
  IS_NULL,
  IS_QUOTED,
  mostBytes,
  mostFields,
  NEEDS_REPLACING,
  NO_BYTE,
  noteBad,
  PADS,
  quote,
  RECORD_BYTES,
  REGION_IS_OVER,
  REPLACES,
  separator,
  SKIPS_EMPTY,
  skipLine,
  TRIMS,
} from "./context";
import { behindLineEnd, linesOf, passComments } from "./lines";
import { beginMarks, REGION } from "./marks";
import {
  beginRegion,
  lacksMarks,
  passMarks,
  regularBytes,
  regularEnd,
  takeRegular,
} from "./regular";
import { isUtf8 } from "./utf8";

const WINDOW: u32 = 64;
const ELSEWHERE: u32 = 0;

// The open record: whether its quotes are wrong, and line ends within them.
let malformed: bool = false;
let linesWithin: u32 = 0;
// Up to where bytes that are not ASCII were seen.
let highUntil: u32 = 0;

let rows: u32 = 0;
let mostRows: u32 = 0;
let bytes: u32 = 0;
let mostRowBytes: u32 = 0;
let status: u32 = 0;
// Whether the bytes of the dialect can be told by the half of their bits.
let isTold: bool = false;
// The end of the record that is to be replaced.
let broken: u32 = 0;

/** Rows that were found by the last scan. */
export function scannedRows(): u32 {
  return rows;
}

/** Bytes of the records of these rows. */
export function scannedBytes(): u32 {
  return bytes;
}

/** The end of the record that the last scan stopped at, which is not valid UTF-8. */
export function brokenEnd(): u32 {
  return broken;
}

/** Why the last scan stopped. */
export function scanStatus(): u32 {
  return status;
}

// Where bytes are separators, quotes or line ends, a bit each.
// @ts-ignore: decorator
@inline
function marks(b: v128, ends: v128, quotes: v128): u32 {
  const ofFields = v128.or(i8x16.eq(b, ends), i8x16.eq(b, quotes));
  const ofLines = v128.or(i8x16.eq(b, i8x16.splat(10)), i8x16.eq(b, i8x16.splat(13)));
  return i8x16.bitmask(v128.or(ofFields, ofLines));
}

// @ts-ignore: decorator
@inline
function windowMarks(at: u32, to: u32, ends: v128, quotes: v128): u64 {
  const a = v128.load(at);
  const b = v128.load(at, 16);
  const c = v128.load(at, 32);
  const d = v128.load(at, 48);
  if (i8x16.bitmask(v128.or(v128.or(a, b), v128.or(c, d))) != 0) highUntil = at + WINDOW;
  const low = <u64>marks(a, ends, quotes) | (<u64>marks(b, ends, quotes) << 16);
  const high = <u64>marks(c, ends, quotes) | (<u64>marks(d, ends, quotes) << 16);
  const all = low | (high << 32);
  return to - at < WINDOW ? all & ((<u64>1 << (to - at)) - 1) : all;
}

// @ts-ignore: decorator
@inline
function putCell(field: u32, row: u32, start: u32, length: u32): void {
  if (field >= fields) return;
  store<u64>(cells + ((row * fields + field) << 3), <u64>start | (<u64>length << 32));
}

// @ts-ignore: decorator
@inline
function isBlank(at: u32): bool {
  const byte: u32 = load<u8>(at);
  return byte == 0x20 || byte == 0x09;
}

function putTrimmed(field: u32, row: u32, start: u32, end: u32): void {
  while (start < end && isBlank(start)) start++;
  while (start < end && isBlank(end - 1)) end--;
  putCell(field, row, start, end - start);
}

// Notes the field that ends at `end`, unless it was in quotes and has been noted.
// @ts-ignore: decorator
@inline
function endField(field: u32, row: u32, start: u32, end: u32, closed: u32, trims: bool): void {
  if (start == ELSEWHERE) malformed = malformed || end != closed;
  else if (trims) putTrimmed(field, row, start, end);
  else putCell(field, row, start, end - start);
}

// Notes the field whose quote opens at `open`, and gives the address of the quote that closes it;
// `to` when none does.
function quotedField(field: u32, open: u32, to: u32): u32 {
  const quotes = i8x16.splat(<i8>quote);
  let doubled: u32 = 0;
  let hasLines = false;
  let at = open + 1;
  while (at < to) {
    const b = v128.load(at);
    const found = <u32>i8x16.bitmask(i8x16.eq(b, quotes));
    const ends = v128.or(i8x16.eq(b, i8x16.splat(10)), i8x16.eq(b, i8x16.splat(13)));
    if (v128.any_true(ends)) hasLines = true;
    if (i8x16.bitmask(b) != 0) highUntil = max(highUntil, at + 16);
    if (found == 0) {
      at += 16;
      continue;
    }
    at += ctz<u32>(found);
    if (at >= to) break;
    if (at + 1 >= to || <u32>load<u8>(at, 1) != quote) {
      putCell(field, rows, open + 1, (at - open - 1) | IS_QUOTED | doubled);
      if (hasLines) linesWithin += linesOf(open + 1, at);
      return at;
    }
    doubled = IS_DOUBLED;
    at += 2;
  }
  if (hasLines) linesWithin += linesOf(open + 1, to);
  return to;
}

function isBad(start: u32, end: u32, count: u32): bool {
  if (malformed || count > mostFields || end - start > mostBytes) return true;
  if (count != fields && (bits & PADS) == 0) return true;
  return false;
}

// Counts a record, as a row or a bad one; false when it has to be looked at again, by the host.
function endRecord(start: u32, end: u32, count: u32): bool {
  if (count == 1 && start == end && (bits & SKIPS_EMPTY) != 0) {
    skipLine(true);
    return true;
  }
  let isWrong = isBad(start, end, count);
  if (!isWrong && start < highUntil && !isUtf8(start, end)) {
    if ((bits & REPLACES) != 0) {
      status = NEEDS_REPLACING;
      broken = end;
      return false;
    }
    isWrong = true;
  }
  if (isWrong) {
    noteBad(start, end);
    if (!hasRoomForBad()) status = BAD_ARE_FULL;
  } else {
    for (; count < fields; count++) putCell(count, rows, start, IS_NULL);
    describe(infos + rows * RECORD_BYTES, start, end);
    rows++;
    bytes += end - start;
    if (rows == mostRows || bytes >= mostRowBytes) status = IS_FULL;
  }
  countRecord(linesWithin + 1);
  return true;
}

/** Makes ready for a dialect. */
export function beginDialect(): void {
  isTold = beginMarks();
}

/** Makes ready for a scan that gives at most so many rows, or bytes of them; 0 passes comments. */
export function beginScan(most: u32, mostOfBytes: u32): void {
  rows = 0;
  bytes = 0;
  mostRows = most;
  mostRowBytes = mostOfBytes;
  highUntil = 0;
  status = most == 0 ? IS_FULL : AT_END;
}

// Scans the record at `from`, whatever it is like, and gives the start of the next one; `from` when
// it does not end.
function scanRecord(from: u32, to: u32, final: bool): u32 {
  const ends = i8x16.splat(<i8>separator);
  const quotes = i8x16.splat(<i8>(quote == NO_BYTE ? separator : quote));
  const mark = separator;
  const opening = quote;
  const trims = (bits & TRIMS) != 0;
  const row = rows;
  let field = from;
  let count: u32 = 0;
  let closed: u32 = 0;
  let base = from;
  linesWithin = 0;
  malformed = false;
  while (base < to) {
    let left = windowMarks(base, to, ends, quotes);
    let next = base + WINDOW;
    while (left != 0) {
      const at = base + <u32>ctz(left);
      const byte: u32 = load<u8>(at);
      left &= left - 1;
      if (byte == mark) {
        endField(count, row, field, at, closed, trims);
        count++;
        field = at + 1;
      } else if (byte == opening) {
        if (at != field) continue;
        closed = quotedField(count, at, to) + 1;
        field = ELSEWHERE;
        if (closed - base >= WINDOW) {
          next = closed;
          break;
        }
        left &= ~<u64>0 << (closed - base);
      } else {
        endField(count, row, field, at, closed, trims);
        return endRecord(from, at, count + 1) ? behindLineEnd(at, to) : from;
      }
    }
    base = next;
  }
  if (!final || from >= to) return from;
  endField(count, row, field, to, closed, trims);
  linesWithin = 0;
  return endRecord(from, to, count + 1) ? to : from;
}

// Takes records as long as they are regular; gives where the next one starts.
function scanRegular(at: u32): u32 {
  const taken = takeRegular(at, rows, mostRows - rows, mostRowBytes - bytes);
  if (taken == 0) return at;
  rows += taken;
  bytes += regularBytes();
  countLines(taken);
  if (rows == mostRows || bytes >= mostRowBytes) status = IS_FULL;
  return regularEnd();
}

/**
 * Scans records from `from`, which is the start of one, and gives the address at which it stopped:
 * the start of the next record. What the last one lacks of its end is taken for missing only at the
 * end of the input.
 */
export function scan(from: u32, to: u32, final: bool): u32 {
  let at = passComments(from, to, final);
  if (status != AT_END) return at;
  const canBeRegular = (bits & TRIMS) == 0 && fields != 0 && fields <= mostFields && isTold;
  const begin = at;
  const last = min(at + REGION, to);
  if (canBeRegular) beginRegion(at, last);
  while (at < to) {
    if (canBeRegular) {
      const next = scanRegular(at);
      // comments belong to what is before them
      if (next != at) at = passComments(next, to, final);
      const isOver = last < to && at != begin && (at >= last || lacksMarks());
      if (status == AT_END && isOver) status = REGION_IS_OVER;
      if (status != AT_END || at >= to) return at;
    }
    const next = scanRecord(at, to, final);
    if (next == at) return at;
    at = passComments(next, to, final);
    if (status != AT_END) return at;
    if (canBeRegular) passMarks(at);
  }
  return at;
}
