// Rows whose states a dictionary index tells, or a place in the front. Where a window gets many more
// of them than the dictionary has entries, an array with an entry an index takes them first, and each
// entry is then merged into its state.
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
import { findPiece, HAS_PLACES, PIECE_BYTES, PIECE_MAP } from "./find";
import { endList, listLength } from "./front";
import {
  countInto,
  dropRegions,
  firstOf,
  fitsRegion,
  growRegion,
  hasRegions,
  mergeRegions,
  openRegion,
  regionOf,
} from "./regions";
import { addSplit, MOST_ENTRIES, readAhead, splitFits, splitStarts } from "./split_sums";
import { updateSums } from "./update";

// Rows of a window for each entry from which on a region is worth its merging.
const SHARE: u32 = 8;

// In a piece's map: its rows are in the array, or in their states.
const ADDED: u32 = 2;
// Instead of a region: there is none for a piece, or that is not to be told yet; there may be one.
const NONE: u32 = 0;
const UNDECIDED: u32 = 1;
const WORTHWHILE: u32 = 2;

// Rows since the array was empty last, those that went elsewhere too.
let passed: u32 = 0;
// Where the pieces of the batch that are known end.
let knownEnd: u32 = 0;

/** Merges what the array holds into the states, and empties it. */
export function endByIndex(layout: u32): void {
  endList();
  mergeRegions(layout);
}

// Whether the rows from a piece on that have the same map are enough for a region of so many entries;
// UNDECIDED where the known pieces end before that.
function isWorthwhile(entries: u32, piece: u32): u32 {
  const wanted = entries * SHARE;
  const map = load<u32>(piece, PIECE_MAP);
  for (let rows: u32 = 0; piece < knownEnd; piece += PIECE_BYTES) {
    if (load<u32>(piece, PIECE_MAP) != map) return NONE;
    rows += load<u32>(piece);
    if (rows >= wanted) return WORTHWHILE;
  }
  return UNDECIDED;
}

// The region for a piece. What the array holds is merged for that only if it `merges`, and not again
// soon.
function regionFor<V>(
  values: u32,
  layout: u32,
  entries: u32,
  piece: u32,
  merges: bool,
): u32 {
  const count = load<u32>(piece);
  const map = load<u32>(piece, PIECE_MAP) & ~HAS_PLACES;
  if (map == 0 || entries > MOST_ENTRIES) return NONE;
  const own = regionOf(map);
  const hasRoom = own != 0 && growRegion(own, entries, count);
  if (hasRoom && splitFits<V>(values, count)) return own;
  if (hasRoom && (!merges || passed < entries * SHARE)) return NONE;
  const worth = isWorthwhile(entries, piece);
  if (worth != WORTHWHILE) return merges ? NONE : worth;
  const fits = splitFits<V>(values, count);
  if (hasRegions()) {
    if (!hasRoom && fits && fitsRegion(entries)) return openRegion(map, entries);
    if (!merges || (!fits && passed < entries * SHARE)) return NONE;
    mergeRegions(layout);
  }
  if (!splitStarts()) return NONE;
  passed = 0;
  return openRegion(map, entries);
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

// Adds a piece of rows from `from`; UNDECIDED if that is to be asked again when there are more, NONE
// if that is to wait until it `merges`.
function addPiece<V>(
  column: u32,
  layout: u32,
  states: u32,
  from: u32,
  indices: u32,
  piece: u32,
  merges: bool,
): u32 {
  const count = load<u32>(piece);
  const word = load<u32>(piece, PIECE_MAP);
  const map = word & ~HAS_PLACES;
  const hasPlaces = (word & HAS_PLACES) != 0;
  const own = states + (from << 2);
  const keys = hasPlaces ? own : valuesOf(indices) + (from << 2);
  const entries = hasPlaces ? listLength(map) : dictionaryLength(indices);
  const values = valuesOf(column) + from * sizeof<V>();
  const region = regionFor<V>(values, layout, entries, piece, merges);
  if (region > UNDECIDED) {
    addSplit<V>(keys, count, values, firstOf(region));
    countInto(region, count);
  } else if (merges) {
    if (map != 0) listStates(map, keys, count, own);
    addToStates<V>(column, layout, own, count, values);
  } else {
    return region;
  }
  passed += count;
  return ADDED;
}

// The first of the pieces that are undecided, and its first row.
let nextPiece: u32 = 0;
let nextRow: u32 = 0;

// Adds what it can of the pieces up to `end`, from the first undecided one.
function addPieces(
  column: u32,
  layout: u32,
  states: u32,
  indices: u32,
  end: u32,
  merges: bool,
): void {
  const single = kindOf(column) == KIND_F32;
  for (; nextPiece < end; nextPiece += PIECE_BYTES) {
    const count = load<u32>(nextPiece);
    if (load<u32>(nextPiece, PIECE_MAP) != ADDED) {
      const added = single
        ? addPiece<f32>(column, layout, states, nextRow, indices, nextPiece, merges)
        : addPiece<f64>(column, layout, states, nextRow, indices, nextPiece, merges);
      if (added == UNDECIDED) return;
      if (added == ADDED) store<u32>(nextPiece, ADDED, PIECE_MAP);
    }
    nextRow += count;
  }
}

function beginPieces(first: u32): void {
  nextPiece = first;
  nextRow = 0;
}

/**
 * updateStates() for the one value of a plan, doubles without nulls of which there are only sums
 * and ranges, where a dictionary's indices tell the states. endByIndex() is to follow.
 *
 * @param states Of the rows of pieces without a map; room for the others.
 * @param indices The key column.
 * @param pieces Those of the batch from the first of these rows on.
 * @param left Rows of the batch from the first of these on.
 */
export function updateByIndex(
  column: u32,
  layout: u32,
  states: u32,
  count: u32,
  indices: u32,
  pieces: u32,
  left: u32,
): void {
  endList();
  readAhead(0, 0);
  knownEnd = pieces + ((left + BLOCK - 1) / BLOCK) * PIECE_BYTES;
  beginPieces(pieces);
  addPieces(column, layout, states, indices, pieces + ((count + BLOCK - 1) / BLOCK) * PIECE_BYTES, true);
}

// Has a whole block of times and values from row `from` read while one is added.
function readBlock(times: u32, value: u32, from: u32): void {
  const bytes: u32 = kindOf(value) == KIND_F32 ? 4 : 8;
  readAhead(valuesOf(times) + (from << 3), valuesOf(value) + from * bytes);
}

/**
 * findStates(), updateByIndex() and endByIndex() at once. Rows that go into the array are added as
 * soon as their block is found, so that its columns come from memory while the block before is worked
 * on; nothing is merged before all rows have a state.
 *
 * @param columns Describes the times, the key column and the value column.
 * @param pieces Room for them.
 * @returns DONE, or why nothing was added.
 */
export function addByIndex(
  table: u32,
  columns: u32,
  count: u32,
  layout: u32,
  states: u32,
  pieces: u32,
): i32 {
  const key = columns + COLUMN_BYTES;
  const value = key + COLUMN_BYTES;
  let piece = pieces;
  beginPieces(pieces);
  for (let from: u32 = 0; from < count; piece += PIECE_BYTES) {
    const rows = min(count - from, BLOCK - from % BLOCK);
    const code = findPiece(table, columns, from, rows, states, piece);
    if (code != DONE) {
      dropRegions();
      return code;
    }
    from += load<u32>(piece);
    readBlock(columns, value, from + BLOCK <= count ? from : 0);
    knownEnd = piece + PIECE_BYTES;
    addPieces(value, layout, states, key, knownEnd, false);
  }
  endList();
  readBlock(columns, value, 0);
  beginPieces(pieces);
  addPieces(value, layout, states, key, piece, true);
  mergeRegions(layout);
  return DONE;
}
