// Which sessions a key has: an open-addressing index of tags and of the first open session of each
// key, as a slice has one, from which keys go again.
//
// A bucket with a free slot is the last that a key is looked for in. So a slot of a full bucket is
// not freed but becomes a grave, which is none to the eye that looks for a key; making the index anew
// clears the graves away.
import {
  bucketOf,
  matches,
  nextBucket,
  sameKey,
  stateIn,
  tagOf,
} from "../window/slice";
import {
  E_MORE,
  E_TAG,
  give,
  moreOf,
  tagIn,
  take,
  X_BUCKETS,
  X_KEYS,
  X_LIMIT,
  X_MASK,
  X_USED,
} from "./sessions";

const BUCKET_SHIFT: u32 = 5;
const LEAST_BUCKETS: u32 = 4;
const NEAR_BUCKETS: u32 = 16384;
const SPARSE: u32 = 16;

// Tags are odd.
const FREE: u32 = 0;
const GRAVE: u32 = 2;

// As in slices: a quarter of the slots while they fit into the caches, then half.
function limitOf(buckets: u32): u32 {
  return buckets <= NEAR_BUCKETS ? buckets : buckets * 2;
}

function bucketsIn(sessions: u32): u32 {
  return (load<u32>(sessions, X_MASK) >> BUCKET_SHIFT) + 1;
}

function setBuckets(sessions: u32, buckets: u32): bool {
  const block = take(sessions, buckets << BUCKET_SHIFT);
  if (block == 0) return false;
  memory.fill(block, 0, buckets << BUCKET_SHIFT);
  store<u32>(sessions, block, X_BUCKETS);
  store<u32>(sessions, (buckets - 1) << BUCKET_SHIFT, X_MASK);
  store<u32>(sessions, limitOf(buckets), X_LIMIT);
  store<u32>(sessions, 0, X_USED);
  return true;
}

export function createIndex(sessions: u32): bool {
  return setBuckets(sessions, LEAST_BUCKETS);
}

export function freeIndex(sessions: u32): void {
  give(sessions, load<u32>(sessions, X_BUCKETS), bucketsIn(sessions) << BUCKET_SHIFT);
}

/** Forgets all keys. */
export function clearIndex(sessions: u32): void {
  memory.fill(load<u32>(sessions, X_BUCKETS), 0, bucketsIn(sessions) << BUCKET_SHIFT);
  store<u32>(sessions, 0, X_KEYS);
  store<u32>(sessions, 0, X_USED);
}

function place(sessions: u32, tag: u32, state: u32): void {
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
  store<u32>(slot, state, 16);
}

function rebuild(sessions: u32, size: u32): bool {
  const old = load<u32>(sessions, X_BUCKETS);
  const buckets = bucketsIn(sessions);
  if (!setBuckets(sessions, size)) return false;
  for (let bucket = old; bucket < old + (buckets << BUCKET_SHIFT); bucket += 1 << BUCKET_SHIFT) {
    for (let slot: u32 = 0; slot < 16; slot += 4) {
      const tag = load<u32>(bucket + slot);
      if ((tag & 1) != 0) place(sessions, tag, load<u32>(bucket + slot, 16));
    }
  }
  give(sessions, old, buckets << BUCKET_SHIFT);
  return true;
}

/** Makes room for one more key; false without memory. */
export function reserveKey(sessions: u32): bool {
  if (load<u32>(sessions, X_USED) < load<u32>(sessions, X_LIMIT)) return true;
  const buckets = bucketsIn(sessions);
  const crowded = load<u32>(sessions, X_KEYS) * 2 >= load<u32>(sessions, X_LIMIT);
  return rebuild(sessions, crowded ? 2 * buckets : buckets);
}

/** Gives back what far fewer keys no longer need. */
export function trimIndex(sessions: u32): void {
  const wanted = load<u32>(sessions, X_KEYS) * SPARSE;
  let buckets = bucketsIn(sessions);
  if (buckets == LEAST_BUCKETS || wanted >= load<u32>(sessions, X_LIMIT)) return;
  while (buckets > LEAST_BUCKETS && wanted < limitOf(buckets) * 4) buckets >>= 1;
  rebuild(sessions, buckets);
}

/** The first open session of a key by its block and hash, 0 if it has none. */
export function findKey(sessions: u32, block: v128, hash: u64): u32 {
  const tag = tagOf(hash);
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  let bucket = bucketOf(buckets, mask, tag);
  while (true) {
    for (let found = matches(bucket, tag); found != 0; found &= found - 1) {
      const state = stateIn(bucket, found);
      if (sameKey(state, block, hash)) return state;
    }
    if (matches(bucket, FREE) != 0) return 0;
    bucket = nextBucket(buckets, mask, bucket);
  }
}

/** Adds an open session to those of its key, whose first one is `head`, or 0. */
export function linkSession(sessions: u32, head: u32, state: u32): void {
  if (head != 0) {
    store<u32>(state - E_MORE, moreOf(head));
    store<u32>(head - E_MORE, state);
    return;
  }
  store<u32>(state - E_MORE, 0);
  place(sessions, tagIn(state), state);
  store<u32>(sessions, load<u32>(sessions, X_KEYS) + 1, X_KEYS);
}

function removeSlot(sessions: u32, bucket: u32, slot: u32): void {
  const last = matches(bucket, FREE) != 0;
  store<u32>(slot, last ? FREE : GRAVE);
  store<u32>(slot, 0, 16);
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

/** Takes a session out of the open ones of its key, and the key with its last one. */
export function unlinkSession(sessions: u32, state: u32): void {
  const tag = tagIn(state);
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  store<u32>(state - E_TAG, 0);
  for (let bucket = bucketOf(buckets, mask, tag);; bucket = nextBucket(buckets, mask, bucket)) {
    for (let found = matches(bucket, tag); found != 0; found &= found - 1) {
      const slot = bucket + (ctz(found) << 2);
      const head = load<u32>(slot, 16);
      if (head == state) {
        if (moreOf(state) == 0) removeSlot(sessions, bucket, slot);
        else store<u32>(slot, moreOf(state), 16);
        return;
      }
      if (unlinkAfter(head, state)) return;
    }
  }
}
