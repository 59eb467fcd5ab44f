// Rows whose states a dictionary index tells, or a place in the front. Where a window gets many more
// of them than the dictionary has entries, an array with an entry an index takes them first, and each
// entry is then merged into its state: it is found without a list of addresses and half as large, so
// that the entries of a usual dictionary stay in the nearest cache.
//
// There is one array, at an address that the compiler knows, which is worth a tenth; it is empty
// between batches. 32 bytes an entry: sum, its compensation, least, greatest negated. The rows of
// each are counted apart, 32 bits an entry.
import { AT_VALUES, BLOCK, dictionaryLength, KIND_F32, kindOf, valuesOf } from "./columns";
import { HAS_PLACES } from "./find";
import { endList, listLength } from "./front";
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

const MOST_ENTRIES: u32 = 2048;
const ENTRIES: usize = memory.data(2048 * 32, 64);
const COUNTS: usize = memory.data(2048 * 4, 64);
const ENTRY_SHIFT: u32 = 5;
const ENTRY_RANGE: u32 = 16;

// Rows of a window for each entry from which on the array is worth its merging.
const SHARE: u32 = 8;

// The map of states that the array is to be merged by; 0: it is empty.
let arrayMap: u32 = 0;
// Entries that it uses.
let arrayEntries: u32 = 0;
// Entries from the first on that are as those of no rows.
let cleared: u32 = 0;

// @ts-ignore: decorator
@inline
function entryOf(index: u32): u32 {
  return (<u32>ENTRIES) + (index << ENTRY_SHIFT);
}

// @ts-ignore: decorator
@inline
function countOf(index: u32): u32 {
  return (<u32>COUNTS) + (index << 2);
}

// @ts-ignore: decorator
@inline
function clearEntry(index: u32): void {
  v128.store(entryOf(index), f64x2.splat(0));
  v128.store(entryOf(index), f64x2.splat(Infinity), ENTRY_RANGE);
}

function mergeEntry(layout: u32, state: u32, index: u32, rows: u32): void {
  const fields = load<u32>(layout);
  const entry = entryOf(index);
  const range = state + load<u32>(layout, AT_RANGE);
  store<u64>(state, load<u64>(state) + rows);
  if (fields & SUM) mergeDoubleSum(state + load<u32>(layout, AT_SUM), entry);
  if (fields & RANGE) {
    v128.store(range, f64x2.min(v128.load(range), v128.load(entry, ENTRY_RANGE)));
  }
}

/** Merges what the array holds into the states, and empties it. */
export function endByIndex(layout: u32): void {
  if (arrayMap == 0) return;
  for (let index: u32 = 0; index < arrayEntries; index++) {
    const rows = load<u32>(countOf(index));
    if (rows == 0) continue;
    mergeEntry(layout, load<u32>(arrayMap + (index << 2)), index, rows);
    clearEntry(index);
    store<u32>(countOf(index), 0);
  }
  arrayMap = 0;
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
function addIndexPair(both: u64, values: v128): void {
  const one = <u32>both;
  const other = <u32>(both >> 32);
  store<u32>(countOf(one), load<u32>(countOf(one)) + 1);
  store<u32>(countOf(other), load<u32>(countOf(other)) + 1);
  addTwo(entryOf(one), entryOf(other), values);
  widenEntries(entryOf(one), entryOf(other), values);
}

// Makes NaN of the ranges of those indices that have a NaN.
function markUnordered<V>(indices: u32, count: u32, values: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    const value = <f64>load<V>(values + row * sizeof<V>());
    if (value == value) continue;
    v128.store(entryOf(load<u32>(indices + (row << 2))), f64x2.splat(value), ENTRY_RANGE);
  }
}

function addIndexFours<V>(indices: u32, count: u32, values: u32): void {
  let unordered = i64x2.splat(0);
  let at = values;
  for (let index = indices; index < indices + (count << 2); index += 16, at += 4 * sizeof<V>()) {
    const low = loadPair<V>(at);
    const high = loadPair<V>(at + 2 * sizeof<V>());
    addIndexPair(load<u64>(index), low);
    addIndexPair(load<u64>(index, 8), high);
    unordered = v128.or(unordered, v128.or(f64x2.ne(low, low), f64x2.ne(high, high)));
  }
  if (v128.any_true(unordered)) markUnordered<V>(indices, count, values);
}

function addToArray<V>(indices: u32, count: u32, values: u32): void {
  const fours = count & ~3;
  addIndexFours<V>(indices, fours, values);
  for (let row = fours; row < count; row++) {
    const index = load<u32>(indices + (row << 2));
    const value = <f64>load<V>(values + row * sizeof<V>());
    store<u32>(countOf(index), load<u32>(countOf(index)) + 1);
    addDouble(entryOf(index), value);
    widenDouble(entryOf(index) + ENTRY_RANGE, value);
  }
}

// Whether the rows from here on that have the same map are enough for the array.
function isWorthwhile(entries: u32, maps: u32, left: u32): bool {
  const wanted = entries * SHARE;
  if (entries > MOST_ENTRIES || left < wanted) return false;
  const map = load<u32>(maps);
  for (let rows = BLOCK; rows < wanted; rows += BLOCK) {
    maps += 4;
    if (load<u32>(maps) != map) return false;
  }
  return true;
}

// Whether a block goes into the array, which is then ready for it.
function opensArray(layout: u32, entries: u32, maps: u32, left: u32): bool {
  const map = load<u32>(maps) & ~HAS_PLACES;
  if (map == 0) return false;
  if (arrayMap == map) return true;
  if (!isWorthwhile(entries, maps, left)) return false;
  endByIndex(layout);
  for (; cleared < entries; cleared++) clearEntry(cleared);
  arrayMap = map;
  arrayEntries = entries;
  return true;
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
  from: u32,
  count: u32,
  indices: u32,
  maps: u32,
  left: u32,
): void {
  const map = load<u32>(maps) & ~HAS_PLACES;
  const hasPlaces = (load<u32>(maps) & HAS_PLACES) != 0;
  const keys = hasPlaces ? states : valuesOf(indices) + (from << 2);
  const entries = hasPlaces ? listLength(map) : dictionaryLength(indices);
  if (opensArray(layout, entries, maps, left)) {
    return addToArray<V>(keys, count, valuesOf(column));
  }
  if (map != 0) listStates(map, keys, count, states);
  updateSums<V>(column, layout, states, count, true);
}

/**
 * updateStates() for the one value of a plan, doubles without nulls of which there are only sums
 * and ranges, where a dictionary's indices tell the states. endByIndex() is to follow.
 *
 * @param states Of the rows of blocks without a map; room for the others.
 * @param indices The key column.
 * @param maps A word for every BLOCK rows: 0, or where the states of the indices are listed.
 * @param left Rows of the batch from the first of these on.
 */
export function updateByIndex(
  column: u32,
  layout: u32,
  states: u32,
  count: u32,
  indices: u32,
  maps: u32,
  left: u32,
): void {
  endList();
  const single = kindOf(column) == KIND_F32;
  const bytes: u32 = single ? 4 : 8;
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const rows = min(BLOCK, count - from);
    const own = states + (from << 2);
    if (single) updateBlock<f32>(column, layout, own, from, rows, indices, maps, left - from);
    else updateBlock<f64>(column, layout, own, from, rows, indices, maps, left - from);
    store<u32>(column, valuesOf(column) + BLOCK * bytes, AT_VALUES);
    maps += 4;
  }
}
