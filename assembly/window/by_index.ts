// Rows whose states a dictionary index tells, or a place in the front. Where a window gets many more
// of them than the dictionary has entries, an array with an entry an index takes them first, and each
// entry is then merged into its state. There is one such array; it is empty between batches.
import {
  AT_VALUES,
  BLOCK,
  COLUMN_BYTES,
  dictionaryLength,
  KIND_F32,
  kindOf,
  valuesOf,
} from "./columns";
import { DONE } from "./encode";
import { findListed, HAS_PLACES } from "./find";
import { endList, listLength } from "./front";
import { mergeDoubleSum } from "./merge";
import {
  addSplit,
  clearEntry,
  endSplit,
  ENTRY_RANGE,
  entryOf,
  MOST_ENTRIES,
  MOST_SPLIT_ROWS,
  readAhead,
  splitFits,
  splitStarts,
} from "./split_sums";
import { AT_RANGE, AT_SUM, RANGE, SUM, updateSums } from "./update";

// Rows of a window for each entry from which on the array is worth its merging.
const SHARE: u32 = 8;

// The map of states that the array is to be merged by; 0: it is empty.
let arrayMap: u32 = 0;
// Entries and rows that it has.
let arrayEntries: u32 = 0;
let arrayRows: u32 = 0;
// Rows since it was begun, those that went elsewhere too.
let passed: u32 = 0;
// Entries from the first on that are as those of no rows.
let cleared: u32 = 0;

function mergeEntry(layout: u32, state: u32, entry: u32, rows: u32): void {
  const fields = load<u32>(layout);
  const range = state + load<u32>(layout, AT_RANGE);
  store<u64>(state, load<u64>(state) + rows);
  if (fields & SUM) mergeDoubleSum(state + load<u32>(layout, AT_SUM), entry);
  if (fields & RANGE) {
    v128.store(range, f64x2.min(v128.load(range), v128.load(entry, ENTRY_RANGE)));
  }
}

// Merges what the array holds into the states, and empties it.
function endArray(layout: u32): void {
  if (arrayMap == 0) return;
  for (let index: u32 = 0; index < arrayEntries; index++) {
    const entry = entryOf(index);
    const rows = endSplit(entry);
    if (rows == 0) continue;
    mergeEntry(layout, load<u32>(arrayMap + (index << 2)), entry, rows);
    clearEntry(entry);
  }
  arrayMap = 0;
}

// Empties the array of a batch that could not be added.
function dropArray(): void {
  if (arrayMap == 0) return;
  for (let index: u32 = 0; index < arrayEntries; index++) clearEntry(entryOf(index));
  arrayMap = 0;
}

/** Merges what the array holds into the states, and empties it. */
export function endByIndex(layout: u32): void {
  endList();
  endArray(layout);
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

function hasEntries(entries: u32): void {
  for (; cleared < entries; cleared++) clearEntry(entryOf(cleared));
  arrayEntries = max(arrayEntries, entries);
}

// Whether a block goes into the array, which is then ready for it. What the array holds is merged for
// that only if it `merges`, and not again soon.
function opensArray<V>(
  values: u32,
  count: u32,
  layout: u32,
  entries: u32,
  maps: u32,
  left: u32,
  merges: bool,
): bool {
  const map = load<u32>(maps) & ~HAS_PLACES;
  if (map == 0) return false;
  if (arrayMap == map) {
    if (arrayRows + count <= MOST_SPLIT_ROWS && splitFits<V>(values, count)) return true;
    if (passed < entries * SHARE) return false;
  }
  if (arrayMap != 0 && !merges) return false;
  if (!isWorthwhile(entries, maps, left)) return false;
  endArray(layout);
  splitFits<V>(values, count);
  if (!splitStarts()) return false;
  arrayMap = map;
  arrayEntries = 0;
  arrayRows = 0;
  passed = 0;
  return true;
}

function listStates(map: u32, indices: u32, count: u32, out: u32): void {
  for (let at = out; at < out + (count << 2); at += 4, indices += 4) {
    store<u32>(at, load<u32>(map + (load<u32>(indices) << 2)));
  }
}

// Adds to the states, for which there is no place but a value's description to tell the rows.
function addToStates<V>(column: u32, layout: u32, states: u32, count: u32, values: u32): void {
  const first = valuesOf(column);
  store<u32>(column, values, AT_VALUES);
  updateSums<V>(column, layout, states, count, true);
  store<u32>(column, first, AT_VALUES);
}

// Adds a block of rows from `from`; false if that is to wait until it `merges`.
function addBlock<V>(
  column: u32,
  layout: u32,
  states: u32,
  from: u32,
  count: u32,
  indices: u32,
  maps: u32,
  left: u32,
  merges: bool,
): bool {
  const word = load<u32>(maps);
  const map = word & ~HAS_PLACES;
  const hasPlaces = (word & HAS_PLACES) != 0;
  const own = states + (from << 2);
  const keys = hasPlaces ? own : valuesOf(indices) + (from << 2);
  const entries = hasPlaces ? listLength(map) : dictionaryLength(indices);
  const values = valuesOf(column) + from * sizeof<V>();
  const isOpen = opensArray<V>(values, count, layout, entries, maps, left, merges);
  if (!isOpen && !merges) return false;
  passed += count;
  if (isOpen) {
    hasEntries(entries);
    addSplit<V>(keys, count, values);
    arrayRows += count;
    return true;
  }
  if (map != 0) listStates(map, keys, count, own);
  addToStates<V>(column, layout, own, count, values);
  return true;
}

// Adds blocks up to row `to`, or to the first that is to wait, which is returned.
function addBlocks(
  column: u32,
  layout: u32,
  states: u32,
  from: u32,
  to: u32,
  indices: u32,
  maps: u32,
  left: u32,
  merges: bool,
): u32 {
  const single = kindOf(column) == KIND_F32;
  for (; from < to; from += BLOCK) {
    const count = min(BLOCK, to - from);
    const own = maps + ((from / BLOCK) << 2);
    const rest = left - from;
    const isAdded = single
      ? addBlock<f32>(column, layout, states, from, count, indices, own, rest, merges)
      : addBlock<f64>(column, layout, states, from, count, indices, own, rest, merges);
    if (!isAdded) return from;
  }
  return to;
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
  readAhead(0, 0);
  addBlocks(column, layout, states, 0, count, indices, maps, left, true);
}

// Has a whole block of times and values from row `from` read while one is added.
function readBlock(times: u32, value: u32, from: u32): void {
  const bytes: u32 = kindOf(value) == KIND_F32 ? 4 : 8;
  readAhead(valuesOf(times) + (from << 3), valuesOf(value) + from * bytes);
}

/**
 * findStates(), updateByIndex() and endByIndex() at once. While the rows of one window go into the
 * array, each block is added as soon as it is found, so that its columns come from memory while the
 * block before is worked on; nothing is merged before all rows have a state.
 *
 * @param columns Describes the times, the key column and the value column.
 * @returns DONE, or why nothing was added.
 */
export function addByIndex(
  table: u32,
  columns: u32,
  count: u32,
  layout: u32,
  states: u32,
  maps: u32,
): i32 {
  const key = columns + COLUMN_BYTES;
  const value = key + COLUMN_BYTES;
  let added: u32 = 0;
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const found = min(count, from + BLOCK);
    const code = findListed(table, columns, 1, from, found - from, states, maps);
    if (code != DONE) {
      dropArray();
      return code;
    }
    readBlock(columns, value, found + BLOCK <= count ? found : 0);
    added = addBlocks(value, layout, states, added, found, key, maps, found, false);
  }
  endList();
  readBlock(columns, value, 0);
  addBlocks(value, layout, states, added, count, key, maps, count, true);
  endArray(layout);
  return DONE;
}
