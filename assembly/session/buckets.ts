// A bucket of the index of sessions: a line of the cache with six tags of 16 bits, 4 unused bytes,
// six states, and the ends of six sessions.
//
// A slot is told by where its state is. The tag of a key, in the slot of its latest session, is the
// high half of those 32 bits of the key's hash that an entry keeps, its lowest bit set. An end is
// how many milliseconds it is before a time that all ends of the index share, in 32 bits; 0 where
// that is too far, and the entry tells the end, and where there is no session. So what has ended is
// what has a greater number, and the sessions of a bucket are compared at once.
import { E_END, E_SLOT, endOf, X_ANY_FAR, X_RANGE } from "./sessions";

export const BUCKET_SHIFT: u32 = 6;
export const BUCKET: u32 = 64;
export const SLOTS_EACH: u32 = 6;
const AT_STATES: u32 = 16;
const AT_STATES_END: u32 = 40;
const AT_ENDS: u32 = 40;
const AT_END: u32 = 24; // from a slot
const ALL_SLOTS: u32 = 63;

// Tags of keys are odd.
const FREE: u32 = 0;
const GRAVE: u32 = 2;
/** The tag of a session that is not the latest of its key, or takes no rows any more. */
const OTHER: u32 = 4;

/** Instead of an end: the entry tells. */
export const FAR: u32 = 0;
/** Most that an end can be before the time that it counts from. */
export const MOST_LEFT: u64 = 0xffff_fffe;

/** The bits of a hash that an entry keeps. */
// @ts-ignore: decorator
@inline
export function tagOf(hash: u64): u32 {
  return <u32>hash | 1;
}

// @ts-ignore: decorator
@inline
function shortTag(tag: u32): u32 {
  return (tag >> 16) | 1;
}

/** The bucket where a tag is looked for first; the lowest bit, which is always set, has no say. */
// @ts-ignore: decorator
@inline
export function bucketOf(buckets: u32, mask: u32, tag: u32): u32 {
  return buckets + ((tag << (BUCKET_SHIFT - 1)) & mask);
}

/** The bucket after one, the first after the last. */
// @ts-ignore: decorator
@inline
export function nextBucket(buckets: u32, mask: u32, bucket: u32): u32 {
  return buckets + ((bucket - buckets + BUCKET) & mask);
}

// @ts-ignore: decorator
@inline
function slotsOf(bucket: u32, short: u32): u32 {
  return i16x8.bitmask(i16x8.eq(v128.load(bucket), i16x8.splat(<i16>short)));
}

/** Which of a bucket's slots have this tag, as bits. */
// @ts-ignore: decorator
@inline
export function matches(bucket: u32, tag: u32): u32 {
  return slotsOf(bucket, shortTag(tag));
}

/** Which of a bucket's slots are free. */
// @ts-ignore: decorator
@inline
export function freeIn(bucket: u32): u32 {
  return slotsOf(bucket, FREE) & ALL_SLOTS;
}

/** Which of a bucket's slots are graves. */
// @ts-ignore: decorator
@inline
export function gravesIn(bucket: u32): u32 {
  return slotsOf(bucket, GRAVE);
}

/** The first slot of some bits. */
// @ts-ignore: decorator
@inline
export function slotIn(bucket: u32, bits: u32): u32 {
  return bucket + AT_STATES + (ctz(bits) << 2);
}

// A slot without a key.
export const NO_SLOT: usize = memory.data(64, 16);

/** The first of a bucket's slots with this tag; one without a key if there is none. */
// @ts-ignore: decorator
@inline
export function candidateIn(bucket: u32, tag: u32): u32 {
  const found = matches(bucket, tag);
  return select<u32>(slotIn(bucket, found), <u32>NO_SLOT, found != 0);
}

/** The same of the buckets after one that has none. */
export function candidateAfter(buckets: u32, mask: u32, bucket: u32, tag: u32): u32 {
  while (freeIn(bucket) == 0) {
    bucket = nextBucket(buckets, mask, bucket);
    const slot = candidateIn(bucket, tag);
    if (slot != <u32>NO_SLOT) return slot;
  }
  return <u32>NO_SLOT;
}

/** The first slot of a bucket. */
// @ts-ignore: decorator
@inline
export function firstSlot(bucket: u32): u32 {
  return bucket + AT_STATES;
}

/** Where the slots of a bucket end. */
// @ts-ignore: decorator
@inline
export function slotsEnd(bucket: u32): u32 {
  return bucket + AT_STATES_END;
}

/** The latest of a key's sessions, by the key's slot; 0 in a slot without a key. */
// @ts-ignore: decorator
@inline
export function stateIn(slot: u32): u32 {
  return load<u32>(slot);
}

// @ts-ignore: decorator
@inline
function tagAt(slot: u32): u32 {
  const bucket = slot & ~(BUCKET - 1);
  return bucket + ((slot - bucket - AT_STATES) >> 1);
}

/** Whether a slot is a key's, with its latest session. */
// @ts-ignore: decorator
@inline
export function isOfKey(slot: u32): bool {
  return (load<u16>(tagAt(slot)) & 1) != 0;
}

/** Gives a slot to a key; whether none had it before. */
export function fillSlot(slot: u32, tag: u32, state: u32): bool {
  const fresh = load<u16>(tagAt(slot)) == FREE;
  store<u16>(tagAt(slot), <u16>shortTag(tag));
  store<u32>(slot, state);
  return fresh;
}

/** Gives a slot to a session that is not the latest of its key; whether none had it before. */
export function fillOther(slot: u32, state: u32): bool {
  const fresh = load<u16>(tagAt(slot)) == FREE;
  store<u16>(tagAt(slot), <u16>OTHER);
  store<u32>(slot, state);
  store<u32>(state - E_SLOT, slot);
  return fresh;
}

/** Takes a slot from its session; whether it is free then, and not a grave. */
export function emptySlot(slot: u32): bool {
  const isLast = freeIn(slot & ~(BUCKET - 1)) != 0;
  store<u16>(tagAt(slot), <u16>(isLast ? FREE : GRAVE));
  store<u32>(slot, 0);
  storeLeft(slot, 0);
  return isLast;
}

/** The end of a slot's session as it stands here. */
// @ts-ignore: decorator
@inline
export function leftIn(slot: u32): u32 {
  return load<u32>(slot, AT_END);
}

// @ts-ignore: decorator
@inline
export function storeLeft(slot: u32, left: u32): void {
  store<u32>(slot, left, AT_END);
}

/** The end of the latest session of a key, by the key's slot. */
// @ts-ignore: decorator
@inline
export function endIn(sessions: u32, slot: u32): i64 {
  const left = leftIn(slot);
  if (left == FAR) return endOf(stateIn(slot));
  return load<i64>(sessions, X_RANGE) - <i64>left;
}

/** Notes the end of a slot's session; false if only the entry can tell it. */
export function storeEnd(sessions: u32, slot: u32, end: i64): bool {
  const left = <u64>(load<i64>(sessions, X_RANGE) - end);
  const isNear = left - 1 < MOST_LEFT;
  storeLeft(slot, isNear ? <u32>left : FAR);
  if (!isNear) {
    store<i64>(stateIn(slot) - E_END, end);
    store<u32>(sessions, 1, X_ANY_FAR);
  }
  return isNear;
}

/** Ends of a bucket's first four sessions. */
// @ts-ignore: decorator
@inline
export function firstEnds(bucket: u32): v128 {
  return v128.load(bucket, AT_ENDS);
}

/** Ends of its last two, and two that are 0. */
// @ts-ignore: decorator
@inline
export function lastEnds(bucket: u32): v128 {
  return v128.load64_zero(bucket, AT_ENDS + 16);
}
