// The fixed-width keys of windows that have few of them, as a dictionary that is learned from the
// rows: a key is compared whole and its place is told at once, without a look at a state. Where the
// states of the places lie in a window is listed, as it is for a dictionary's entries.
//
// There is one front. It keeps its keys from window to window; their states it knows of one window at
// a time. 2,048 buckets of 32 bytes: two keys, their two places, 8 bytes unused; what finds both
// taken goes into the next. Places are counted from 1, an empty one is 0 and holds a key of another
// bucket, so that no key is ever found there: all hold key 0, but those of the bucket of key 0 itself
// hold key 1.
import { K1 } from "../hash/hash";
import { DONE, OUT_OF_MEMORY } from "./encode";
import { S_COUNT } from "./slice";
import { findFixed } from "./slice_keys";

/** Instead of a code: the keys are more than the front holds. */
export const TOO_MANY: i32 = -1;

const BUCKETS: u32 = 2048;
const BUCKET_SHIFT: u32 = 5;
const BUCKET_OF: u64 = 48; // with BUCKET_MASK: the top 11 bits
const BUCKET_MASK: u32 = 2047 << 5;
const FRONT: usize = memory.data(2048 * 32, 64);
const PLACES: usize = FRONT + 16;

// Keys up to which hardly any finds both places of its bucket taken.
const MOST_KEYS: u32 = 1024;
// States of the places in the window that the front knows, 0 for those that are not known.
const STATES: usize = memory.data(1025 * 4, 16);

// Blocks that pass unserved after the keys were too many: twice as many each time it happens again
// soon.
const LEAST_REST: u32 = 16;
const MOST_REST: u32 = 1024;
// Blocks after which it did not happen soon.
const SOON: u32 = 256;

let isReady: bool = false;
let known: u32 = 0;
let isFull: bool = false;
let frontSlice: u32 = 0;
let left: u32 = 0; // places without a known state
let rest: u32 = 0;
let lastRest: u32 = LEAST_REST / 2;
let served: u32 = 0;
let isServing: bool = false;

// Where the states of the places are listed for a batch: a word that tells how many words there are,
// one unused, the words.
const LIST_HEAD: u32 = 8;
const MOST_LIST: u32 = 1025 * 4 + 8;
let list: u32 = 0; // of the front's window, to be filled in; 0: none
let listAt: u32 = 0; // room for more
let listEnd: u32 = 0;

/** Gives the front room for lists of states, for one batch. */
export function frontRoom(at: u32, bytes: u32): void {
  list = 0;
  listAt = at;
  listEnd = at + bytes;
}

/** Whether the front served the last rows with keys of fixed width. */
export function frontServed(): bool {
  return isServing;
}

/** Completes the list of the front's window. */
export function endList(): void {
  if (list == 0) return;
  store<u32>(list - LIST_HEAD, known + 1);
  memory.copy(list, STATES, (known + 1) << 2);
  listAt = (list + ((known + 2) << 2)) & ~7;
  list = 0;
}

/** The list of states of the front's window, or 0 when there is no room for it. */
export function listOfFront(): u32 {
  if (list == 0 && listAt + MOST_LIST <= listEnd) list = listAt + LIST_HEAD;
  return list;
}

/** How many words a list has, so far. */
export function listLength(at: u32): u32 {
  return at == list ? known + 1 : load<u32>(at - LIST_HEAD);
}

/** Tells that a slice is given back, so that what is known of it is void. */
export function frontForget(slice: u32): void {
  if (frontSlice == slice) frontSlice = 0;
}

function forgetKeys(): void {
  endList();
  memory.fill(FRONT, 0, BUCKETS << BUCKET_SHIFT);
  v128.store(bucketOf(0), i64x2.splat(1), FRONT);
  isReady = true;
  isFull = false;
  known = 0;
  frontSlice = 0;
  served = 0;
}

/** Whether the front serves a block of rows of this slice. */
export function frontServes(slice: u32): bool {
  isServing = false;
  if (load<u32>(slice, S_COUNT) > MOST_KEYS) return false;
  if (rest != 0) {
    rest--;
    return false;
  }
  if (!isReady) forgetKeys();
  isServing = true;
  return true;
}

function giveUp(): i32 {
  lastRest = served < SOON ? min(lastRest * 2, MOST_REST) : LEAST_REST;
  rest = lastRest;
  isServing = false;
  forgetKeys();
  return TOO_MANY;
}

// @ts-ignore: decorator
@inline
function bucketOf(key: u64): u32 {
  return <u32>((key * K1) >> BUCKET_OF) & BUCKET_MASK;
}

// The place of a key that is not in its own bucket, or in none yet; 0 when there is none left.
function learn(key: u64, home: u32): u32 {
  let bucket = home;
  while (true) {
    for (let at: u32 = 0; at < 2; at++) {
      const place = load<u32>(bucket + (at << 2), PLACES);
      if (place == 0) return enter(key, bucket, at);
      if (load<u64>(bucket + (at << 3), FRONT) == key) return place;
    }
    bucket = (bucket + (1 << BUCKET_SHIFT)) & BUCKET_MASK;
  }
}

function enter(key: u64, bucket: u32, at: u32): u32 {
  if (known == MOST_KEYS) {
    isFull = true;
    return 0;
  }
  known++;
  left++;
  store<u32>((<u32>STATES) + (known << 2), 0);
  store<u64>(bucket + (at << 3), key, FRONT);
  store<u32>(bucket + (at << 2), known, PLACES);
  return known;
}

// @ts-ignore: decorator
@inline
function placeOf(key: u64): u32 {
  const bucket = bucketOf(key);
  const found = i64x2.bitmask(i64x2.eq(v128.load(bucket, FRONT), i64x2.splat(key)));
  if (found == 0) return learn(key, bucket);
  // 1 for the first of the two, 2 for the other
  return load<u32>(bucket + (found << 2), PLACES - 4);
}

function placeAll(keys: u32, count: u32, out: u32): void {
  const end = keys + ((count & ~1) << 3);
  for (; keys < end; keys += 16, out += 8) {
    const first = placeOf(load<u64>(keys));
    const second = placeOf(load<u64>(keys, 8));
    store<u64>(out, (<u64>second << 32) | first);
  }
  if ((count & 1) != 0) store<u32>(out, placeOf(load<u64>(keys)));
}

// Finds the states of those places that are not known in this slice; false without memory.
function findLeft(table: u32, slice: u32, keys: u32, count: u32, places: u32): bool {
  for (let row: u32 = 0; row < count; row++) {
    const at = (<u32>STATES) + (load<u32>(places + (row << 2)) << 2);
    if (load<u32>(at) != 0) continue;
    const state = findFixed(table, slice, load<u64>(keys + (row << 3)));
    if (state == 0) return false;
    store<u32>(at, state);
    left--;
  }
  return true;
}

function knowSlice(slice: u32): void {
  endList();
  memory.fill(STATES, 0, (known + 1) << 2);
  left = known;
  frontSlice = slice;
}

/**
 * Finds the places of a block of keys, each of which has a state then.
 *
 * @returns DONE, OUT_OF_MEMORY or TOO_MANY.
 */
export function findPlaces(table: u32, slice: u32, keys: u32, count: u32, out: u32): i32 {
  if (frontSlice != slice) knowSlice(slice);
  placeAll(keys, count, out);
  if (isFull) return giveUp();
  served++;
  return left == 0 || findLeft(table, slice, keys, count, out) ? DONE : OUT_OF_MEMORY;
}

/** The states of a block of keys instead of their places. */
export function statesOfPlaces(count: u32, out: u32): void {
  for (const end = out + (count << 2); out < end; out += 4) {
    store<u32>(out, load<u32>((<u32>STATES) + (load<u32>(out) << 2)));
  }
}
