// The states of rows whose keys are a dictionary's entries: each is looked up once in a window.
import { MIXED, SLICES } from "./assign";
import { greatestOf } from "./block_times";
import { dictionaryLength, isValid, validityOf, valuesOf } from "./columns";
import {
  BAD_INDEX,
  blockOfEntry,
  blockOfNull,
  BLOCKS,
  DONE,
  HASHES,
  LONG_KEY,
  OUT_OF_MEMORY,
} from "./encode";
import { S_MAP, S_MAP_GENERATION, S_MAP_LEFT } from "./slice";
import { findBytes, setMap } from "./slice_keys";
import { T_GENERATION, T_TRASH } from "./table";

// Looks up a dictionary entry, or null, for the first time in this window.
function resolve(table: u32, slice: u32, column: u32, index: u32): i32 {
  if (index == dictionaryLength(column)) blockOfNull();
  else if (!blockOfEntry(column, index)) return LONG_KEY;
  const hash = load<u64>(<u32>HASHES);
  const state = findBytes(table, slice, v128.load(<u32>BLOCKS), hash);
  if (state == 0) return OUT_OF_MEMORY;
  store<u32>(load<u32>(slice, S_MAP) + (index << 2), state);
  store<u32>(slice, load<u32>(slice, S_MAP_LEFT) - 1, S_MAP_LEFT);
  return DONE;
}

function mapOf(table: u32, slice: u32, column: u32): u32 {
  const generation = load<u32>(table, T_GENERATION);
  if (load<u32>(slice, S_MAP_GENERATION) != generation) {
    if (!setMap(table, slice, dictionaryLength(column) + 1, generation)) return 0;
  }
  return load<u32>(slice, S_MAP);
}

// Whether all indices lie in the dictionary.
function areIndices(at: u32, count: u32, length: u32): bool {
  let greatest = i32x4.splat(0);
  const end = at + (count << 2);
  for (; at + 16 <= end; at += 16) greatest = i32x4.max_u(greatest, v128.load(at));
  let most = greatestOf(greatest);
  for (; at < end; at += 4) most = max(most, load<u32>(at));
  return most < length;
}

/** Makes sure that every index of a block has a state, so that the map alone tells where it is. */
export function resolveBlock(table: u32, slice: u32, column: u32, from: u32, count: u32): i32 {
  const map = mapOf(table, slice, column);
  if (map == 0) return OUT_OF_MEMORY;
  const indices = valuesOf(column) + (from << 2);
  if (!areIndices(indices, count, dictionaryLength(column))) return BAD_INDEX;
  if (load<u32>(slice, S_MAP_LEFT) <= 1) return DONE;
  for (let row: u32 = 0; row < count; row++) {
    const index = load<u32>(indices + (row << 2));
    if (load<u32>(map + (index << 2)) != 0) continue;
    const code = resolve(table, slice, column, index);
    if (code != DONE) return code;
  }
  return DONE;
}

/** Finds the states of rows of one slice, none of whose keys is null. */
export function findDictionaryNear(table: u32, slice: u32, column: u32, from: u32, count: u32, out: u32): i32 {
  const map = mapOf(table, slice, column);
  if (map == 0) return OUT_OF_MEMORY;
  const indices = valuesOf(column) + (from << 2);
  const length = dictionaryLength(column);
  for (let row: u32 = 0; row < count; row++) {
    const index = load<u32>(indices + (row << 2));
    if (index >= length) return BAD_INDEX;
    let state = load<u32>(map + (index << 2));
    if (state == 0) {
      const code = resolve(table, slice, column, index);
      if (code != DONE) return code;
      state = load<u32>(map + (index << 2));
    }
    store<u32>(out + (row << 2), state);
  }
  return DONE;
}

/** Finds the states of rows of one slice or of MIXED ones, whose keys may be null. */
export function findDictionaryMixed(table: u32, slice: u32, column: u32, from: u32, count: u32, out: u32): i32 {
  const trash = load<u32>(table, T_TRASH);
  const indices = valuesOf(column) + (from << 2);
  const validity = validityOf(column);
  const length = dictionaryLength(column);
  for (let row: u32 = 0; row < count; row++) {
    const own = slice == MIXED ? load<u32>((<u32>SLICES) + (row << 2)) : slice;
    let state = trash;
    if (own != 0) {
      const map = mapOf(table, own, column);
      if (map == 0) return OUT_OF_MEMORY;
      let index = length;
      if (isValid(validity, from + row)) {
        index = load<u32>(indices + (row << 2));
        if (index >= length) return BAD_INDEX;
      }
      if (load<u32>(map + (index << 2)) == 0) {
        const code = resolve(table, own, column, index);
        if (code != DONE) return code;
      }
      state = load<u32>(map + (index << 2));
    }
    store<u32>(out + (row << 2), state);
  }
  return DONE;
}
