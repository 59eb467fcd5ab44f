// Aggregates of two columns: how they vary together, and the value in the row where the other
// column is least or greatest. Rows that lack one of the two are left out.
import { timeAt } from "./block_times";
import { isValid, KIND_F32, KIND_F64, KIND_I32, kindOf, validityOf, valuesOf } from "./columns";
import { comesBefore, setMark } from "./update";

/** Which fields a pair has; the same bits as the host's, apart from those of values. */
export const JOINT: u32 = 32;
export const ARG_MIN: u32 = 64;
export const ARG_MAX: u32 = 128;

// Where a pair's fields lie, as the host writes it: i32 each, −1 for none.
const AT_JOINT: u32 = 4;
const AT_ARG_MIN: u32 = 8;
const AT_ARG_MAX: u32 = 12;

// Of NaN, before all others.
const NAN_RANK: i64 = i64.MIN_VALUE;

// @ts-ignore: decorator
@inline
function doubleAt(kind: u32, values: u32, row: u32): f64 {
  if (kind == KIND_F64) return load<f64>(values + (row << 3));
  if (kind == KIND_F32) return <f64>load<f32>(values + (row << 2));
  if (kind == KIND_I32) return <f64>load<i32>(values + (row << 2));
  return <f64>load<i64>(values + (row << 3));
}

// @ts-ignore: decorator
@inline
function integerAt(kind: u32, values: u32, row: u32): i64 {
  return kind == KIND_I32 ? <i64>load<i32>(values + (row << 2)) : load<i64>(values + (row << 3));
}

// @ts-ignore: decorator
@inline
function isDouble(kind: u32): bool {
  return kind == KIND_F64 || kind == KIND_F32;
}

// @ts-ignore: decorator
@inline
function bitsAt(kind: u32, values: u32, row: u32): u64 {
  if (isDouble(kind)) return reinterpret<u64>(doubleAt(kind, values, row));
  return <u64>integerAt(kind, values, row);
}

// Doubles as integers of the same order; −0 is 0.
// @ts-ignore: decorator
@inline
function rankOf(value: f64): i64 {
  if (value != value) return NAN_RANK;
  const bits = reinterpret<i64>(value + 0);
  return bits ^ ((bits >> 63) & i64.MAX_VALUE);
}

// Welford's update for two variables: count, means, sums of squared differences and of products.
function updateJoint(x: u32, y: u32, at: u32, states: u32, count: u32): void {
  const xKind = kindOf(x);
  const yKind = kindOf(y);
  const xValues = valuesOf(x);
  const yValues = valuesOf(y);
  const xValid = validityOf(x);
  const yValid = validityOf(y);
  for (let row: u32 = 0; row < count; row++) {
    if (!isValid(xValid, row) || !isValid(yValid, row)) continue;
    const joint = load<u32>(states + (row << 2)) + at;
    const xValue = doubleAt(xKind, xValues, row);
    const yValue = doubleAt(yKind, yValues, row);
    const seen = load<f64>(joint) + 1;
    const dx = xValue - load<f64>(joint, 8);
    const dy = yValue - load<f64>(joint, 16);
    const xMean = load<f64>(joint, 8) + dx / seen;
    const yMean = load<f64>(joint, 16) + dy / seen;
    store<f64>(joint, seen);
    store<f64>(joint, xMean, 8);
    store<f64>(joint, yMean, 16);
    store<f64>(joint, load<f64>(joint, 24) + dx * (xValue - xMean), 24);
    store<f64>(joint, load<f64>(joint, 32) + dy * (yValue - yMean), 32);
    store<f64>(joint, load<f64>(joint, 40) + dx * (yValue - yMean), 40);
  }
}

// Chan, Golub and LeVeque's update of the same.
function mergeJoint(into: u32, from: u32): void {
  const own = load<f64>(into);
  const other = load<f64>(from);
  if (other == 0) return;
  if (own == 0) {
    memory.copy(into, from, 48);
    return;
  }
  const count = own + other;
  const share = other / count;
  const weight = own * share;
  const dx = load<f64>(from, 8) - load<f64>(into, 8);
  const dy = load<f64>(from, 16) - load<f64>(into, 16);
  store<f64>(into, count);
  store<f64>(into, load<f64>(into, 8) + dx * share, 8);
  store<f64>(into, load<f64>(into, 16) + dy * share, 16);
  store<f64>(into, load<f64>(into, 24) + (load<f64>(from, 24) + dx * dx * weight), 24);
  store<f64>(into, load<f64>(into, 32) + (load<f64>(from, 32) + dy * dy * weight), 32);
  store<f64>(into, load<f64>(into, 40) + (load<f64>(from, 40) + dx * dy * weight), 40);
}

// Keeps a value whose rank is less; among equal ranks the one that comes first.
// @ts-ignore: decorator
@inline
function keepRanked(at: u32, value: u64, time: i64, order: u64, rank: i64): void {
  const least = load<i64>(at, 24);
  if (rank > least || (rank == least && !comesBefore(at, time, order))) return;
  setMark(at, value, time, order);
  store<i64>(at, rank, 24);
}

function mergeRanked(into: u32, from: u32): void {
  const value = load<u64>(from);
  keepRanked(into, value, load<i64>(from, 8), load<u64>(from, 16), load<i64>(from, 24));
}

function updateRanked(
  value: u32,
  by: u32,
  layout: u32,
  states: u32,
  count: u32,
  times: u32,
  order: u64,
): void {
  const fields = load<u32>(layout);
  const kind = kindOf(value);
  const values = valuesOf(value);
  const valid = validityOf(value);
  const byKind = kindOf(by);
  const byValues = valuesOf(by);
  const byValid = validityOf(by);
  const double = isDouble(byKind);
  const timeKind = kindOf(times);
  const timeValues = valuesOf(times);
  for (let row: u32 = 0; row < count; row++) {
    if (!isValid(valid, row) || !isValid(byValid, row)) continue;
    const state = load<u32>(states + (row << 2));
    const time = timeAt(timeKind, timeValues, row);
    const bits = bitsAt(kind, values, row);
    const rank = double
      ? rankOf(doubleAt(byKind, byValues, row))
      : integerAt(byKind, byValues, row);
    if (fields & ARG_MIN) {
      keepRanked(state + load<u32>(layout, AT_ARG_MIN), bits, time, order + row, rank);
    }
    if (fields & ARG_MAX) {
      const reverse = double && rank == NAN_RANK ? rank : ~rank;
      keepRanked(state + load<u32>(layout, AT_ARG_MAX), bits, time, order + row, reverse);
    }
  }
}

/**
 * Takes a pair of columns into the states of its rows.
 *
 * @param layout What fields it has: bits, then where each lies.
 * @param times The column of event times.
 * @param order Partition · 2⁴⁸ + position of the first row.
 */
export function updatePair(
  x: u32,
  y: u32,
  layout: u32,
  states: u32,
  count: u32,
  times: u32,
  order: f64,
  partition: u32,
): void {
  const fields = load<u32>(layout);
  const first = (<u64>partition << 48) + <u64>order;
  if (fields & JOINT) updateJoint(x, y, load<u32>(layout, AT_JOINT), states, count);
  if (fields & (ARG_MIN | ARG_MAX)) updateRanked(x, y, layout, states, count, times, first);
}

/** Merges the fields of a pair. */
export function mergePair(layout: u32, into: u32, from: u32): void {
  const fields = load<u32>(layout);
  if (fields & JOINT) {
    const at = load<u32>(layout, AT_JOINT);
    mergeJoint(into + at, from + at);
  }
  if (fields & ARG_MIN) {
    const at = load<u32>(layout, AT_ARG_MIN);
    mergeRanked(into + at, from + at);
  }
  if (fields & ARG_MAX) {
    const at = load<u32>(layout, AT_ARG_MAX);
    mergeRanked(into + at, from + at);
  }
}
