// Rows whose states a dictionary index tells. Where a window gets many more of them than the
// dictionary has entries, an array with an entry an index takes them first, and each entry is then
// merged into its state: it is found without a list of addresses and half as large, so that the
// entries of a usual dictionary stay in the nearest cache.
//
// The array: u32 entries, u32 the map of states that it is to be merged by (0: it is empty), 8
// bytes unused; 32 bytes an entry: sum, its compensation, least, greatest negated; then the rows of
// each, 32 bits an entry.
import { AT_VALUES, BLOCK, KIND_F32, kindOf, valuesOf } from "./columns";
import { mergeDoubleSum } from "./merge";
import {
  addDouble,
  addTwo,
  AT_RANGE,
  AT_SUM,
  loadPair,
  RANGE,
  SUM,
  updateSums,
  widenDouble,
} from "./update";

const A_MAP: u32 = 4;
const HEAD: u32 = 16;
const ENTRY_SHIFT: u32 = 5;
const ENTRY_RANGE: u32 = 16;

// Rows of a window for each entry from which on the array is worth its merging.
const SHARE: u32 = 8;

// @ts-ignore: decorator
@inline
function countsOf(array: u32): u32 {
  return array + HEAD + (load<u32>(array) << ENTRY_SHIFT);
}

// @ts-ignore: decorator
@inline
function clearEntry(entry: u32): void {
  v128.store(entry, f64x2.splat(0));
  v128.store(entry, f64x2.splat(Infinity), ENTRY_RANGE);
}

/** Makes an array of no rows out of a block of 16 bytes and 36 an entry. */
export function indexArrayBegin(array: u32, entries: u32): void {
  store<u32>(array, entries);
  store<u32>(array, 0, A_MAP);
  const counts = countsOf(array);
  for (let entry = array + HEAD; entry < counts; entry += 1 << ENTRY_SHIFT) clearEntry(entry);
  memory.fill(counts, 0, entries << 2);
}

function mergeEntry(layout: u32, state: u32, entry: u32, rows: u32): void {
  const fields = load<u32>(layout);
  const range = state + load<u32>(layout, AT_RANGE);
  store<u64>(state, load<u64>(state) + rows);
  if (fields & SUM) mergeDoubleSum(state + load<u32>(layout, AT_SUM), entry);
  if (fields & RANGE) {
    v128.store(range, f64x2.min(v128.load(range), v128.load(entry, ENTRY_RANGE)));
  }
}

/** Merges what an array holds into the states, and empties it. */
export function indexArrayEnd(array: u32, layout: u32): void {
  const map = load<u32>(array, A_MAP);
  if (map == 0) return;
  const entries = load<u32>(array);
  const counts = countsOf(array);
  for (let index: u32 = 0; index < entries; index++) {
    const rows = load<u32>(counts + (index << 2));
    if (rows == 0) continue;
    const entry = array + HEAD + (index << ENTRY_SHIFT);
    mergeEntry(layout, load<u32>(map + (index << 2)), entry, rows);
    clearEntry(entry);
    store<u32>(counts + (index << 2), 0);
  }
  store<u32>(array, 0, A_MAP);
}

// Widens the ranges of two entries; NaN is left for markUnordered().
// @ts-ignore: decorator
@inline
function widenEntries(first: u32, second: u32, values: v128): void {
  const negated = f64x2.neg(values);
  const a = v128.shuffle<f64>(values, negated, 0, 2);
  const b = v128.shuffle<f64>(values, negated, 1, 3);
  v128.store(first, f64x2.pmin(v128.load(first, ENTRY_RANGE), a), ENTRY_RANGE);
  v128.store(second, f64x2.pmin(v128.load(second, ENTRY_RANGE), b), ENTRY_RANGE);
}

// @ts-ignore: decorator
@inline
function addIndexPair(entries: u32, counts: u32, both: u64, values: v128): void {
  const one = <u32>both;
  const other = <u32>(both >> 32);
  const first = entries + (one << ENTRY_SHIFT);
  const second = entries + (other << ENTRY_SHIFT);
  store<u32>(counts + (one << 2), load<u32>(counts + (one << 2)) + 1);
  store<u32>(counts + (other << 2), load<u32>(counts + (other << 2)) + 1);
  addTwo(first, second, values);
  widenEntries(first, second, values);
}

// Makes NaN of the ranges of those indices that have a NaN.
function markUnordered<V>(entries: u32, indices: u32, count: u32, values: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    const value = <f64>load<V>(values + row * sizeof<V>());
    if (value == value) continue;
    const entry = entries + (load<u32>(indices + (row << 2)) << ENTRY_SHIFT);
    v128.store(entry, f64x2.splat(value), ENTRY_RANGE);
  }
}

function addIndexFours<V>(array: u32, indices: u32, count: u32, values: u32): void {
  const entries = array + HEAD;
  const counts = countsOf(array);
  let unordered = i64x2.splat(0);
  let at = values;
  for (let index = indices; index < indices + (count << 2); index += 16, at += 4 * sizeof<V>()) {
    const low = loadPair<V>(at);
    const high = loadPair<V>(at + 2 * sizeof<V>());
    addIndexPair(entries, counts, load<u64>(index), low);
    addIndexPair(entries, counts, load<u64>(index, 8), high);
    unordered = v128.or(unordered, v128.or(f64x2.ne(low, low), f64x2.ne(high, high)));
  }
  if (v128.any_true(unordered)) markUnordered<V>(entries, indices, count, values);
}

function addToArray<V>(array: u32, indices: u32, count: u32, values: u32): void {
  const counts = countsOf(array);
  const fours = count & ~3;
  addIndexFours<V>(array, indices, fours, values);
  for (let row = fours; row < count; row++) {
    const index = load<u32>(indices + (row << 2));
    const entry = array + HEAD + (index << ENTRY_SHIFT);
    const value = <f64>load<V>(values + row * sizeof<V>());
    store<u32>(counts + (index << 2), load<u32>(counts + (index << 2)) + 1);
    addDouble(entry, value);
    widenDouble(entry + ENTRY_RANGE, value);
  }
}

// Whether the rows from here on that have the same map are enough for the array.
function isWorthwhile(array: u32, maps: u32, left: u32): bool {
  const wanted = load<u32>(array) * SHARE;
  if (left < wanted) return false;
  const map = load<u32>(maps);
  for (let rows = BLOCK; rows < wanted; rows += BLOCK) {
    maps += 4;
    if (load<u32>(maps) != map) return false;
  }
  return true;
}

function takesArray(array: u32, maps: u32, left: u32): bool {
  const map = load<u32>(maps);
  if (array == 0 || map == 0) return false;
  return load<u32>(array, A_MAP) == map || isWorthwhile(array, maps, left);
}

function listStates(map: u32, indices: u32, count: u32, out: u32): void {
  for (let at = out; at < out + (count << 2); at += 4, indices += 4) {
    store<u32>(at, load<u32>(map + (load<u32>(indices) << 2)));
  }
}

function updateBlock<V>(
  column: u32,
  layout: u32,
  states: u32,
  count: u32,
  indices: u32,
  maps: u32,
  array: u32,
  left: u32,
): void {
  const map = load<u32>(maps);
  if (takesArray(array, maps, left)) {
    if (load<u32>(array, A_MAP) != map) indexArrayEnd(array, layout);
    store<u32>(array, map, A_MAP);
    addToArray<V>(array, indices, count, valuesOf(column));
    return;
  }
  if (map != 0) listStates(map, indices, count, states);
  updateSums<V>(column, layout, states, count, true);
}

/**
 * updateStates() for the one value of a plan, doubles without nulls of which there are only sums
 * and ranges, where a dictionary's indices tell the states.
 *
 * @param states Of the rows of blocks without a map; room for the others.
 * @param indices The key column.
 * @param maps A word for every BLOCK rows: 0, or where the states of the indices are listed.
 * @param array What indexArrayBegin() made; 0 for none. indexArrayEnd() is to follow.
 * @param left Rows of the batch from the first of these on.
 */
export function updateByIndex(
  column: u32,
  layout: u32,
  states: u32,
  count: u32,
  indices: u32,
  maps: u32,
  array: u32,
  left: u32,
): void {
  const single = kindOf(column) == KIND_F32;
  const bytes: u32 = single ? 4 : 8;
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const rows = min(BLOCK, count - from);
    const own = states + (from << 2);
    const keys = valuesOf(indices) + (from << 2);
    if (single) updateBlock<f32>(column, layout, own, rows, keys, maps, array, left - from);
    else updateBlock<f64>(column, layout, own, rows, keys, maps, array, left - from);
    store<u32>(column, valuesOf(column) + BLOCK * bytes, AT_VALUES);
    maps += 4;
  }
}
