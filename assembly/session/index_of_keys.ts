// The index of sessions: an open-addressing one of all that are open, by their keys as far as they
// are the latest, from which sessions go again.
//
// Each row moves an end on; so the end of a key's latest session is in its bucket alone. Its other
// sessions have slots too, by which it is found that they have ended: anywhere, and with an end that
// may be too early, since their entries tell it. A bucket with a free slot is the last that a key is
// looked for in. So a slot of a full bucket is not freed but becomes a grave, which is none to the
// eye that looks for a key; making the index anew clears the graves away.
//
// When more ends are far from what those of the index count back from than there are sessions, that
// is moved.
import { sameKey } from "../window/slice_keys";
import { boundsBytes, noteEnd, setBounds } from "./bounds";
import {
  BUCKET,
  BUCKET_SHIFT,
  bucketOf,
  emptySlot,
  endIn,
  fillOther,
  fillSlot,
  firstSlot,
  freeIn,
  gravesIn,
  isOfKey,
  leftIn,
  matches,
  nextBucket,
  SLOTS_EACH,
  slotIn,
  slotsEnd,
  stateIn,
  storeEnd,
  storeLeft,
  tagOf,
} from "./buckets";
import {
  E_END,
  E_SLOT,
  endOf,
  give,
  tagIn,
  take,
  X_ANY_FAR,
  X_BUCKETS,
  X_FAR,
  X_INDEX,
  X_LIMIT,
  X_LINKED,
  X_MASK,
  X_MOVES,
  X_RANGE,
  X_USED,
} from "./sessions";

const LEAST_BUCKETS: u32 = 4;
const NEAR_BUCKETS: u32 = 4096;
const SPARSE: u32 = 16;
const SPREAD: u32 = 0x9e3779b1; // odd, the fraction of the golden ratio in 32 bits
const LISTED: u32 = 8; // state and end of a session in a list
const OTHER: u32 = 1; // beside the state of one that is not the latest of its key
const HALF_RANGE: i64 = 1 << 31;
const LEAST_FAR: u32 = 64;

// A third of the slots while they fit into the caches, where an overflow would cost more than a
// larger index, then five eighths.
function limitOf(buckets: u32): u32 {
  return buckets <= NEAR_BUCKETS ? buckets * 2 : (buckets * SLOTS_EACH * 5) >> 3;
}

export function bucketsIn(sessions: u32): u32 {
  return (load<u32>(sessions, X_MASK) >> BUCKET_SHIFT) + 1;
}

// @ts-ignore: decorator
@inline
function bytesOf(buckets: u32): u32 {
  return (buckets << BUCKET_SHIFT) + BUCKET + boundsBytes(buckets);
}

// Notes that slots are void, and empties them.
function initSlots(sessions: u32, first: u32, buckets: u32): void {
  memory.fill(first, 0, buckets << BUCKET_SHIFT);
  store<u32>(sessions, 0, X_USED);
  store<u32>(sessions, load<u32>(sessions, X_MOVES) + 1, X_MOVES);
  setBounds(sessions, first + (buckets << BUCKET_SHIFT), buckets);
}

function setBuckets(sessions: u32, buckets: u32): bool {
  const block = take(sessions, bytesOf(buckets));
  if (block == 0) return false;
  const first = (block + BUCKET - 1) & ~(BUCKET - 1);
  store<u32>(sessions, block, X_INDEX);
  store<u32>(sessions, first, X_BUCKETS);
  store<u32>(sessions, (buckets - 1) << BUCKET_SHIFT, X_MASK);
  store<u32>(sessions, limitOf(buckets), X_LIMIT);
  initSlots(sessions, first, buckets);
  return true;
}

export function createIndex(sessions: u32): bool {
  return setBuckets(sessions, LEAST_BUCKETS);
}

export function freeIndex(sessions: u32): void {
  give(sessions, load<u32>(sessions, X_INDEX), bytesOf(bucketsIn(sessions)));
}

/** Forgets all sessions. */
export function clearIndex(sessions: u32): void {
  initSlots(sessions, load<u32>(sessions, X_BUCKETS), bucketsIn(sessions));
  store<u32>(sessions, 0, X_LINKED);
}

// A slot that no session has, as near to where a tag is looked for as there is one.
function emptyNear(sessions: u32, tag: u32): u32 {
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  let bucket = bucketOf(buckets, mask, tag);
  let open = freeIn(bucket) | gravesIn(bucket);
  while (open == 0) {
    bucket = nextBucket(buckets, mask, bucket);
    open = freeIn(bucket) | gravesIn(bucket);
  }
  return slotIn(bucket, open);
}

// @ts-ignore: decorator
@inline
function countUsed(sessions: u32, fresh: bool): void {
  if (fresh) store<u32>(sessions, load<u32>(sessions, X_USED) + 1, X_USED);
}

/** A slot for a key that has none, its end still to be set. */
export function place(sessions: u32, tag: u32, state: u32): u32 {
  const slot = emptyNear(sessions, tag);
  countUsed(sessions, fillSlot(slot, tag, state));
  return slot;
}

/**
 * A slot for a session that is not the latest of its key, its end still to be set. They are spread
 * by their addresses: one key may have very many.
 */
export function placeOther(sessions: u32, state: u32): u32 {
  const mixed = (state >> 4) * SPREAD;
  const slot = emptyNear(sessions, mixed ^ (mixed >> 16));
  countUsed(sessions, fillOther(slot, state));
  return slot;
}

/** Sets an end in a slot; false if only the entry can tell it. */
// @ts-ignore: decorator
@inline
export function putEnd(sessions: u32, slot: u32, end: i64): bool {
  noteEnd(sessions, slot, end);
  return storeEnd(sessions, slot, end);
}

// Places a session again.
function placeAgain(sessions: u32, state: u32, left: u32, isLatest: bool): void {
  const slot = isLatest ? place(sessions, tagIn(state), state) : placeOther(sessions, state);
  storeLeft(slot, left);
  noteEnd(sessions, slot, isLatest ? endIn(sessions, slot) : endOf(state));
}

function rebuild(sessions: u32, size: u32): bool {
  const block = load<u32>(sessions, X_INDEX);
  const old = load<u32>(sessions, X_BUCKETS);
  const buckets = bucketsIn(sessions);
  if (!setBuckets(sessions, size)) return false;
  for (let bucket = old; bucket < old + (buckets << BUCKET_SHIFT); bucket += BUCKET) {
    for (let slot = firstSlot(bucket); slot < slotsEnd(bucket); slot += 4) {
      if (stateIn(slot) != 0) placeAgain(sessions, stateIn(slot), leftIn(slot), isOfKey(slot));
    }
  }
  give(sessions, block, bytesOf(buckets));
  return true;
}

// Clears the graves away; false without memory for a list of the sessions.
function clearGraves(sessions: u32): bool {
  const linked = load<u32>(sessions, X_LINKED);
  const list = take(sessions, linked * LISTED);
  if (list == 0) return false;
  const first = load<u32>(sessions, X_BUCKETS);
  const last = first + (bucketsIn(sessions) << BUCKET_SHIFT);
  let at = list;
  for (let bucket = first; bucket < last; bucket += BUCKET) {
    for (let slot = firstSlot(bucket); slot < slotsEnd(bucket); slot += 4) {
      if (stateIn(slot) == 0) continue;
      store<u32>(at, stateIn(slot) | (isOfKey(slot) ? 0 : OTHER));
      store<u32>(at, leftIn(slot), 4);
      at += LISTED;
    }
  }
  initSlots(sessions, load<u32>(sessions, X_BUCKETS), bucketsIn(sessions));
  for (let each = list; each < at; each += LISTED) {
    const state = load<u32>(each);
    placeAgain(sessions, state & ~OTHER, load<u32>(each, 4), (state & OTHER) == 0);
  }
  give(sessions, list, linked * LISTED);
  return true;
}

/** Makes room for one more session; false without memory. */
export function reserveSlot(sessions: u32): bool {
  if (load<u32>(sessions, X_USED) < load<u32>(sessions, X_LIMIT)) return true;
  const crowded = load<u32>(sessions, X_LINKED) * 2 >= load<u32>(sessions, X_LIMIT);
  return crowded ? rebuild(sessions, bucketsIn(sessions) * 2) : clearGraves(sessions);
}

/** Gives back what far fewer sessions no longer need. */
export function trimIndex(sessions: u32): void {
  const wanted = load<u32>(sessions, X_LINKED) * SPARSE;
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

/** The slot of a tag whose first session is this one, 0 if there is none. */
export function slotOfHead(sessions: u32, tag: u32, head: u32): u32 {
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

// Has ends count back from another time, so that one is in the midst of what they may be.
function moveRange(sessions: u32, end: i64): void {
  const first = load<u32>(sessions, X_BUCKETS);
  const last = first + (bucketsIn(sessions) << BUCKET_SHIFT);
  noteEnds(sessions);
  startRange(sessions, end);
  for (let bucket = first; bucket < last; bucket += BUCKET) {
    for (let slot = firstSlot(bucket); slot < slotsEnd(bucket); slot += 4) {
      if (stateIn(slot) != 0) storeEnd(sessions, slot, endOf(stateIn(slot)));
    }
  }
}

/** Sets the end of a key's latest session, by the key's slot. */
export function setEnd(sessions: u32, slot: u32, end: i64): void {
  if (putEnd(sessions, slot, end)) return;
  const far = load<u32>(sessions, X_FAR) + 1;
  store<u32>(sessions, far, X_FAR);
  if (far > LEAST_FAR + load<u32>(sessions, X_LINKED)) moveRange(sessions, end);
}

/** Has all entries tell the ends of their sessions, as the index does. */
export function noteEnds(sessions: u32): void {
  const first = load<u32>(sessions, X_BUCKETS);
  const last = first + (bucketsIn(sessions) << BUCKET_SHIFT);
  for (let bucket = first; bucket < last; bucket += BUCKET) {
    for (let slot = firstSlot(bucket); slot < slotsEnd(bucket); slot += 4) {
      if (isOfKey(slot)) unsettle(sessions, slot);
    }
  }
}

/** The slot of an open session. */
export function slotOf(sessions: u32, state: u32): u32 {
  const slot = slotOfHead(sessions, tagIn(state), state);
  return slot == 0 ? load<u32>(state - E_SLOT) : slot;
}

/** Counts a session that has got a slot. */
export function countLinked(sessions: u32): void {
  store<u32>(sessions, load<u32>(sessions, X_LINKED) + 1, X_LINKED);
}

/** Takes a slot from a session. */
export function removeSlot(sessions: u32, slot: u32): void {
  if (emptySlot(slot)) store<u32>(sessions, load<u32>(sessions, X_USED) - 1, X_USED);
  store<u32>(sessions, load<u32>(sessions, X_LINKED) - 1, X_LINKED);
}

/** Has the ends of an index without sessions count back from where one is in the midst of them. */
export function startRange(sessions: u32, end: i64): void {
  store<i64>(sessions, end + HALF_RANGE, X_RANGE);
  store<u32>(sessions, 0, X_FAR);
  store<u32>(sessions, 0, X_ANY_FAR);
}
