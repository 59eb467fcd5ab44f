// Which sessions a key has: an open-addressing index of tags and of the latest open session of each
// key, as a slice has one, from which keys go again. A tag is the low half of the key's hash, its
// lowest bit set.
//
// A bucket is a line of the cache: four tags, four states, and the ends of four sessions, which
// each row moves on. So the end of a key's latest session is here, those of others, which follow it
// in no order, are in their entries. A bucket with a free slot is the last that a key is looked for
// in. So a slot of a full bucket is not freed but becomes a grave, which is none to the eye that
// looks for a key; making the index anew clears the graves away.
import { sameKey } from "../window/slice_keys";
import {
  E_END,
  E_MORE,
  E_TAG,
  endOf,
  give,
  moreOf,
  OVER,
  tagIn,
  take,
  X_BUCKETS,
  X_INDEX,
  X_KEYS,
  X_LIMIT,
  X_MASK,
  X_USED,
} from "./sessions";

const BUCKET_SHIFT: u32 = 6;
const BUCKET: u32 = 64;
const AT_STATES: u32 = 16;
const AT_ENDS: u32 = 32;
const LEAST_BUCKETS: u32 = 4;
const NEAR_BUCKETS: u32 = 8192;
const SPARSE: u32 = 16;
const LISTED: u32 = 16; // tag, state and end of a key in a list

// Tags are odd.
const FREE: u32 = 0;
const GRAVE: u32 = 2;

// A quarter of the slots while they fit into the caches, where an overflow would cost more than a
// larger index, then half.
function limitOf(buckets: u32): u32 {
  return buckets <= NEAR_BUCKETS ? buckets : buckets * 2;
}

function bucketsIn(sessions: u32): u32 {
  return (load<u32>(sessions, X_MASK) >> BUCKET_SHIFT) + 1;
}

// @ts-ignore: decorator
@inline
function bytesOf(buckets: u32): u32 {
  return (buckets << BUCKET_SHIFT) + BUCKET;
}

function setBuckets(sessions: u32, buckets: u32): bool {
  const block = take(sessions, bytesOf(buckets));
  if (block == 0) return false;
  const first = (block + BUCKET - 1) & ~(BUCKET - 1);
  memory.fill(first, 0, buckets << BUCKET_SHIFT);
  store<u32>(sessions, block, X_INDEX);
  store<u32>(sessions, first, X_BUCKETS);
  store<u32>(sessions, (buckets - 1) << BUCKET_SHIFT, X_MASK);
  store<u32>(sessions, limitOf(buckets), X_LIMIT);
  store<u32>(sessions, 0, X_USED);
  return true;
}

export function createIndex(sessions: u32): bool {
  return setBuckets(sessions, LEAST_BUCKETS);
}

export function freeIndex(sessions: u32): void {
  give(sessions, load<u32>(sessions, X_INDEX), bytesOf(bucketsIn(sessions)));
}

/** Forgets all keys. */
export function clearIndex(sessions: u32): void {
  memory.fill(load<u32>(sessions, X_BUCKETS), 0, bucketsIn(sessions) << BUCKET_SHIFT);
  store<u32>(sessions, 0, X_KEYS);
  store<u32>(sessions, 0, X_USED);
}

/** The tag of a hash. */
// @ts-ignore: decorator
@inline
export function tagOf(hash: u64): u32 {
  return <u32>hash | 1;
}

/** Which of a bucket's four slots have this tag, as bits. */
// @ts-ignore: decorator
@inline
export function matches(bucket: u32, tag: u32): u32 {
  return i32x4.bitmask(i32x4.eq(v128.load(bucket), i32x4.splat(tag)));
}

/** The bucket where a tag is looked for first; the lowest bit, which is always set, has no say. */
// @ts-ignore: decorator
@inline
export function bucketOf(buckets: u32, mask: u32, tag: u32): u32 {
  return buckets + ((tag << (BUCKET_SHIFT - 1)) & mask);
}

// The bucket after one, the first after the last.
// @ts-ignore: decorator
@inline
function nextBucket(buckets: u32, mask: u32, bucket: u32): u32 {
  return buckets + ((bucket - buckets + BUCKET) & mask);
}

/** The latest of a key's sessions, by the key's slot. */
// @ts-ignore: decorator
@inline
export function stateIn(slot: u32): u32 {
  return load<u32>(slot, AT_STATES);
}

/** Where the end of a slot's session lies. */
// @ts-ignore: decorator
@inline
export function endAt(slot: u32): u32 {
  return (slot & ~(BUCKET - 1)) + AT_ENDS + ((slot & (AT_STATES - 4)) << 1);
}

function place(sessions: u32, tag: u32, state: u32, end: i64): void {
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  let bucket = bucketOf(buckets, mask, tag);
  let open = matches(bucket, FREE) | matches(bucket, GRAVE);
  while (open == 0) {
    bucket = nextBucket(buckets, mask, bucket);
    open = matches(bucket, FREE) | matches(bucket, GRAVE);
  }
  const slot = bucket + (ctz(open) << 2);
  if (load<u32>(slot) == FREE) store<u32>(sessions, load<u32>(sessions, X_USED) + 1, X_USED);
  store<u32>(slot, tag);
  store<u32>(slot, state, AT_STATES);
  store<i64>(endAt(slot), end);
}

function rebuild(sessions: u32, size: u32): bool {
  const block = load<u32>(sessions, X_INDEX);
  const old = load<u32>(sessions, X_BUCKETS);
  const buckets = bucketsIn(sessions);
  if (!setBuckets(sessions, size)) return false;
  for (let bucket = old; bucket < old + (buckets << BUCKET_SHIFT); bucket += BUCKET) {
    for (let slot = bucket; slot < bucket + AT_STATES; slot += 4) {
      const tag = load<u32>(slot);
      if ((tag & 1) != 0) place(sessions, tag, stateIn(slot), load<i64>(endAt(slot)));
    }
  }
  give(sessions, block, bytesOf(buckets));
  return true;
}

// Clears the graves away; false without memory for a list of the keys.
function clearGraves(sessions: u32): bool {
  const keys = load<u32>(sessions, X_KEYS);
  const list = take(sessions, keys * LISTED);
  if (list == 0) return false;
  const first = load<u32>(sessions, X_BUCKETS);
  const bytes = bucketsIn(sessions) << BUCKET_SHIFT;
  let at = list;
  for (let bucket = first; bucket < first + bytes; bucket += BUCKET) {
    for (let slot = bucket; slot < bucket + AT_STATES; slot += 4) {
      if ((load<u32>(slot) & 1) == 0) continue;
      store<u32>(at, load<u32>(slot));
      store<u32>(at, stateIn(slot), 4);
      store<i64>(at, load<i64>(endAt(slot)), 8);
      at += LISTED;
    }
  }
  memory.fill(first, 0, bytes);
  store<u32>(sessions, 0, X_USED);
  for (let key = list; key < at; key += LISTED) {
    place(sessions, load<u32>(key), load<u32>(key, 4), load<i64>(key, 8));
  }
  give(sessions, list, keys * LISTED);
  return true;
}

/** Makes room for one more key; false without memory. */
export function reserveKey(sessions: u32): bool {
  if (load<u32>(sessions, X_USED) < load<u32>(sessions, X_LIMIT)) return true;
  const crowded = load<u32>(sessions, X_KEYS) * 2 >= load<u32>(sessions, X_LIMIT);
  return crowded ? rebuild(sessions, bucketsIn(sessions) * 2) : clearGraves(sessions);
}

/** Gives back what far fewer keys no longer need. */
export function trimIndex(sessions: u32): void {
  const wanted = load<u32>(sessions, X_KEYS) * SPARSE;
  let buckets = bucketsIn(sessions);
  if (buckets == LEAST_BUCKETS || wanted >= load<u32>(sessions, X_LIMIT)) return;
  while (buckets > LEAST_BUCKETS && wanted < limitOf(buckets) * 4) buckets >>= 1;
  rebuild(sessions, buckets);
}

/** The slot of a key by its block and hash, 0 if it has no open session. */
export function findSlot(sessions: u32, block: v128, hash: u64): u32 {
  const tag = tagOf(hash);
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  let bucket = bucketOf(buckets, mask, tag);
  while (true) {
    for (let found = matches(bucket, tag); found != 0; found &= found - 1) {
      const slot = bucket + (ctz(found) << 2);
      if (sameKey(stateIn(slot), block, hash)) return slot;
    }
    if (matches(bucket, FREE) != 0) return 0;
    bucket = nextBucket(buckets, mask, bucket);
  }
}

// The slot of a tag whose first session is this one, 0 if there is none.
function slotOfHead(sessions: u32, tag: u32, head: u32): u32 {
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  let bucket = bucketOf(buckets, mask, tag);
  while (true) {
    for (let found = matches(bucket, tag); found != 0; found &= found - 1) {
      const slot = bucket + (ctz(found) << 2);
      if (stateIn(slot) == head) return slot;
    }
    if (matches(bucket, FREE) != 0) return 0;
    bucket = nextBucket(buckets, mask, bucket);
  }
}

/** Has the entry of a key's latest session tell its end, as those of the others do. */
export function unsettle(slot: u32): void {
  store<i64>(stateIn(slot) - E_END, load<i64>(endAt(slot)));
}

/** Finds the latest of a key's sessions by what their entries tell, and puts it first. */
export function settle(slot: u32): void {
  const head = stateIn(slot);
  let latest = head;
  for (let state = moreOf(head); state != 0; state = moreOf(state)) {
    if (endOf(state) > endOf(latest)) latest = state;
  }
  if (latest != head) {
    unlinkAfter(head, latest);
    store<u32>(latest - E_MORE, head);
    store<u32>(slot, latest, AT_STATES);
  }
  store<i64>(endAt(slot), endOf(latest));
}

/** Has all entries tell the ends of their sessions, as the index does. */
export function noteEnds(sessions: u32): void {
  const first = load<u32>(sessions, X_BUCKETS);
  const last = first + (bucketsIn(sessions) << BUCKET_SHIFT);
  for (let bucket = first; bucket < last; bucket += BUCKET) {
    for (let slot = bucket; slot < bucket + AT_STATES; slot += 4) {
      if ((load<u32>(slot) & 1) != 0) unsettle(slot);
    }
  }
}

/** The end of a session by the tag of its key's hash, without a look at it if it is the latest. */
export function endNow(sessions: u32, state: u32, tag: u32): i64 {
  const slot = slotOfHead(sessions, tag, state);
  return slot == 0 ? endOf(state) : load<i64>(endAt(slot));
}

/** Adds an open session to those of its key, which has a slot that is unsettled, or 0. */
export function linkSession(sessions: u32, slot: u32, state: u32): void {
  if (slot != 0) {
    const head = stateIn(slot);
    store<u32>(state - E_MORE, moreOf(head));
    store<u32>(head - E_MORE, state);
    return;
  }
  store<u32>(state - E_MORE, 0);
  place(sessions, tagIn(state), state, endOf(state));
  store<u32>(sessions, load<u32>(sessions, X_KEYS) + 1, X_KEYS);
}

/** Adds an open session that starts after all others of its key. */
export function linkLatest(slot: u32, state: u32): void {
  unsettle(slot);
  store<u32>(state - E_MORE, stateIn(slot));
  store<u32>(slot, state, AT_STATES);
  store<i64>(endAt(slot), endOf(state));
}

function removeSlot(sessions: u32, slot: u32): void {
  const last = matches(slot & ~(BUCKET - 1), FREE) != 0;
  store<u32>(slot, last ? FREE : GRAVE);
  store<u32>(slot, 0, AT_STATES);
  if (last) store<u32>(sessions, load<u32>(sessions, X_USED) - 1, X_USED);
  store<u32>(sessions, load<u32>(sessions, X_KEYS) - 1, X_KEYS);
}

// Takes a session out of those that follow `head`; whether it was among them.
function unlinkAfter(head: u32, state: u32): bool {
  for (let before = head; before != 0; before = moreOf(before)) {
    if (moreOf(before) != state) continue;
    store<u32>(before - E_MORE, moreOf(state));
    return true;
  }
  return false;
}

// Takes out a session that is not the first of its key.
function unlinkOther(sessions: u32, tag: u32, state: u32): void {
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  let bucket = bucketOf(buckets, mask, tag);
  while (true) {
    for (let found = matches(bucket, tag); found != 0; found &= found - 1) {
      if (unlinkAfter(stateIn(bucket + (ctz(found) << 2)), state)) return;
    }
    bucket = nextBucket(buckets, mask, bucket);
  }
}

/**
 * Takes a session out of the open ones of its key, and the key with its last one.
 *
 * @returns The key's slot if another session is the first one now, which is to be settled; else 0.
 */
export function unlinkSession(sessions: u32, state: u32): u32 {
  const tag = tagIn(state);
  store<u32>(state - E_TAG, OVER);
  const slot = slotOfHead(sessions, tag, state);
  if (slot == 0) {
    unlinkOther(sessions, tag, state);
    return 0;
  }
  if (moreOf(state) != 0) {
    store<u32>(slot, moreOf(state), AT_STATES);
    return slot;
  }
  removeSlot(sessions, slot);
  return 0;
}
