// The second pass over a batch: a column into the states that the first pass found.
//
// Each loop is compiled for the fields it fills: a type parameter of two bytes is "yes", one of a
// single byte "no" (AssemblyScript specialises on types only).
import {
  isValid,
  KIND_F32,
  KIND_F64,
  KIND_I32,
  kindOf,
  validityOf,
  valuesOf,
} from "./columns";
import { timeAt } from "./block_times";

type Yes = u16;
type No = u8;

/** Which fields a value has; the same bits as the host's. */
export const SUM: u32 = 1;
export const RANGE: u32 = 2;
export const MOMENTS: u32 = 4;
export const FIRST: u32 = 8;
export const LAST: u32 = 16;

// Where a value's fields lie, as the host writes it: i32 each, in this order, −1 for none.
export const AT_SUM: u32 = 4;
export const AT_RANGE: u32 = 8;
export const AT_MOMENTS: u32 = 12;
export const AT_FIRST: u32 = 16;
export const AT_LAST: u32 = 20;
export const AT_NULLS: u32 = 24;
/** Bytes of a value's or pair's layout; a value's last word tells integers from doubles. */
export const LAYOUT_BYTES: u32 = 32;

/** Counts the rows of each state. */
export function countRows(states: u32, count: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    const state = load<u32>(states + (row << 2));
    store<u64>(state, load<u64>(state) + 1);
  }
}

function countNulls(states: u32, count: u32, validity: u32, at: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    if (isValid(validity, row)) continue;
    const nulls = load<u32>(states + (row << 2)) + at;
    store<u64>(nulls, load<u64>(nulls) + 1);
  }
}

// Adds to a sum and its compensation: Neumaier's summation by Knuth's TwoSum, which gives the same
// error term without a branch.
// @ts-ignore: decorator
@inline
export function addDouble(at: u32, value: f64): void {
  const old = load<f64>(at);
  const sum = old + value;
  const part = sum - old;
  store<f64>(at, sum);
  store<f64>(at, load<f64>(at, 8) + ((old - (sum - part)) + (value - part)), 8);
}

// Widens a least value and a negated greatest one.
// @ts-ignore: decorator
@inline
export function widenDouble(at: u32, value: f64): void {
  const pair = f64x2.replace_lane(f64x2.splat(value), 1, -value);
  v128.store(at, f64x2.min(v128.load(at), pair));
}

// Values of two rows, as doubles.
// @ts-ignore: decorator
@inline
export function loadPair<V>(at: u32): v128 {
  if (sizeof<V>() == 4) return f64x2.promote_low_f32x4(v128.load64_zero(at));
  return v128.load(at);
}

// What is lost of `old + values` in `sum`, by Knuth's TwoSum.
// @ts-ignore: decorator
@inline
function errorOf(old: v128, values: v128, sum: v128): v128 {
  const part = f64x2.sub(sum, old);
  return f64x2.add(f64x2.sub(old, f64x2.sub(sum, part)), f64x2.sub(values, part));
}

// addDouble() for two states at once, which must be different ones.
// @ts-ignore: decorator
@inline
function addPair(first: u32, second: u32, values: v128): void {
  const a = v128.load(first);
  const b = v128.load(second);
  const old = v128.shuffle<f64>(a, b, 0, 2);
  const sum = f64x2.add(old, values);
  const errors = f64x2.add(v128.shuffle<f64>(a, b, 1, 3), errorOf(old, values, sum));
  v128.store(first, v128.shuffle<f64>(sum, errors, 0, 2));
  v128.store(second, v128.shuffle<f64>(sum, errors, 1, 3));
}

// addDouble() for what happens rarely in a loop and would cost it its registers.
function addSum(at: u32, value: f64): void {
  addDouble(at, value);
}

// Widens the ranges of two states, which may be one; NaN is left for markUnordered(). Without a
// branch, since in a window's first rows about every third pair widens something.
// @ts-ignore: decorator
@inline
function widenPair(first: u32, second: u32, values: v128): void {
  const negated = f64x2.neg(values);
  const a = v128.shuffle<f64>(values, negated, 0, 2);
  const b = v128.shuffle<f64>(values, negated, 1, 3);
  v128.store(first, f64x2.pmin(v128.load(first), a));
  v128.store(second, f64x2.pmin(v128.load(second), b));
}

// Makes NaN of the ranges of those rows' states whose value is NaN.
function markUnordered<V>(states: u32, count: u32, values: u32, range: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    const value = <f64>load<V>(values + row * sizeof<V>());
    if (value == value) continue;
    v128.store(load<u32>(states + (row << 2)) + range, f64x2.splat(value));
  }
}

// @ts-ignore: decorator
@inline
function countPair(first: u32, second: u32): void {
  store<u64>(first, load<u64>(first) + 1);
  store<u64>(second, load<u64>(second) + 1);
}

/** addDouble() for two states, which may be one. */
// @ts-ignore: decorator
@inline
export function addTwo(first: u32, second: u32, values: v128): void {
  if (first != second) addPair(first, second, values);
  else {
    addSum(first, f64x2.extract_lane(values, 0));
    addSum(first, f64x2.extract_lane(values, 1));
  }
}

// @ts-ignore: decorator
@inline
function updateTwo<R, S, W>(both: u64, values: v128, sum: u32, range: u32): void {
  const first = <u32>both;
  const second = <u32>(both >> 32);
  if (sizeof<R>() == 2) countPair(first, second);
  if (sizeof<S>() == 2) addTwo(first + sum, second + sum, values);
  if (sizeof<W>() == 2) widenPair(first + range, second + range, values);
}

// Rows without nulls, four at a time, since each turn of a loop costs a check; the rows that may
// be left are the caller's.
function updateFours<V, R, S, W, U>(
  states: u32,
  count: u32,
  values: u32,
  sum: u32,
  range: u32,
): void {
  let unordered = i64x2.splat(0);
  let at = values;
  for (let state = states; state < states + (count << 2); state += 16, at += 4 * sizeof<V>()) {
    const low = loadPair<V>(at);
    const high = loadPair<V>(at + 2 * sizeof<V>());
    if (sizeof<R>() == 2 && sizeof<S>() == 2 && sizeof<W>() == 2 && sizeof<U>() == 2) {
      updateUsualTwo(load<u64>(state), low);
      updateUsualTwo(load<u64>(state, 8), high);
    } else {
      updateTwo<R, S, W>(load<u64>(state), low, sum, range);
      updateTwo<R, S, W>(load<u64>(state, 8), high, sum, range);
    }
    if (sizeof<W>() == 2) {
      unordered = v128.or(unordered, v128.or(f64x2.ne(low, low), f64x2.ne(high, high)));
    }
  }
  if (sizeof<W>() == 2) {
    if (v128.any_true(unordered)) markUnordered<V>(states, count, values, range);
  }
}

// Where the fields of a plan with one value lie: 8 bytes after the rows count the nulls.
const USUAL_SUM: u32 = 16;
const USUAL_RANGE: u32 = 32;

// updateTwo() of all three fields for the usual layout: with addresses that the compiler knows it
// is a tenth faster.
// @ts-ignore: decorator
@inline
function updateUsualTwo(both: u64, values: v128): void {
  const first = <u32>both;
  const second = <u32>(both >> 32);
  countPair(first, second);
  if (first != second) {
    const a = v128.load(first, USUAL_SUM);
    const b = v128.load(second, USUAL_SUM);
    const old = v128.shuffle<f64>(a, b, 0, 2);
    const sum = f64x2.add(old, values);
    const errors = f64x2.add(v128.shuffle<f64>(a, b, 1, 3), errorOf(old, values, sum));
    v128.store(first, v128.shuffle<f64>(sum, errors, 0, 2), USUAL_SUM);
    v128.store(second, v128.shuffle<f64>(sum, errors, 1, 3), USUAL_SUM);
  } else {
    addTwo(first + USUAL_SUM, second + USUAL_SUM, values);
  }
  const negated = f64x2.neg(values);
  const a = v128.shuffle<f64>(values, negated, 0, 2);
  const b = v128.shuffle<f64>(values, negated, 1, 3);
  v128.store(first, f64x2.pmin(v128.load(first, USUAL_RANGE), a), USUAL_RANGE);
  v128.store(second, f64x2.pmin(v128.load(second, USUAL_RANGE), b), USUAL_RANGE);
}

function updateDoubles<V, N, R, S, W>(
  states: u32,
  count: u32,
  values: u32,
  validity: u32,
  sum: u32,
  range: u32,
): void {
  let row: u32 = 0;
  if (sizeof<N>() == 1) {
    row = count & ~3;
    const usual = sum == USUAL_SUM && range == USUAL_RANGE;
    if (usual) updateFours<V, R, S, W, Yes>(states, row, values, sum, range);
    else updateFours<V, R, S, W, No>(states, row, values, sum, range);
  }
  for (; row < count; row++) {
    const state = load<u32>(states + (row << 2));
    if (sizeof<R>() == 2) store<u64>(state, load<u64>(state) + 1);
    if (sizeof<N>() == 2) {
      if (!isValid(validity, row)) continue;
    }
    const value = <f64>load<V>(values + row * sizeof<V>());
    if (sizeof<S>() == 2) addDouble(state + sum, value);
    if (sizeof<W>() == 2) widenDouble(state + range, value);
  }
}

// Adds to a sum of 128 bits.
// @ts-ignore: decorator
@inline
function addInteger(at: u32, value: i64): void {
  const low = load<u64>(at) + <u64>value;
  store<u64>(at, low);
  store<i64>(at, load<i64>(at, 8) + (value >> 63) + (low < <u64>value ? 1 : 0), 8);
}

// @ts-ignore: decorator
@inline
function widenInteger(at: u32, value: i64): void {
  store<i64>(at, min(load<i64>(at), value));
  store<i64>(at, max(load<i64>(at, 8), value), 8);
}

function updateIntegers<V, N, R, S, W>(
  states: u32,
  count: u32,
  values: u32,
  validity: u32,
  sum: u32,
  range: u32,
): void {
  for (let row: u32 = 0; row < count; row++) {
    const state = load<u32>(states + (row << 2));
    if (sizeof<R>() == 2) store<u64>(state, load<u64>(state) + 1);
    if (sizeof<N>() == 2) {
      if (!isValid(validity, row)) continue;
    }
    const value = <i64>load<V>(values + row * sizeof<V>());
    if (sizeof<S>() == 2) addInteger(state + sum, value);
    if (sizeof<W>() == 2) widenInteger(state + range, value);
  }
}

function update<V, N, R, S, W>(
  states: u32,
  count: u32,
  values: u32,
  validity: u32,
  sum: u32,
  range: u32,
): void {
  if (isFloat<V>()) updateDoubles<V, N, R, S, W>(states, count, values, validity, sum, range);
  else updateIntegers<V, N, R, S, W>(states, count, values, validity, sum, range);
}

function updateFields<V, N, R>(
  fields: u32,
  states: u32,
  count: u32,
  values: u32,
  validity: u32,
  sum: u32,
  range: u32,
): void {
  const both = fields & (SUM | RANGE);
  if (both == SUM) update<V, N, R, Yes, No>(states, count, values, validity, sum, range);
  else if (both == RANGE) update<V, N, R, No, Yes>(states, count, values, validity, sum, range);
  else update<V, N, R, Yes, Yes>(states, count, values, validity, sum, range);
}

export function updateSums<V>(column: u32, layout: u32, states: u32, count: u32, rows: bool): void {
  const fields = load<u32>(layout);
  const values = valuesOf(column);
  const validity = validityOf(column);
  const sum = load<u32>(layout, AT_SUM);
  const range = load<u32>(layout, AT_RANGE);
  if (validity == 0) {
    if (rows) updateFields<V, No, Yes>(fields, states, count, values, validity, sum, range);
    else updateFields<V, No, No>(fields, states, count, values, validity, sum, range);
  } else {
    if (rows) updateFields<V, Yes, Yes>(fields, states, count, values, validity, sum, range);
    else updateFields<V, Yes, No>(fields, states, count, values, validity, sum, range);
  }
}

// Welford's update of count, mean and sum of squared differences.
function updateMoments<V>(column: u32, at: u32, states: u32, count: u32): void {
  const values = valuesOf(column);
  const validity = validityOf(column);
  for (let row: u32 = 0; row < count; row++) {
    if (!isValid(validity, row)) continue;
    const moments = load<u32>(states + (row << 2)) + at;
    const value = <f64>load<V>(values + row * sizeof<V>());
    const seen = load<f64>(moments) + 1;
    const delta = value - load<f64>(moments, 8);
    const mean = load<f64>(moments, 8) + delta / seen;
    store<f64>(moments, seen);
    store<f64>(moments, mean, 8);
    store<f64>(moments, load<f64>(moments, 16) + delta * (value - mean), 16);
  }
}

// @ts-ignore: decorator
@inline
export function setMark(at: u32, value: u64, time: i64, order: u64): void {
  store<u64>(at, value);
  store<i64>(at, time, 8);
  store<u64>(at, order, 16);
}

/** Whether a row comes before that of a mark: by its time, among equal times by its place. */
// @ts-ignore: decorator
@inline
export function comesBefore(at: u32, time: i64, order: u64): bool {
  const first = load<i64>(at, 8);
  return time < first || (time == first && order < load<u64>(at, 16));
}

/** Keeps a value if it comes before the first one so far. */
// @ts-ignore: decorator
@inline
export function keepFirst(at: u32, value: u64, time: i64, order: u64): void {
  if (comesBefore(at, time, order)) setMark(at, value, time, order);
}

/** Keeps a value unless it comes before the last one so far. */
// @ts-ignore: decorator
@inline
export function keepLast(at: u32, value: u64, time: i64, order: u64): void {
  const last = load<i64>(at, 8);
  if (time > last || (time == last && order >= load<u64>(at, 16))) setMark(at, value, time, order);
}

// @ts-ignore: decorator
@inline
function bitsOf<V>(at: u32): u64 {
  if (isFloat<V>()) return reinterpret<u64>(<f64>load<V>(at));
  return <u64>(<i64>load<V>(at));
}

function updateMarks<V>(
  column: u32,
  layout: u32,
  states: u32,
  count: u32,
  times: u32,
  order: u64,
): void {
  const fields = load<u32>(layout);
  const values = valuesOf(column);
  const validity = validityOf(column);
  const timeKind = kindOf(times);
  const timeValues = valuesOf(times);
  for (let row: u32 = 0; row < count; row++) {
    if (!isValid(validity, row)) continue;
    const state = load<u32>(states + (row << 2));
    const time = timeAt(timeKind, timeValues, row);
    const value = bitsOf<V>(values + row * sizeof<V>());
    if (fields & FIRST) keepFirst(state + load<u32>(layout, AT_FIRST), value, time, order + row);
    if (fields & LAST) keepLast(state + load<u32>(layout, AT_LAST), value, time, order + row);
  }
}

function updateAll<V>(
  column: u32,
  layout: u32,
  states: u32,
  count: u32,
  times: u32,
  order: u64,
  rows: bool,
): void {
  const fields = load<u32>(layout);
  if (fields & (SUM | RANGE)) updateSums<V>(column, layout, states, count, rows);
  else if (rows) countRows(states, count);
  if (fields & MOMENTS) updateMoments<V>(column, load<u32>(layout, AT_MOMENTS), states, count);
  if (fields & (FIRST | LAST)) updateMarks<V>(column, layout, states, count, times, order);
  if (validityOf(column) != 0 && load<i32>(layout, AT_NULLS) >= 0) {
    countNulls(states, count, validityOf(column), load<u32>(layout, AT_NULLS));
  }
}

/**
 * Takes a value column into the states of its rows.
 *
 * @param layout What fields it has: bits, then where each lies.
 * @param times The column of event times.
 * @param order Partition · 2⁴⁸ + position of the first row.
 * @param rows Whether to count the rows too.
 */
export function updateStates(
  column: u32,
  layout: u32,
  states: u32,
  count: u32,
  times: u32,
  order: f64,
  partition: u32,
  rows: bool,
): void {
  const first = (<u64>partition << 48) + <u64>order;
  const kind = kindOf(column);
  if (kind == KIND_F64) updateAll<f64>(column, layout, states, count, times, first, rows);
  else if (kind == KIND_F32) updateAll<f32>(column, layout, states, count, times, first, rows);
  else if (kind == KIND_I32) updateAll<i32>(column, layout, states, count, times, first, rows);
  else updateAll<i64>(column, layout, states, count, times, first, rows);
}
