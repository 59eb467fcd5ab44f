// The array of split_sums.ts in regions: one for each list of states that rows of a batch have, so that
// rows of several windows can go into it before any of them is merged into its state. It is empty
// between batches.
import { mergeDoubleSum } from "./merge";
import {
  clearEntry,
  endSplit,
  ENTRY_BYTES,
  ENTRY_RANGE,
  entryOf,
  MOST_ENTRIES,
  MOST_SPLIT_ROWS,
} from "./split_sums";
import { AT_RANGE, AT_SUM, RANGE, SUM } from "./update";

// A region: u32 list of states, u32 first entry, u32 entries, u32 rows.
const R_MAP: u32 = 0;
const R_FIRST: u32 = 4;
const R_ENTRIES: u32 = 8;
const R_ROWS: u32 = 12;
const REGION_BYTES: u32 = 16;
const MOST_REGIONS: u32 = 32;
const REGIONS: usize = memory.data(32 * 16, 16);

let regions: u32 = 0;
// Entries from the first on that belong to regions.
let taken: u32 = 0;
// Entries from the first on that are as those of no rows, or belong to regions.
let cleared: u32 = 0;

// @ts-ignore: decorator
@inline
function regionAt(index: u32): u32 {
  return (<u32>REGIONS) + index * REGION_BYTES;
}

/** Whether there is any region. */
export function hasRegions(): bool {
  return regions != 0;
}

/** The region of a list of states, the newest if there are several; 0 if none. */
export function regionOf(map: u32): u32 {
  for (let index = regions; index > 0; index--) {
    const region = regionAt(index - 1);
    if (load<u32>(region, R_MAP) == map) return region;
  }
  return 0;
}

/** The first entry of a region. */
// @ts-ignore: decorator
@inline
export function firstOf(region: u32): u32 {
  return load<u32>(region, R_FIRST);
}

function takeUpTo(entries: u32): void {
  taken = entries;
  for (; cleared < entries; cleared++) clearEntry(entryOf(cleared));
}

/** Whether a region has room for `count` more rows of so many entries; the last one grows. */
export function growRegion(region: u32, entries: u32, count: u32): bool {
  if (load<u32>(region, R_ROWS) + count > MOST_SPLIT_ROWS) return false;
  if (entries <= load<u32>(region, R_ENTRIES)) return true;
  const end = firstOf(region) + entries;
  if (region != regionAt(regions - 1) || end > MOST_ENTRIES) return false;
  store<u32>(region, entries, R_ENTRIES);
  takeUpTo(end);
  return true;
}

/** Whether there is room for another region. */
export function fitsRegion(entries: u32): bool {
  return regions < MOST_REGIONS && taken + entries <= MOST_ENTRIES;
}

/** Makes a region, for which there must be room. */
export function openRegion(map: u32, entries: u32): u32 {
  const region = regionAt(regions++);
  store<u32>(region, map);
  store<u32>(region, taken, R_FIRST);
  store<u32>(region, entries, R_ENTRIES);
  store<u32>(region, 0, R_ROWS);
  takeUpTo(taken + entries);
  return region;
}

/** Tells that a region has so many rows more. */
// @ts-ignore: decorator
@inline
export function countInto(region: u32, count: u32): void {
  store<u32>(region, load<u32>(region, R_ROWS) + count, R_ROWS);
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

function mergeRegion(layout: u32, region: u32): void {
  let state = load<u32>(region, R_MAP);
  let entry = entryOf(firstOf(region));
  const end = entryOf(firstOf(region) + load<u32>(region, R_ENTRIES));
  for (; entry < end; entry += ENTRY_BYTES, state += 4) {
    const rows = endSplit(entry);
    if (rows == 0) continue;
    mergeEntry(layout, load<u32>(state), entry, rows);
    clearEntry(entry);
  }
}

/** Merges what the array holds into the states, and empties it. */
export function mergeRegions(layout: u32): void {
  for (let index: u32 = 0; index < regions; index++) mergeRegion(layout, regionAt(index));
  regions = 0;
  taken = 0;
}

/** Empties the array of a batch that could not be added. */
export function dropRegions(): void {
  for (let index: u32 = 0; index < taken; index++) clearEntry(entryOf(index));
  regions = 0;
  taken = 0;
}
