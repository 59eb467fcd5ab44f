// The first pass over a batch: the address of each row's state.
//
// A batch is all or nothing: only this pass needs memory, and what it enters before it runs out
// are groups of no rows, which nobody sees.
import { hashBlock, hashFixed } from "../hash/hash";
import { assignBlock, assignPart, MIXED, NO_MEMORY, rowsOfPart, SLICES } from "./assign";
import { BLOCK, COLUMN_BYTES, fixedKeys, isValid, KIND_DICT, kindOf, validityOf } from "./columns";
import { BLOCKS, DONE, encodeBlock, HASHES, OUT_OF_MEMORY } from "./encode";
import { findDictionaryMixed, findDictionaryNear, resolveBlock } from "./find_dictionary";
import { bucketOf, LAST_SLOT, matches, S_BUCKETS, S_MAP, S_MASK, stateIn, tagOf } from "./slice";
import { findBytes, findFixed, findNull, sameKey } from "./slice_keys";
import { findPlaces, frontServes, listOfFront, statesOfPlaces, TOO_MANY } from "./front";
import { FIXED, T_GENERATION, T_MODE, T_TRASH } from "./table";
import { AHEAD, CANDIDATES, findCandidates, isFar, touchTails } from "./touch";

const KEYS: usize = memory.data(512 * 8, 16);

function findFixedNear(table: u32, slice: u32, keys: u32, count: u32, out: u32): bool {
  let buckets = load<u32>(slice, S_BUCKETS);
  let mask = load<u32>(slice, S_MASK);
  for (let row: u32 = 0; row < count; row++) {
    const key = load<u64>(keys + (row << 3));
    const hash = hashFixed(key);
    const bucket = bucketOf(buckets, mask, <u32>hash);
    let state = stateIn(bucket, matches(bucket, tagOf(hash)) | LAST_SLOT);
    if (state == 0 || load<u64>(state - 8) != key) {
      state = findFixed(table, slice, key);
      if (state == 0) return false;
      buckets = load<u32>(slice, S_BUCKETS);
      mask = load<u32>(slice, S_MASK);
    }
    store<u32>(out + (row << 2), state);
  }
  return true;
}

function findFixedFar(table: u32, slice: u32, keys: u32, count: u32, out: u32): bool {
  for (let row: u32 = 0; row < count; row++) {
    store<u64>((<u32>HASHES) + (row << 3), hashFixed(load<u64>(keys + (row << 3))));
  }
  for (let from: u32 = 0; from < count; from += AHEAD) {
    const end = min(from + AHEAD, count);
    findCandidates(slice, (<u32>HASHES) + (from << 3), end - from);
    for (let row = from; row < end; row++) {
      const key = load<u64>(keys + (row << 3));
      let state = load<u32>((<u32>CANDIDATES) + ((row - from) << 2));
      if (state == 0 || load<u64>(state - 8) != key) {
        state = findFixed(table, slice, key);
        if (state == 0) return false;
      }
      store<u32>(out + (row << 2), state);
    }
  }
  return true;
}

// Rows of several windows, or with null keys.
function findFixedMixed(table: u32, slice: u32, keys: u32, validity: u32, from: u32, count: u32, out: u32): bool {
  const trash = load<u32>(table, T_TRASH);
  for (let row: u32 = 0; row < count; row++) {
    const own = slice == MIXED ? load<u32>((<u32>SLICES) + (row << 2)) : slice;
    let state = trash;
    if (own != 0) {
      state = isValid(validity, from + row)
        ? findFixed(table, own, load<u64>(keys + (row << 3)))
        : findNull(table, own);
      if (state == 0) return false;
    }
    store<u32>(out + (row << 2), state);
  }
  return true;
}

// Rows of several windows: those that follow each other in one are found together.
function findFixedRuns(table: u32, keys: u32, count: u32, out: u32): bool {
  for (let row: u32 = 0; row < count;) {
    const slice = load<u32>((<u32>SLICES) + (row << 2));
    let end = row + 1;
    while (end < count && load<u32>((<u32>SLICES) + (end << 2)) == slice) end++;
    if (slice == 0) {
      const trash = load<u32>(table, T_TRASH);
      for (let at = row; at < end; at++) store<u32>(out + (at << 2), trash);
    } else if (!findFixedNear(table, slice, keys + (row << 3), end - row, out + (row << 2))) {
      return false;
    }
    row = end;
  }
  return true;
}

function findFixedBlock(table: u32, slice: u32, column: u32, from: u32, count: u32, out: u32): bool {
  const keys = fixedKeys(column, from, count, <u32>KEYS);
  const validity = validityOf(column);
  if (slice == MIXED && validity == 0) return findFixedRuns(table, keys, count, out);
  if (validity != 0) {
    return findFixedMixed(table, slice, keys, validity, from, count, out);
  }
  if (isFar(slice)) return findFixedFar(table, slice, keys, count, out);
  if (frontServes(slice)) {
    const code = findPlaces(table, slice, keys, count, out);
    if (code == DONE) statesOfPlaces(count, out);
    if (code != TOO_MANY) return code == DONE;
  }
  return findFixedNear(table, slice, keys, count, out);
}

/** A bit of where states are listed: the rows have places in that list, as others have indices. */
export const HAS_PLACES: u32 = 1;

// Where the states of what a block's rows have in `out` are listed, 0 where these are the states.
let blockList: u32 = 0;

// As findFixedBlock(), but leaves places where it can.
function findFixedPlaces(table: u32, slice: u32, column: u32, from: u32, count: u32, out: u32): i32 {
  blockList = 0;
  if (validityOf(column) == 0 && !isFar(slice) && frontServes(slice)) {
    const keys = fixedKeys(column, from, count, <u32>KEYS);
    const code = findPlaces(table, slice, keys, count, out);
    if (code == DONE) {
      const list = listOfFront();
      if (list == 0) statesOfPlaces(count, out);
      else blockList = list | HAS_PLACES;
    }
    if (code != TOO_MANY) return code;
    return findFixedNear(table, slice, keys, count, out) ? DONE : OUT_OF_MEMORY;
  }
  return findFixedBlock(table, slice, column, from, count, out) ? DONE : OUT_OF_MEMORY;
}

// As findBlock() in one slice, but lists the states of rows with indices or places.
function findInList(table: u32, slice: u32, column: u32, from: u32, count: u32, out: u32): i32 {
  if (load<u32>(table, T_MODE) == FIXED) {
    return findFixedPlaces(table, slice, column, from, count, out);
  }
  const code = resolveBlock(table, slice, column, from, count);
  blockList = load<u32>(slice, S_MAP);
  return code;
}

function findBytesNear(table: u32, slice: u32, count: u32, out: u32): bool {
  let buckets = load<u32>(slice, S_BUCKETS);
  let mask = load<u32>(slice, S_MASK);
  for (let row: u32 = 0; row < count; row++) {
    const block = v128.load((<u32>BLOCKS) + (row << 4));
    const hash = load<u64>((<u32>HASHES) + (row << 3));
    const bucket = bucketOf(buckets, mask, <u32>hash);
    let state = stateIn(bucket, matches(bucket, tagOf(hash)) | LAST_SLOT);
    if (state == 0 || !sameKey(state, block, hash)) {
      state = findBytes(table, slice, block, hash);
      if (state == 0) return false;
      buckets = load<u32>(slice, S_BUCKETS);
      mask = load<u32>(slice, S_MASK);
    }
    store<u32>(out + (row << 2), state);
  }
  return true;
}

function findBytesFar(table: u32, slice: u32, count: u32, out: u32): bool {
  for (let from: u32 = 0; from < count; from += AHEAD) {
    const end = min(from + AHEAD, count);
    findCandidates(slice, (<u32>HASHES) + (from << 3), end - from);
    touchTails((<u32>BLOCKS) + (from << 4), end - from);
    for (let row = from; row < end; row++) {
      const block = v128.load((<u32>BLOCKS) + (row << 4));
      let state = load<u32>((<u32>CANDIDATES) + ((row - from) << 2));
      const hash = load<u64>((<u32>HASHES) + (row << 3));
      if (state == 0 || !sameKey(state, block, hash)) {
        state = findBytes(table, slice, block, hash);
        if (state == 0) return false;
      }
      store<u32>(out + (row << 2), state);
    }
  }
  return true;
}

function findBytesMixed(table: u32, count: u32, out: u32): bool {
  const trash = load<u32>(table, T_TRASH);
  for (let row: u32 = 0; row < count; row++) {
    const slice = load<u32>((<u32>SLICES) + (row << 2));
    let state = trash;
    if (slice != 0) {
      const block = v128.load((<u32>BLOCKS) + (row << 4));
      state = findBytes(table, slice, block, load<u64>((<u32>HASHES) + (row << 3)));
      if (state == 0) return false;
    }
    store<u32>(out + (row << 2), state);
  }
  return true;
}

function findBytesBlock(table: u32, slice: u32, count: u32, out: u32): bool {
  if (slice == MIXED) return findBytesMixed(table, count, out);
  return isFar(slice)
    ? findBytesFar(table, slice, count, out)
    : findBytesNear(table, slice, count, out);
}

// Without keys a window is one group, whose key is empty.
function findKeyless(table: u32, slice: u32, count: u32, out: u32): i32 {
  const block = i64x2.splat(0);
  const state = findBytes(table, slice, block, hashBlock(block));
  if (state == 0) return OUT_OF_MEMORY;
  for (let row: u32 = 0; row < count; row++) store<u32>(out + (row << 2), state);
  return DONE;
}

/**
 * Finds the states of at most BLOCK rows in a slice, or MIXED ones.
 *
 * @returns DONE, or why not.
 */
export function findBlock(table: u32, slice: u32, columns: u32, keys: u32, from: u32, count: u32, out: u32): i32 {
  if (load<u32>(table, T_MODE) == FIXED) {
    return findFixedBlock(table, slice, columns, from, count, out) ? DONE : OUT_OF_MEMORY;
  }
  if (keys == 1 && kindOf(columns) == KIND_DICT && load<u32>(columns, 24) != 0) {
    return slice == MIXED || validityOf(columns) != 0
      ? findDictionaryMixed(table, slice, columns, from, count, out)
      : findDictionaryNear(table, slice, columns, from, count, out);
  }
  if (keys == 0 && slice != MIXED) return findKeyless(table, slice, count, out);
  const code = encodeBlock(table, columns, keys, from, count);
  if (code != DONE) return code;
  return findBytesBlock(table, slice, count, out) ? DONE : OUT_OF_MEMORY;
}

// A piece of a batch, rows of one window, at most BLOCK: u32 rows, u32 0, or where the states of the
// key's dictionary indices are listed, or those of the places, marked by HAS_PLACES, that the rows
// get instead of addresses.
export const PIECE_BYTES: u32 = 8;
export const PIECE_MAP: u32 = 4;

// Finds the states of rows whose slice is known, and tells in `piece`, unless that is 0, how.
function findIn(table: u32, slice: u32, columns: u32, keys: u32, from: u32, count: u32, out: u32, piece: u32): i32 {
  const key = columns + COLUMN_BYTES;
  if (slice == NO_MEMORY) return OUT_OF_MEMORY;
  const listed = piece != 0 && slice != MIXED;
  const code = listed
    ? findInList(table, slice, key, from, count, out)
    : findBlock(table, slice, key, keys, from, count, out);
  if (piece == 0) return code;
  store<u32>(piece, count);
  store<u32>(piece, listed ? blockList : 0, PIECE_MAP);
  return code;
}

/**
 * Finds the states of rows from `from` of a batch with one key column: of at most BLOCK, and as far
 * as can be of no more than one window.
 *
 * @param out Of the first row of all.
 * @param piece Takes how many rows these are, and where their states are listed.
 */
export function findPiece(table: u32, columns: u32, from: u32, count: u32, out: u32, piece: u32): i32 {
  const slice = assignPart(table, columns, from, count);
  return findIn(table, slice, columns, 1, from, rowsOfPart(), out + (from << 2), piece);
}

/**
 * Finds the states of `count` rows: `columns` describes the times and then `keys` key columns,
 * `out` takes an address a row.
 *
 * @param pieces 0, or takes a piece for every BLOCK rows.
 * @returns DONE, OUT_OF_MEMORY, or BAD_INDEX.
 */
export function findStates(
  table: u32,
  columns: u32,
  keys: u32,
  count: u32,
  out: u32,
  pieces: u32,
): i32 {
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const rows = min(BLOCK, count - from);
    const slice = assignBlock(table, columns, from, rows, true);
    const piece = pieces == 0 ? 0 : pieces + (from / BLOCK) * PIECE_BYTES;
    const code = findIn(table, slice, columns, keys, from, rows, out + (from << 2), piece);
    if (code != DONE) return code;
  }
  return DONE;
}

/** Tells that the next batch's dictionary is another one. */
export function newDictionary(table: u32): void {
  store<u32>(table, load<u32>(table, T_GENERATION) + 1, T_GENERATION);
}
