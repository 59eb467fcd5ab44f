// A bucket of the index of keys: a line of the cache with six tags of 16 bits, 4 unused bytes, six
// states, and the ends of six sessions.
//
// A slot is told by where its state is. A tag is the high half of those 32 bits of the key's hash
// that an entry keeps, its lowest bit set. An end is 32 bits of milliseconds from a base that all
// ends of the index share; of one too far from it, FAR stands here, and the entry tells it.
import { E_END, endOf, X_BASE } from "./sessions";

export const BUCKET_SHIFT: u32 = 6;
export const BUCKET: u32 = 64;
export const SLOTS_EACH: u32 = 6;
const AT_STATES: u32 = 16;
const AT_STATES_END: u32 = 40;
const AT_END: u32 = 24; // from a slot
const ALL_SLOTS: u32 = 63;

// Tags of keys are odd.
const FREE: u32 = 0;
const GRAVE: u32 = 2;

/** Instead of an end: the entry tells. */
export const FAR: u32 = ~0;

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
const NO_SLOT: usize = memory.data(64, 16);

/** The first of a bucket's slots with this tag; one without a key if there is none. */
// @ts-ignore: decorator
@inline
export function candidateIn(bucket: u32, tag: u32): u32 {
  const found = matches(bucket, tag);
  return select<u32>(slotIn(bucket, found), <u32>NO_SLOT, found != 0);
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

/** Gives a slot to a key; whether none had it before. */
export function fillSlot(slot: u32, tag: u32, state: u32): bool {
  const fresh = load<u16>(tagAt(slot)) == FREE;
  store<u16>(tagAt(slot), <u16>shortTag(tag));
  store<u32>(slot, state);
  return fresh;
}

/** Takes a slot from its key; whether it is free then, and not a grave. */
export function emptySlot(slot: u32): bool {
  const isLast = freeIn(slot & ~(BUCKET - 1)) != 0;
  store<u16>(tagAt(slot), <u16>(isLast ? FREE : GRAVE));
  store<u32>(slot, 0);
  storeAway(slot, 0);
  return isLast;
}

/** The end of a slot's session as it stands here; 0 in a slot without a key. */
// @ts-ignore: decorator
@inline
export function awayIn(slot: u32): u32 {
  return load<u32>(slot, AT_END);
}

// @ts-ignore: decorator
@inline
export function storeAway(slot: u32, away: u32): void {
  store<u32>(slot, away, AT_END);
}

/** The end of a slot's session. */
// @ts-ignore: decorator
@inline
export function endIn(sessions: u32, slot: u32): i64 {
  const away = awayIn(slot);
  if (away == FAR) return endOf(stateIn(slot));
  return load<i64>(sessions, X_BASE) + <i64>away;
}

/** Notes the end of a slot's session; false if only the entry can tell it. */
export function storeEnd(sessions: u32, slot: u32, end: i64): bool {
  const away = <u64>(end - load<i64>(sessions, X_BASE));
  const isNear = away < FAR;
  storeAway(slot, isNear ? <u32>away : FAR);
  if (!isNear) store<i64>(stateIn(slot) - E_END, end);
  return isNear;
}
