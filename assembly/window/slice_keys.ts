// The keys of a slice: each has its state, by which it is entered and found. Fixed keys stand before
// their states as they are; keys of bytes as blocks of 16, the long ones behind these in chunks.
import { hashFixed, LONG_MARK, NULL_MARK, sameBytes } from "../hash/hash";
import {
  bucketOf,
  C_BYTES,
  CHUNK_HEAD,
  enter,
  freeIn,
  give,
  hasRoom,
  LEAST_CHUNK,
  matches,
  MOST_CHUNK,
  newEntry,
  newState,
  nextBucket,
  S_BUCKETS,
  S_COUNT,
  S_MAP,
  S_MAP_GENERATION,
  S_MAP_LEFT,
  S_MAP_SIZE,
  S_MASK,
  S_NULL,
  S_TAIL_AT,
  S_TAIL_END,
  S_TAILS,
  stateIn,
  tagOf,
  take,
} from "./slice";
import { FIXED, T_MODE } from "./table";

const TAIL_HEAD: u32 = 8; // the hash before a long key

/** Enters a fixed-width key that is not there; the address of its state, or 0. */
export function insertFixed(table: u32, slice: u32, key: u64, hash: u64): u32 {
  if (!hasRoom(table, slice)) return 0;
  const state = newState(table, slice);
  if (state == 0) return 0;
  store<u64>(state - 8, key);
  enter(slice, hash, state);
  return state;
}

/** The state of a fixed-width key, entered if it is not there; 0 without memory for it. */
export function findFixed(table: u32, slice: u32, key: u64): u32 {
  const hash = hashFixed(key);
  const tag = tagOf(hash);
  const buckets = load<u32>(slice, S_BUCKETS);
  const mask = load<u32>(slice, S_MASK);
  let bucket = bucketOf(buckets, mask, <u32>hash);
  while (true) {
    for (let found = matches(bucket, tag); found != 0; found &= found - 1) {
      const state = stateIn(bucket, found);
      if (load<u64>(state - 8) == key) return state;
    }
    if (freeIn(bucket) != 0) return insertFixed(table, slice, key, hash);
    bucket = nextBucket(buckets, mask, bucket);
  }
}

/** The state of the null key of mode FIXED, made if it is not there; 0 without memory for it. */
export function findNull(table: u32, slice: u32): u32 {
  let state = load<u32>(slice, S_NULL);
  if (state != 0) return state;
  state = newState(table, slice);
  if (state == 0) return 0;
  store<u64>(state - 8, 0);
  store<u32>(slice, state, S_NULL);
  return state;
}

// Copies a long key into the slice, behind its hash; its address, or 0.
function keepTail(table: u32, slice: u32, from: u32, length: u32, hash: u64): u32 {
  let at = load<u32>(slice, S_TAIL_AT);
  const whole = TAIL_HEAD + length;
  if (at == 0 || at + whole > load<u32>(slice, S_TAIL_END)) {
    const bytes = max(whole + CHUNK_HEAD, min(MOST_CHUNK, LEAST_CHUNK + load<u32>(slice, S_COUNT) * 16));
    const chunk = take(table, bytes);
    if (chunk == 0) return 0;
    store<u32>(chunk, load<u32>(slice, S_TAILS));
    store<u32>(chunk, bytes, C_BYTES);
    store<u32>(slice, chunk, S_TAILS);
    store<u32>(slice, chunk + bytes, S_TAIL_END);
    at = chunk + CHUNK_HEAD;
  }
  store<u64>(at, hash);
  memory.copy(at + TAIL_HEAD, from, length);
  store<u32>(slice, (at + whole + 7) & ~7, S_TAIL_AT);
  return at + TAIL_HEAD;
}

/** Hash of a state's long key. */
// @ts-ignore: decorator
@inline
export function longHash(state: u32): u64 {
  return load<u64>(load<u32>(state - 12) - TAIL_HEAD);
}

/** The block of a long key: its length, its address, and the mark. */
// @ts-ignore: decorator
@inline
export function longBlock(at: u32, length: u32): v128 {
  const block = i64x2.replace_lane(i64x2.splat(0), 0, (<u64>at << 32) | length);
  return i8x16.replace_lane(block, 15, <i8>LONG_MARK);
}

/** Enters a key that is not there by its block and hash; the address of its state, or 0. */
export function insertBytes(table: u32, slice: u32, block: v128, hash: u64): u32 {
  if (!hasRoom(table, slice)) return 0;
  let own = block;
  if (<u8>i8x16.extract_lane_u(block, 15) == LONG_MARK) {
    const length = <u32>i32x4.extract_lane(block, 0);
    const at = keepTail(table, slice, <u32>i32x4.extract_lane(block, 1), length, hash);
    if (at == 0) return 0;
    own = longBlock(at, length);
  }
  const state = newState(table, slice);
  if (state == 0) return 0;
  v128.store(state - 16, own);
  enter(slice, hash, state);
  return state;
}

/**
 * A state with anything in it and the key of one of another table, outside of the slice's index: for
 * slices that keys are not looked up in. The address, or 0 without memory.
 */
export function appendLike(table: u32, slice: u32, state: u32, other: u32, into: u32): u32 {
  const own = newEntry(other, into);
  if (own == 0) return 0;
  if (load<u32>(table, T_MODE) == FIXED) {
    store<u64>(own - 8, load<u64>(state - 8));
    if (state == load<u32>(slice, S_NULL)) {
      store<u32>(into, own, S_NULL);
      return own;
    }
  } else {
    const block = v128.load(state - 16);
    v128.store(own - 16, block);
    if (<u8>i8x16.extract_lane_u(block, 15) == LONG_MARK && !ownTail(other, into, own)) return 0;
  }
  store<u32>(into, load<u32>(into, S_COUNT) + 1, S_COUNT);
  return own;
}

// Copies the long key that a state shares with one of another slice.
function ownTail(table: u32, slice: u32, state: u32): bool {
  const length = load<u32>(state - 16);
  const at = keepTail(table, slice, load<u32>(state - 12), length, longHash(state));
  if (at == 0) return false;
  v128.store(state - 16, longBlock(at, length));
  return true;
}

/** Whether the key of `state` is that of `block` and `hash`. */
// @ts-ignore: decorator
@inline
export function sameKey(state: u32, block: v128, hash: u64): bool {
  if (!v128.any_true(v128.xor(v128.load(state - 16), block))) return true;
  return <u8>i8x16.extract_lane_u(block, 15) == LONG_MARK && sameLong(state, block, hash);
}

function sameLong(state: u32, block: v128, hash: u64): bool {
  if (load<u8>(state - 1) != LONG_MARK || longHash(state) != hash) return false;
  const length = <u32>i32x4.extract_lane(block, 0);
  if (load<u32>(state - 16) != length) return false;
  return sameBytes(load<u32>(state - 12), <u32>i32x4.extract_lane(block, 1), length);
}

/** The state of a key by its block and hash, entered if it is not there; 0 without memory. */
export function findBytes(table: u32, slice: u32, block: v128, hash: u64): u32 {
  const tag = tagOf(hash);
  const buckets = load<u32>(slice, S_BUCKETS);
  const mask = load<u32>(slice, S_MASK);
  let bucket = bucketOf(buckets, mask, <u32>hash);
  while (true) {
    for (let found = matches(bucket, tag); found != 0; found &= found - 1) {
      const state = stateIn(bucket, found);
      if (sameKey(state, block, hash)) return state;
    }
    if (freeIn(bucket) != 0) return insertBytes(table, slice, block, hash);
    bucket = nextBucket(buckets, mask, bucket);
  }
}

/** Makes the dictionary map of a slice fit for `size` indices of a generation; false: no memory. */
export function setMap(table: u32, slice: u32, size: u32, generation: u32): bool {
  const old = load<u32>(slice, S_MAP_SIZE);
  if (old < size || old > 2 * size + 64) {
    give(table, load<u32>(slice, S_MAP), old << 2);
    const map = take(table, size << 2);
    store<u32>(slice, map, S_MAP);
    store<u32>(slice, map == 0 ? 0 : size, S_MAP_SIZE);
    store<u32>(slice, 0, S_MAP_GENERATION);
    if (map == 0) return false;
  }
  memory.fill(load<u32>(slice, S_MAP), 0, size << 2);
  store<u32>(slice, generation, S_MAP_GENERATION);
  store<u32>(slice, size, S_MAP_LEFT);
  return true;
}

/** Whether a state of mode FIXED or BYTES has the null key. */
// @ts-ignore: decorator
@inline
export function isNullKey(table: u32, slice: u32, state: u32): bool {
  return load<u32>(table, T_MODE) == FIXED
    ? state == load<u32>(slice, S_NULL)
    : load<u8>(state - 1) == NULL_MARK;
}
