// Which slice a row belongs to, and whether it is late: decided in the order of the rows.
import { blockGreatest, blockLeast, NO_TIME, rowsBefore, scanTimes, timeAt } from "./block_times";
import { isValid, kindOf, validityOf, valuesOf } from "./columns";
import { frontRoom } from "./front";
import { ALL_CLOSED, BETWEEN, hasGaps, skippedBy } from "./skipped";
import {
  K_LATE,
  K_OUTSIDE,
  KIND_BYTES,
  sliceOf,
  T_BOUND,
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

// Rows of a block in its first window from which on they are taken by themselves. The room for pieces
// is a byte a row, and one takes 8: it has to be well above that.
const LEAST_PART: u32 = 32;

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

/**
 * Finds the windows of a block of at most BLOCK rows.
 *
 * @returns The slice that all rows belong to, MIXED, or NO_MEMORY. Unless `open`, no window is
 *   opened, and what stands for a slice only tells that a row is on time.
 */
export function assignBlock(table: u32, times: u32, from: u32, count: u32, open: bool): u32 {
  return scanTimes(times, from, count)
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
  if (!scanTimes(times, from, count)) return assignRows(table, times, from, count, true);
  const offset = load<i64>(table, T_OFFSET);
  const size = load<i64>(table, T_SIZE);
  const window = windowOf(blockLeast - offset, size, load<f64>(table, T_INVERSE));
  const end = (window + 1) * size + offset;
  if (blockGreatest >= end) {
    const before = rowsBefore(times, from, count, end);
    if (before >= LEAST_PART) {
      partRows = before;
      scanTimes(times, from, before);
    }
  }
  return assignScanned(table, times, from, partRows, true);
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

