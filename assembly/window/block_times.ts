// The times of rows: one by one, and the least and the greatest of a block.
import { KIND_F64, kindOf, validityOf, valuesOf } from "./columns";

/** The greatest time that a row may have, the least one negated; ms. */
export const GREATEST_TIME: i64 = 8_640_000_000_000_000;
/** What stands for the time of a row that has none. */
export const NO_TIME: i64 = i64.MIN_VALUE;

// How far below the first time of a block the distances to its times start, ms.
const NEAR_SPAN: i64 = 1 << 31;

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

/** Least of the times of the block that was scanned last. */
export let blockLeast: i64 = 0;
/** The greatest of them. */
export let blockGreatest: i64 = -1;

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

/** Whether all rows of a block have usable times, the least and the greatest of which are noted. */
export function scanTimes(times: u32, from: u32, count: u32): bool {
  if (validityOf(times) != 0) return false;
  const at = valuesOf(times) + (from << 3);
  if (kindOf(times) == KIND_F64) scanDoubles(at, count);
  else scanIntegers(at, count);
  return blockLeast <= blockGreatest && blockLeast >= -GREATEST_TIME &&
    blockGreatest <= GREATEST_TIME;
}

/** How many of a block's first rows have times before `end`. */
export function rowsBefore(times: u32, from: u32, count: u32, end: i64): u32 {
  const at = valuesOf(times) + (from << 3);
  let row: u32 = 0;
  if (kindOf(times) == KIND_F64) {
    while (row < count && load<f64>(at + (row << 3)) < <f64>end) row++;
  } else {
    while (row < count && load<i64>(at + (row << 3)) < end) row++;
  }
  return row;
}
