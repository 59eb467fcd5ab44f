// Which sessions a key has: an open-addressing index of the latest open session of each key, as a
// slice has one, from which keys go again.
//
// Each row moves an end on; so the end of a key's latest session is in its bucket, those of others,
// which follow it in no order, are in their entries. A bucket with a free slot is the last that a key
// is looked for in. So a slot of a full bucket is not freed but becomes a grave, which is none to
// the eye that looks for a key; making the index anew clears the graves away.
//
// When more ends are far from the base that those of the index count from than there are keys, the
// base is moved there.
import { sameKey } from "../window/slice_keys";
import {
  awayIn,
  BUCKET,
  BUCKET_SHIFT,
  bucketOf,
  emptySlot,
  endIn,
  fillSlot,
  firstSlot,
  freeIn,
  gravesIn,
  matches,
  nextBucket,
  SLOTS_EACH,
  slotIn,
  slotsEnd,
  stateIn,
  storeAway,
  storeEnd,
  tagOf,
} from "./buckets";
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
  X_BASE,
  X_BUCKETS,
  X_FAR,
  X_INDEX,
  X_KEYS,
  X_LIMIT,
  X_MASK,
  X_USED,
} from "./sessions";

const LEAST_BUCKETS: u32 = 4;
const NEAR_BUCKETS: u32 = 4096;
const SPARSE: u32 = 16;
const LISTED: u32 = 8; // state and end of a key in a list
const HALF_RANGE: i64 = 1 << 31;
const LEAST_FAR: u32 = 64;

// A third of the slots while they fit into the caches, where an overflow would cost more than a
// larger index, then five eighths.
function limitOf(buckets: u32): u32 {
  return buckets <= NEAR_BUCKETS ? buckets * 2 : (buckets * SLOTS_EACH * 5) >> 3;
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

// A slot for a key that has none, its end still to be set.
function place(sessions: u32, tag: u32, state: u32): u32 {
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  let bucket = bucketOf(buckets, mask, tag);
  let open = freeIn(bucket) | gravesIn(bucket);
  while (open == 0) {
    bucket = nextBucket(buckets, mask, bucket);
    open = freeIn(bucket) | gravesIn(bucket);
  }
  const slot = slotIn(bucket, open);
  if (fillSlot(slot, tag, state)) store<u32>(sessions, load<u32>(sessions, X_USED) + 1, X_USED);
  return slot;
}

// Places a key again, by the tag that its session's entry tells.
// @ts-ignore: decorator
@inline
function placeAgain(sessions: u32, state: u32, away: u32): void {
  storeAway(place(sessions, tagIn(state), state), away);
}

function rebuild(sessions: u32, size: u32): bool {
  const block = load<u32>(sessions, X_INDEX);
  const old = load<u32>(sessions, X_BUCKETS);
  const buckets = bucketsIn(sessions);
  if (!setBuckets(sessions, size)) return false;
  for (let bucket = old; bucket < old + (buckets << BUCKET_SHIFT); bucket += BUCKET) {
    for (let slot = firstSlot(bucket); slot < slotsEnd(bucket); slot += 4) {
      if (stateIn(slot) != 0) placeAgain(sessions, stateIn(slot), awayIn(slot));
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
    for (let slot = firstSlot(bucket); slot < slotsEnd(bucket); slot += 4) {
      if (stateIn(slot) == 0) continue;
      store<u32>(at, stateIn(slot));
      store<u32>(at, awayIn(slot), 4);
      at += LISTED;
    }
  }
  memory.fill(first, 0, bytes);
  store<u32>(sessions, 0, X_USED);
  for (let key = list; key < at; key += LISTED) {
    placeAgain(sessions, load<u32>(key), load<u32>(key, 4));
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
      const slot = slotIn(bucket, found);
      if (sameKey(stateIn(slot), block, hash)) return slot;
    }
    if (freeIn(bucket) != 0) return 0;
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
      const slot = slotIn(bucket, found);
      if (stateIn(slot) == head) return slot;
    }
    if (freeIn(bucket) != 0) return 0;
    bucket = nextBucket(buckets, mask, bucket);
  }
}

/** Has the entry of a key's latest session tell its end, as those of the others do. */
export function unsettle(sessions: u32, slot: u32): void {
  store<i64>(stateIn(slot) - E_END, endIn(sessions, slot));
}

// Has ends count from another base, in the midst of what they may be.
function moveBase(sessions: u32, base: i64): void {
  const first = load<u32>(sessions, X_BUCKETS);
  const last = first + (bucketsIn(sessions) << BUCKET_SHIFT);
  noteEnds(sessions);
  store<i64>(sessions, base, X_BASE);
  store<u32>(sessions, 0, X_FAR);
  for (let bucket = first; bucket < last; bucket += BUCKET) {
    for (let slot = firstSlot(bucket); slot < slotsEnd(bucket); slot += 4) {
      if (stateIn(slot) != 0) storeEnd(sessions, slot, endOf(stateIn(slot)));
    }
  }
}

/** Sets the end of a slot's session. */
export function setEnd(sessions: u32, slot: u32, end: i64): void {
  if (storeEnd(sessions, slot, end)) return;
  const far = load<u32>(sessions, X_FAR) + 1;
  store<u32>(sessions, far, X_FAR);
  if (far > LEAST_FAR + load<u32>(sessions, X_KEYS)) moveBase(sessions, end - HALF_RANGE);
}

/** Finds the latest of a key's sessions by what their entries tell, and puts it first. */
export function settle(sessions: u32, slot: u32): void {
  const head = stateIn(slot);
  let latest = head;
  for (let state = moreOf(head); state != 0; state = moreOf(state)) {
    if (endOf(state) > endOf(latest)) latest = state;
  }
  if (latest != head) {
    unlinkAfter(head, latest);
    store<u32>(latest - E_MORE, head);
    store<u32>(slot, latest);
  }
  setEnd(sessions, slot, endOf(latest));
}

/** Has all entries tell the ends of their sessions, as the index does. */
export function noteEnds(sessions: u32): void {
  const first = load<u32>(sessions, X_BUCKETS);
  const last = first + (bucketsIn(sessions) << BUCKET_SHIFT);
  for (let bucket = first; bucket < last; bucket += BUCKET) {
    for (let slot = firstSlot(bucket); slot < slotsEnd(bucket); slot += 4) {
      if (stateIn(slot) != 0) unsettle(sessions, slot);
    }
  }
}

/** The end of a session by the tag of its key's hash, without a look at it if it is the latest. */
export function endNow(sessions: u32, state: u32, tag: u32): i64 {
  const slot = slotOfHead(sessions, tag, state);
  return slot == 0 ? endOf(state) : endIn(sessions, slot);
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
  if (load<u32>(sessions, X_KEYS) == 0) {
    store<i64>(sessions, endOf(state) - HALF_RANGE, X_BASE);
    store<u32>(sessions, 0, X_FAR);
  }
  store<u32>(sessions, load<u32>(sessions, X_KEYS) + 1, X_KEYS);
  setEnd(sessions, place(sessions, tagIn(state), state), endOf(state));
}

/** Adds an open session that starts after all others of its key. */
export function linkLatest(sessions: u32, slot: u32, state: u32): void {
  unsettle(sessions, slot);
  store<u32>(state - E_MORE, stateIn(slot));
  store<u32>(slot, state);
  setEnd(sessions, slot, endOf(state));
}

function removeSlot(sessions: u32, slot: u32): void {
  if (emptySlot(slot)) store<u32>(sessions, load<u32>(sessions, X_USED) - 1, X_USED);
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
      if (unlinkAfter(stateIn(slotIn(bucket, found)), state)) return;
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
    store<u32>(slot, moreOf(state));
    return slot;
  }
  removeSlot(sessions, slot);
  return 0;
}
