// Records of a batch to flat columns. Nothing is copied: cells are told by where they start and
// how many bytes they have.

import { readVarint, varintEnd } from "../avro/varint";

// What is read, and where to.
const AT: usize = 0;
const END: usize = 4;
const LEFT: usize = 8;
const BASE: usize = 12;
/** Where the header of the batch lies. */
const HEADER: usize = 16;
const ROWS: usize = 44;
const FROM: usize = 48;
const MOST_ROWS: usize = 56;
const HEADERS: usize = 60;
const MOST_HEADERS: usize = 64;
const OFFSETS: usize = 68;
const LONG_OFFSETS: usize = 72;
const TIMES: usize = 76;
const LONG_TIMES: usize = 80;
const KEY_STARTS: usize = 84;
const KEY_BYTES: usize = 88;
const VALUE_STARTS: usize = 92;
const VALUE_BYTES: usize = 96;
const HEADER_FIRSTS: usize = 100;
const NAME_STARTS: usize = 104;
const NAME_BYTES: usize = 108;
const CELL_STARTS: usize = 112;
const CELL_BYTES: usize = 116;

// What of the header is read: Kafka protocol guide, "Record Batch".
const ATTRIBUTES: usize = 21;
const FIRST_TIME: usize = 27;
const GREATEST_TIME: usize = 35;
const APPEND_TIME: u32 = 0x0800; // as a little-endian number

// Why it stopped.
const DONE: u32 = 0;
const FULL: u32 = 1;
const MORE_HEADERS: u32 = 2;
const DAMAGED: u32 = 3;

const MOST_I32: i64 = 0x7fffffff;

let next: u32 = 0;
let isGood: bool = false;

/** A number of 32 bits; what is none, or is not there, makes the record a damaged one. */
// @ts-ignore: decorator
@inline
function number(end: u32): i32 {
  const byte = <u32>load<u8>(next);
  if (next < end && byte < 0x80) {
    next++;
    return <i32>(byte >>> 1) ^ -(<i32>(byte & 1));
  }
  return wide(end);
}

function wide(end: u32): i32 {
  const value = readVarint(next, end);
  const after = varintEnd();
  if (after == 0 || value > MOST_I32 || value < -MOST_I32 - 1) {
    isGood = false;
    return -1;
  }
  next = after;
  return <i32>value;
}

/** The length of a cell that ends before `end`; -1 for null. */
// @ts-ignore: decorator
@inline
function length(end: u32): i32 {
  const bytes = number(end);
  if (bytes < -1 || (bytes > 0 && <u32>bytes > end - next)) {
    isGood = false;
    return -1;
  }
  return bytes;
}

/** Notes where a cell is, and goes on behind it. */
// @ts-ignore: decorator
@inline
function cell(starts: u32, lengths: u32, row: u32, base: u32, end: u32): void {
  const bytes = length(end);
  store<u32>(starts + (row << 2), next - base);
  store<i32>(lengths + (row << 2), bytes);
  if (bytes > 0) next += bytes;
}

/** Reads the headers of a row; how many, or -1 when there is no room for them. */
function headers(job: u32, first: u32, base: u32, end: u32): i32 {
  const count = number(end);
  // each takes two bytes at least
  if (count < 0 || <u32>count > (end - next) >>> 1) {
    isGood = false;
    return 0;
  }
  if (<u64>first + count > load<u32>(job, MOST_HEADERS)) {
    store<u32>(job, count, HEADERS);
    return -1;
  }
  const last = first + count;
  for (let at = first; at < last && isGood; at++) {
    cell(load<u32>(job, NAME_STARTS), load<u32>(job, NAME_BYTES), at, base, end);
    if (load<i32>(load<u32>(job, NAME_BYTES) + (at << 2)) < 0) isGood = false;
    cell(load<u32>(job, CELL_STARTS), load<u32>(job, CELL_BYTES), at, base, end);
  }
  return count;
}

/**
 * Reads records until the batch ends or there is no room. Those with an offset below `FROM` are
 * passed. Of where it stopped the job tells place, records left, rows; and under `MORE_HEADERS`
 * how many headers the next row has.
 */
export function kafkaRead(job: u32): u32 {
  const end = load<u32>(job, END);
  const base = load<u32>(job, BASE);
  const mostRows = load<u32>(job, MOST_ROWS);
  const batch = base + load<u32>(job, HEADER);
  const baseOffset = bswap<i64>(load<i64>(batch));
  const firstTime = bswap<i64>(load<i64>(batch, FIRST_TIME));
  const appendTime = bswap<i64>(load<i64>(batch, GREATEST_TIME));
  const isAppendTime = (<u32>load<u16>(batch, ATTRIBUTES) & APPEND_TIME) != 0;
  const from = load<i64>(job, FROM);
  const firsts = load<u32>(job, HEADER_FIRSTS);
  let at = load<u32>(job, AT);
  let left = load<u32>(job, LEFT);
  let row = load<u32>(job, ROWS);
  let header = load<u32>(firsts + (row << 2));
  let stop = DONE;
  while (left > 0) {
    if (row >= mostRows) {
      stop = FULL;
      break;
    }
    next = at;
    isGood = true;
    const bytes = length(end);
    if (!isGood || bytes < 0) {
      stop = DAMAGED;
      break;
    }
    const recordEnd = next + bytes;
    next++; // attributes, of which none is in use
    const later = readVarint(next, recordEnd);
    if (varintEnd() == 0) isGood = false;
    else next = varintEnd();
    const offset = baseOffset + number(recordEnd);
    cell(load<u32>(job, KEY_STARTS), load<u32>(job, KEY_BYTES), row, base, recordEnd);
    cell(load<u32>(job, VALUE_STARTS), load<u32>(job, VALUE_BYTES), row, base, recordEnd);
    const more = isGood ? headers(job, header, base, recordEnd) : 0;
    if (isGood && more < 0) {
      stop = MORE_HEADERS;
      break;
    }
    if (!isGood || next != recordEnd) {
      stop = DAMAGED;
      break;
    }
    at = next;
    left--;
    if (offset < from) continue;
    const time = isAppendTime ? appendTime : firstTime + later;
    store<f64>(load<u32>(job, OFFSETS) + (row << 3), <f64>offset);
    store<i64>(load<u32>(job, LONG_OFFSETS) + (row << 3), offset);
    store<f64>(load<u32>(job, TIMES) + (row << 3), <f64>time);
    store<i64>(load<u32>(job, LONG_TIMES) + (row << 3), time);
    header += more;
    row++;
    store<u32>(firsts + (row << 2), header);
  }
  if (stop == DONE && at != end) stop = DAMAGED;
  store<u32>(job, at, AT);
  store<u32>(job, left, LEFT);
  store<u32>(job, row, ROWS);
  return stop;
}
