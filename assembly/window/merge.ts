// Partial states into states.
import {
  AT_FIRST,
  AT_LAST,
  AT_MOMENTS,
  AT_NULLS,
  AT_RANGE,
  AT_SUM,
  FIRST,
  keepFirst,
  keepLast,
  LAST,
  LAYOUT_BYTES,
  MOMENTS,
  RANGE,
  SUM,
} from "./update";
import { NULL_LENGTH } from "./groups";
import { ARG_MAX, ARG_MIN, JOINT, mergePair } from "./pairs";
import { T_STATE } from "./table";

const AT_INTEGER: u32 = 28;
const RECORD_HEAD: u32 = 16;

/** Adds a sum and its compensation to another. */
// @ts-ignore: decorator
@inline
export function mergeDoubleSum(into: u32, from: u32): void {
  const old = load<f64>(into);
  const value = load<f64>(from);
  const sum = old + value;
  const part = sum - old;
  const error = (old - (sum - part)) + (value - part) + load<f64>(from, 8);
  store<f64>(into, sum);
  store<f64>(into, load<f64>(into, 8) + error, 8);
}

function mergeIntegerSum(into: u32, from: u32): void {
  const low = load<u64>(into) + load<u64>(from);
  const carry: i64 = low < load<u64>(from) ? 1 : 0;
  store<u64>(into, low);
  store<i64>(into, load<i64>(into, 8) + load<i64>(from, 8) + carry, 8);
}

function mergeIntegerRange(into: u32, from: u32): void {
  store<i64>(into, min(load<i64>(into), load<i64>(from)));
  store<i64>(into, max(load<i64>(into, 8), load<i64>(from, 8)), 8);
}

// Chan, Golub and LeVeque's update of count, mean and sum of squared differences.
function mergeMoments(into: u32, from: u32): void {
  const own = load<f64>(into);
  const other = load<f64>(from);
  if (other == 0) return;
  if (own == 0) {
    v128.store(into, v128.load(from));
    store<f64>(into, load<f64>(from, 16), 16);
    return;
  }
  const count = own + other;
  const delta = load<f64>(from, 8) - load<f64>(into, 8);
  const squares = load<f64>(from, 16) + delta * delta * (own * (other / count));
  store<f64>(into, load<f64>(into, 16) + squares, 16);
  store<f64>(into, load<f64>(into, 8) + delta * (other / count), 8);
  store<f64>(into, count);
}

function mergeValue(layout: u32, into: u32, from: u32): void {
  const fields = load<u32>(layout);
  if (fields & (JOINT | ARG_MIN | ARG_MAX)) return mergePair(layout, into, from);
  const integer = load<u32>(layout, AT_INTEGER) != 0;
  if (fields & SUM) {
    const at = load<u32>(layout, AT_SUM);
    if (integer) mergeIntegerSum(into + at, from + at);
    else mergeDoubleSum(into + at, from + at);
  }
  if (fields & RANGE) {
    const at = load<u32>(layout, AT_RANGE);
    if (integer) mergeIntegerRange(into + at, from + at);
    else v128.store(into + at, f64x2.min(v128.load(into + at), v128.load(from + at)));
  }
  if (fields & MOMENTS) {
    mergeMoments(into + load<u32>(layout, AT_MOMENTS), from + load<u32>(layout, AT_MOMENTS));
  }
  if (fields & FIRST) {
    const at = load<u32>(layout, AT_FIRST);
    const mark = from + at;
    keepFirst(into + at, load<u64>(mark), load<i64>(mark, 8), load<u64>(mark, 16));
  }
  if (fields & LAST) {
    const at = load<u32>(layout, AT_LAST);
    const mark = from + at;
    keepLast(into + at, load<u64>(mark), load<i64>(mark, 8), load<u64>(mark, 16));
  }
  if (load<i32>(layout, AT_NULLS) >= 0) {
    const at = load<u32>(layout, AT_NULLS);
    store<u64>(into + at, load<u64>(into + at) + load<u64>(from + at));
  }
}

// mergeValue() for a sum and a range of doubles, which most values are.
// @ts-ignore: decorator
@inline
function mergeSummary(layout: u32, into: u32, from: u32): void {
  mergeDoubleSum(into + load<u32>(layout, AT_SUM), from + load<u32>(layout, AT_SUM));
  const range = load<u32>(layout, AT_RANGE);
  v128.store(into + range, f64x2.min(v128.load(into + range), v128.load(from + range)));
  const nulls = load<i32>(layout, AT_NULLS);
  if (nulls >= 0) {
    store<u64>(into + nulls, load<u64>(into + nulls) + load<u64>(from + nulls));
  }
}

// Where the fields of a plan with one value lie, of which a sum and a range are kept.
const USUAL_SUM: u32 = 16;
const USUAL_RANGE: u32 = 32;
const USUAL_NULLS: i32 = 8;

/** Whether states are of the usual layout: rows, nulls or 0, a sum and a range of doubles. */
export function isUsual(layouts: u32, values: u32): bool {
  return values == 1 && load<u32>(layouts) == (SUM | RANGE) && load<u32>(layouts, AT_INTEGER) == 0 &&
    load<u32>(layouts, AT_SUM) == USUAL_SUM && load<u32>(layouts, AT_RANGE) == USUAL_RANGE &&
    (load<i32>(layouts, AT_NULLS) < 0 || load<i32>(layouts, AT_NULLS) == USUAL_NULLS);
}

/** As mergeState(), with fewer steps for a layout that is known to be the usual one. */
// @ts-ignore: decorator
@inline
export function mergeAs(usual: bool, layouts: u32, values: u32, into: u32, from: u32): void {
  if (!usual) {
    mergeState(layouts, values, into, from);
    return;
  }
  v128.store(into, i64x2.add(v128.load(into), v128.load(from)));
  mergeDoubleSum(into + USUAL_SUM, from + USUAL_SUM);
  const range = f64x2.min(v128.load(into, USUAL_RANGE), v128.load(from, USUAL_RANGE));
  v128.store(into, range, USUAL_RANGE);
}

/**
 * Merges a state into another.
 *
 * @param layouts Of each of the `values` values.
 */
// @ts-ignore: decorator
@inline
export function mergeState(layouts: u32, values: u32, into: u32, from: u32): void {
  store<u64>(into, load<u64>(into) + load<u64>(from));
  for (let value: u32 = 0; value < values; value++) {
    const layout = layouts + value * LAYOUT_BYTES;
    const summary = load<u32>(layout) == (SUM | RANGE) && load<u32>(layout, AT_INTEGER) == 0;
    if (summary) mergeSummary(layout, into, from);
    else mergeValue(layout, into, from);
  }
}

/**
 * Merges `count` records, one after the other from `from`, into the states found for them.
 *
 * @param layouts Of each of the `values` values and pairs.
 * @returns The rows that the records stand for.
 */
export function mergeRecords(
  table: u32,
  layouts: u32,
  values: u32,
  from: u32,
  states: u32,
  count: u32,
): f64 {
  const bytes = load<u32>(table, T_STATE);
  const usual = isUsual(layouts, values);
  let record = from;
  let rows: u64 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const into = load<u32>(states + (index << 2));
    const state = record + RECORD_HEAD;
    rows += load<u64>(state);
    mergeAs(usual, layouts, values, into, state);
    const length = load<u32>(record, 8);
    record = state + bytes + (length == NULL_LENGTH ? 0 : (length + 7) & ~7);
  }
  return <f64>rows;
}
