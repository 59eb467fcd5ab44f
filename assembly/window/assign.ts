// Which slice a row belongs to, and whether it is late: decided in the order of the rows.
import { BLOCK, isValid, KIND_F64, kindOf, validityOf, valuesOf } from "./columns";
import { frontRoom } from "./front";
import {
  K_LATE,
  K_OUTSIDE,
  KIND_BYTES,
  sliceOf,
  T_BOUND,
  T_END,
  T_GREATEST,
  T_INVERSE,
  T_KIND_COUNT,
  T_KINDS,
  T_LATE,
  T_LATENESS,
  T_LEAST,
  T_OFFSET,
  T_OUTSIDE,
  T_SIZE,
  T_SLIDE,
  T_SPAN,
  T_STEP,
  T_UNTIMED,
  T_WATERMARK,
} from "./table";

/** Rows of a block that are not all of one window: a slice each in `SLICES`. */
export const MIXED: u32 = 1;
/** There is no memory for a window. */
export const NO_MEMORY: u32 = 0;
/** What stands for a slice when none is to be opened. */
const ANY_SLICE: u32 = 2;

/** Slices of the block's rows, 0 where a row is late or has no time. */
export const SLICES: usize = memory.data(512 * 4, 16);

const GREATEST_TIME: i64 = 8_640_000_000_000_000;
/** What stands for the time of a row that has none. */
export const NO_TIME: i64 = i64.MIN_VALUE;

// Rows of a block in its first window from which on they are taken by themselves.
const LEAST_PART: u32 = 32;

// How far below the first time of a block the distances to its times start, ms.
const NEAR_SPAN: i64 = 1 << 31;

// Windows met lately: i64 number of the window, f64 its end with lateness, u32 slice, 12 unused.
const NEAR: u32 = 32;
const NEAR_BYTES: u32 = 32;
const RECENT: usize = memory.data(32 * 32, 16);
let recentTable: u32 = 0;

/** Starts a batch: counts from 0, the watermark from `watermark`. */
export function beginTimes(table: u32, watermark: f64, bound: f64): void {
  store<u32>(table, 0, T_LATE);
  store<u32>(table, 0, T_UNTIMED);
  store<u32>(table, 0, T_OUTSIDE);
  store<f64>(table, Infinity, T_LEAST);
  store<f64>(table, -Infinity, T_GREATEST);
  store<f64>(table, watermark, T_WATERMARK);
  store<f64>(table, bound, T_BOUND);
  recentTable = 0;
  frontRoom(0, 0);
  const kinds = load<u32>(table, T_KINDS);
  for (let kind: u32 = 0; kind < load<u32>(table, T_KIND_COUNT); kind++) {
    store<u64>(kinds + kind * KIND_BYTES, 0, K_LATE);
  }
}

/** Rows of the batch so far that were late for all windows of a kind. */
export function lateOfKind(table: u32, kind: u32): u32 {
  return load<u32>(load<u32>(table, T_KINDS) + kind * KIND_BYTES, K_LATE);
}

/** Rows of the batch so far that lie between windows of a kind. */
export function outsideOfKind(table: u32, kind: u32): u32 {
  return load<u32>(load<u32>(table, T_KINDS) + kind * KIND_BYTES, K_OUTSIDE);
}

/** Rows of the batch so far that were late. */
export function lateRows(table: u32): u32 {
  return load<u32>(table, T_LATE);
}

/** Rows of the batch so far that have no usable time. */
export function untimedRows(table: u32): u32 {
  return load<u32>(table, T_UNTIMED);
}

/** Rows of the batch so far that lie between windows. */
export function outsideRows(table: u32): u32 {
  return load<u32>(table, T_OUTSIDE);
}

/** Least time of the batch so far, ms. */
export function leastTime(table: u32): f64 {
  return load<f64>(table, T_LEAST);
}

/** Greatest time of the batch so far, ms. */
export function greatestTime(table: u32): f64 {
  return load<f64>(table, T_GREATEST);
}

/** Watermark after the batch so far, ms. */
export function watermark(table: u32): f64 {
  return load<f64>(table, T_WATERMARK);
}

// @ts-ignore: decorator
@inline
function checkedTime(time: f64): i64 {
  return abs(time) <= <f64>GREATEST_TIME ? <i64>floor(time) : NO_TIME;
}

/** The time of a row in whole milliseconds, or NO_TIME. */
// @ts-ignore: decorator
@inline
export function timeAt(kind: u32, values: u32, row: u32): i64 {
  if (kind == KIND_F64) return checkedTime(load<f64>(values + (row << 3)));
  const time = load<i64>(values + (row << 3));
  return time >= -GREATEST_TIME && time <= GREATEST_TIME ? time : NO_TIME;
}

// The number of the window that holds `time`, counted from the one that starts at the offset.
// @ts-ignore: decorator
@inline
function windowOf(time: i64, size: i64, inverse: f64): i64 {
  let window = <i64>floor(<f64>time * inverse);
  const start = window * size;
  if (start > time) window--;
  else if (time - start >= size) window++;
  return window;
}

// Least and greatest of a block's times, if every row has one; else greatest < least.
let blockLeast: i64 = 0;
let blockGreatest: i64 = -1;

// As distances of 32 bits from below the first time, four rows a step; false when they need more.
function scanNear(at: u32, count: u32): bool {
  const base = load<i64>(at) - NEAR_SPAN;
  const bases = i64x2.splat(base);
  let wide = i64x2.splat(0);
  let least = i32x4.splat(-1);
  let greatest = i32x4.splat(0);
  for (let end = at + (count << 3); at < end; at += 32) {
    const low = i64x2.sub(v128.load(at), bases);
    const high = i64x2.sub(v128.load(at, 16), bases);
    const distances = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
    wide = v128.or(wide, v128.or(low, high));
    least = i32x4.min_u(least, distances);
    greatest = i32x4.max_u(greatest, distances);
  }
  const top = (<u64>i64x2.extract_lane(wide, 0) | <u64>i64x2.extract_lane(wide, 1)) >> 32;
  blockLeast = base + leastOf(least);
  blockGreatest = base + greatestOf(greatest);
  return top == 0;
}

function leastOf(four: v128): u32 {
  const a = min<u32>(i32x4.extract_lane(four, 0), i32x4.extract_lane(four, 1));
  const b = min<u32>(i32x4.extract_lane(four, 2), i32x4.extract_lane(four, 3));
  return min(a, b);
}

/** The greatest of four unsigned numbers. */
export function greatestOf(four: v128): u32 {
  const a = max<u32>(i32x4.extract_lane(four, 0), i32x4.extract_lane(four, 1));
  const b = max<u32>(i32x4.extract_lane(four, 2), i32x4.extract_lane(four, 3));
  return max(a, b);
}

function widen(time: i64): void {
  blockLeast = min(blockLeast, time);
  blockGreatest = max(blockGreatest, time);
}

function scanIntegers(at: u32, count: u32): void {
  blockLeast = load<i64>(at);
  blockGreatest = blockLeast;
  const fours = abs(blockLeast) <= GREATEST_TIME && count >= 4 ? count & ~3 : 0;
  const near = fours != 0 && scanNear(at, fours);
  for (let row: u32 = near ? fours : 1; row < count; row++) widen(load<i64>(at + (row << 3)));
}

function scanDoubles(at: u32, count: u32): void {
  let least = load<f64>(at);
  let greatest = least;
  for (let row: u32 = 1; row < count; row++) {
    const time = load<f64>(at + (row << 3));
    least = min(least, time);
    greatest = max(greatest, time);
  }
  const usable = abs(least) <= <f64>GREATEST_TIME && abs(greatest) <= <f64>GREATEST_TIME;
  blockLeast = usable ? <i64>floor(least) : 0;
  blockGreatest = usable ? <i64>floor(greatest) : -1;
}

function scan(times: u32, from: u32, count: u32): bool {
  if (validityOf(times) != 0) return false;
  const at = valuesOf(times) + (from << 3);
  if (kindOf(times) == KIND_F64) scanDoubles(at, count);
  else scanIntegers(at, count);
  return blockLeast <= blockGreatest && blockLeast >= -GREATEST_TIME &&
    blockGreatest <= GREATEST_TIME;
}

/**
 * Finds the windows of a block of at most BLOCK rows.
 *
 * @returns The slice that all rows belong to, MIXED, or NO_MEMORY. Unless `open`, no window is
 *   opened, and what stands for a slice only tells that a row is on time.
 */
export function assignBlock(table: u32, times: u32, from: u32, count: u32, open: bool): u32 {
  return scan(times, from, count)
    ? assignScanned(table, times, from, count, open)
    : assignRows(table, times, from, count, open);
}

let partRows: u32 = 0;

/** How many rows assignPart() took. */
export function rowsOfPart(): u32 {
  return partRows;
}

/**
 * As assignBlock() for windows that are opened, but where a block goes on in a later window it takes
 * the rows before that alone, if they are some.
 */
export function assignPart(table: u32, times: u32, from: u32, count: u32): u32 {
  partRows = count;
  if (!scan(times, from, count)) return assignRows(table, times, from, count, true);
  const offset = load<i64>(table, T_OFFSET);
  const size = load<i64>(table, T_SIZE);
  const window = windowOf(blockLeast - offset, size, load<f64>(table, T_INVERSE));
  const end = (window + 1) * size + offset;
  if (blockGreatest >= end) {
    const before = rowsBefore(times, from, count, end);
    if (before >= LEAST_PART) {
      partRows = before;
      scan(times, from, before);
    }
  }
  return assignScanned(table, times, from, partRows, true);
}

// How many of a block's first rows have times before `end`.
function rowsBefore(times: u32, from: u32, count: u32, end: i64): u32 {
  const at = valuesOf(times) + (from << 3);
  let row: u32 = 0;
  if (kindOf(times) == KIND_F64) {
    while (row < count && load<f64>(at + (row << 3)) < <f64>end) row++;
  } else {
    while (row < count && load<i64>(at + (row << 3)) < end) row++;
  }
  return row;
}

// What assignBlock() tells of a block that was scanned.
function assignScanned(table: u32, times: u32, from: u32, count: u32, open: bool): u32 {
  const size = load<i64>(table, T_SIZE);
  const offset = load<i64>(table, T_OFFSET);
  const window = windowOf(blockLeast - offset, size, load<f64>(table, T_INVERSE));
  const start = window * size + offset;
  const seen = max(load<f64>(table, T_GREATEST), <f64>blockGreatest);
  const after = max(load<f64>(table, T_WATERMARK), seen - load<f64>(table, T_BOUND));
  const end = <f64>(start + size) + load<f64>(table, T_LATENESS);
  if (blockGreatest - start >= size || end <= after || hasGaps(table)) {
    return assignRows(table, times, from, count, open);
  }
  store<f64>(table, min(load<f64>(table, T_LEAST), <f64>blockLeast), T_LEAST);
  store<f64>(table, seen, T_GREATEST);
  store<f64>(table, after, T_WATERMARK);
  return open ? recentSlice(table, window, start, end) : ANY_SLICE;
}

// @ts-ignore: decorator
@inline
function recentAt(window: i64): u32 {
  return (<u32>RECENT) + (<u32>window & (NEAR - 1)) * NEAR_BYTES;
}

function recentSlice(table: u32, window: i64, start: i64, end: f64): u32 {
  if (recentTable != table) {
    recentTable = table;
    for (let at: u32 = 0; at < NEAR; at++) store<u32>((<u32>RECENT) + at * NEAR_BYTES, 0, 16);
  }
  const recent = recentAt(window);
  if (load<u32>(recent, 16) != 0 && load<i64>(recent) == window) return load<u32>(recent, 16);
  const slice = sliceOf(table, start, 0);
  store<i64>(recent, window);
  store<f64>(recent, end, 8);
  store<u32>(recent, slice, 16);
  return slice;
}

// Instead of how many windows are skipped: all of them, or there are none.
const ALL_CLOSED: i32 = -1;
const BETWEEN: i32 = -2;

// @ts-ignore: decorator
@inline
function hasGaps(table: u32): bool {
  return load<i64>(table, T_SLIDE) > load<i64>(table, T_SPAN);
}

function floorDivide(value: i64, by: i64): i64 {
  const quotient = value / by;
  return quotient * by > value ? quotient - 1 : quotient;
}

// The last end of a window of a kind that holds the slice from `start`.
// @ts-ignore: decorator
@inline
function lastEnd(kind: u32, start: i64): i64 {
  const end = load<i64>(kind, T_END - T_SPAN);
  const slide = load<i64>(kind, T_SLIDE - T_SPAN);
  return floorDivide(start - (end - load<i64>(kind)), slide) * slide + end;
}

// How many windows of a kind that hold the slice from `start` end at or before the watermark.
function skippedOf(kind: u32, start: i64, mark: f64): i32 {
  const last = lastEnd(kind, start);
  if (start >= last) return BETWEEN;
  if (<f64>last <= mark) return ALL_CLOSED;
  const end = load<i64>(kind, T_END - T_SPAN);
  const step = load<i64>(kind, T_STEP - T_SPAN);
  const before = floorDivide(start - end, step);
  if (<f64>((before + 1) * step + end) > mark) return 0;
  return <i32>(floorDivide(<i64>floor(mark) - end, step) - before);
}

// @ts-ignore: decorator
@inline
function countUp(at: u32): void {
  store<u32>(at, load<u32>(at) + 1);
}

// The same of a row for several kinds: how many of the times at which any may end lie up to the
// last end at or before the watermark of a window that holds the slice. Counts what is so for each
// kind.
function skippedOfAll(table: u32, start: i64, mark: f64): i32 {
  let isOpen = false;
  let isHeld = false;
  let closed = start;
  let kind = load<u32>(table, T_KINDS);
  const end = kind + load<u32>(table, T_KIND_COUNT) * KIND_BYTES;
  for (; kind < end; kind += KIND_BYTES) {
    const skipped = skippedOf(kind, start, mark);
    if (skipped == BETWEEN) {
      countUp(kind + K_OUTSIDE);
      continue;
    }
    isHeld = true;
    if (skipped == ALL_CLOSED) {
      countUp(kind + K_LATE);
      closed = max(closed, lastEnd(kind, start));
      continue;
    }
    isOpen = true;
    if (skipped > 0) {
      const one = load<i64>(kind, T_END - T_SPAN);
      const step = load<i64>(kind, T_STEP - T_SPAN);
      closed = max(closed, (floorDivide(start - one, step) + skipped) * step + one);
    }
  }
  if (!isOpen) return isHeld ? ALL_CLOSED : BETWEEN;
  const one = load<i64>(table, T_END);
  const step = load<i64>(table, T_STEP);
  return <i32>(floorDivide(closed - one, step) - floorDivide(start - one, step));
}

function skippedBy(table: u32, start: i64, mark: f64): i32 {
  return load<u32>(table, T_KINDS) == 0
    ? skippedOf(table + T_SPAN, start, mark)
    : skippedOfAll(table, start, mark);
}

// The same row by row, for blocks that cross windows, have late rows or lack times.
function assignRows(table: u32, times: u32, from: u32, count: u32, open: bool): u32 {
  const kind = kindOf(times);
  const values = valuesOf(times);
  const validity = validityOf(times);
  const size = load<i64>(table, T_SIZE);
  const offset = load<i64>(table, T_OFFSET);
  const inverse = load<f64>(table, T_INVERSE);
  const lateness = load<f64>(table, T_LATENESS);
  const bound = load<f64>(table, T_BOUND);
  let mark = load<f64>(table, T_WATERMARK);
  let least = load<f64>(table, T_LEAST);
  let greatest = load<f64>(table, T_GREATEST);
  const gaps = hasGaps(table);
  let late: u32 = 0;
  let untimed: u32 = 0;
  let outside: u32 = 0;
  for (let row = from; row < from + count; row++) {
    const time = isValid(validity, row) ? timeAt(kind, values, row) : NO_TIME;
    let slice: u32 = 0;
    if (time == NO_TIME) untimed++;
    else {
      const window = windowOf(time - offset, size, inverse);
      const start = window * size + offset;
      const end = <f64>(start + size) + lateness;
      const skipped = end <= mark || gaps ? skippedBy(table, start, mark - lateness) : 0;
      if (skipped == ALL_CLOSED) late++;
      else if (skipped == BETWEEN) outside++;
      else if (!open) slice = ANY_SLICE;
      else {
        slice = skipped == 0
          ? recentSlice(table, window, start, end)
          : sliceOf(table, start, skipped);
        if (slice == 0) return NO_MEMORY;
      }
      least = min(least, <f64>time);
      greatest = max(greatest, <f64>time);
      mark = max(mark, greatest - bound);
    }
    store<u32>((<u32>SLICES) + ((row - from) << 2), slice);
  }
  store<f64>(table, mark, T_WATERMARK);
  store<f64>(table, least, T_LEAST);
  store<f64>(table, greatest, T_GREATEST);
  store<u32>(table, load<u32>(table, T_LATE) + late, T_LATE);
  store<u32>(table, load<u32>(table, T_UNTIMED) + untimed, T_UNTIMED);
  store<u32>(table, load<u32>(table, T_OUTSIDE) + outside, T_OUTSIDE);
  return MIXED;
}

