// The fixed-width keys of a window that has few of them, as a set of pairs in front of its index:
// a key is compared whole and where its state lies is told at once, without a look at the state.
//
// There is one front; it serves the window that several blocks of rows in a row belonged to, and is
// emptied for another. 2,048 buckets of 32 bytes: two keys, their two states, 8 bytes unused. An
// empty place holds a key of another bucket, so that no key is ever found there: all hold key 0, but
// those of the bucket of key 0 itself hold key 1.
import { K1 } from "../hash/hash";
import { S_COUNT } from "./slice";
import { findFixed } from "./slice_keys";

const BUCKETS: u32 = 2048;
const BUCKET_SHIFT: u32 = 5;
const BUCKET_OF: u64 = 53; // the top 11 bits
const FRONT: usize = memory.data(2048 * 32, 64);

const STATES: u32 = 16;
const OTHER_STATE: u32 = 20;

// Keys of a window up to which hardly any finds both places of its bucket taken.
const MOST_KEYS: u32 = 1024;
// Blocks of one window in a row after which emptying the front is worth it.
const LEAST_BLOCKS: u32 = 4;

let frontSlice: u32 = 0;
let lastSlice: u32 = 0;
let blocks: u32 = 0;

/** Tells that a slice is given back, so that what is known of it is void. */
export function frontForget(slice: u32): void {
  if (frontSlice == slice) frontSlice = 0;
  if (lastSlice == slice) lastSlice = 0;
}

/** Whether the front serves a block of rows of this slice. */
export function frontServes(slice: u32): bool {
  if (load<u32>(slice, S_COUNT) > MOST_KEYS) return false;
  if (frontSlice == slice) return true;
  blocks = lastSlice == slice ? blocks + 1 : 1;
  lastSlice = slice;
  if (blocks < LEAST_BLOCKS) return false;
  memory.fill(FRONT, 0, BUCKETS << BUCKET_SHIFT);
  v128.store(bucketOf(0), i64x2.splat(1));
  frontSlice = slice;
  return true;
}

// @ts-ignore: decorator
@inline
function bucketOf(key: u64): u32 {
  const mixed = (key ^ (key >> 32)) * K1;
  return (<u32>FRONT) + (<u32>(mixed >> BUCKET_OF) << BUCKET_SHIFT);
}

// The state of a key that the front does not have, which it then has if there is room.
function enter(table: u32, slice: u32, key: u64, bucket: u32): u32 {
  const state = findFixed(table, slice, key);
  if (state == 0) return 0;
  if (load<u32>(bucket, STATES) == 0) {
    store<u64>(bucket, key);
    store<u32>(bucket, state, STATES);
  } else if (load<u32>(bucket, OTHER_STATE) == 0) {
    store<u64>(bucket, key, 8);
    store<u32>(bucket, state, OTHER_STATE);
  }
  return state;
}

// @ts-ignore: decorator
@inline
function stateOf(table: u32, slice: u32, key: u64): u32 {
  const bucket = bucketOf(key);
  const found = i64x2.bitmask(i64x2.eq(v128.load(bucket), i64x2.splat(key)));
  if (found == 0) return enter(table, slice, key, bucket);
  return load<u32>(bucket + (found << 2), STATES - 4);
}

/** Finds the states of a block of keys; false without memory. */
export function findInFront(table: u32, slice: u32, keys: u32, count: u32, out: u32): bool {
  const end = keys + ((count & ~1) << 3);
  for (; keys < end; keys += 16, out += 8) {
    const first = stateOf(table, slice, load<u64>(keys));
    const second = stateOf(table, slice, load<u64>(keys, 8));
    if (first == 0 || second == 0) return false;
    store<u64>(out, (<u64>second << 32) | first);
  }
  if ((count & 1) == 0) return true;
  const last = stateOf(table, slice, load<u64>(keys));
  store<u32>(out, last);
  return last != 0;
}
