// Times before which no session ends: one for every 16 buckets of the index, one for every 64 of
// those, and one for all.
//
// A row that moves an end on leaves them as they are, so a bound may be too low, but never too high.
// What a watermark has reached is looked through (sweep.ts) and gets its bound anew. So it costs
// nothing that a session is open, and looking at all that may have ended is reading on.
import { BUCKET_SHIFT } from "./buckets";
import { X_BUCKETS, X_GROUPS, X_LEAST, X_REGIONS } from "./sessions";

const GROUP_SHIFT: u32 = 4;
const REGION_SHIFT: u32 = 6;
export const GROUP_BYTES: u32 = 1 << (GROUP_SHIFT + BUCKET_SHIFT);
export const GROUPS_EACH: u32 = 1 << REGION_SHIFT;

/** The bound where there is no session; its bytes are all the same. */
export const NEVER: i64 = 0x7f7f7f7f7f7f7f7f;
const NEVER_BYTE: u8 = 0x7f;

export function groupsIn(buckets: u32): u32 {
  return (buckets + (1 << GROUP_SHIFT) - 1) >> GROUP_SHIFT;
}

export function regionsIn(buckets: u32): u32 {
  return (groupsIn(buckets) + GROUPS_EACH - 1) >> REGION_SHIFT;
}

/** Bytes that the bounds of an index take. */
export function boundsBytes(buckets: u32): u32 {
  return (groupsIn(buckets) + regionsIn(buckets)) << 3;
}

/** Has the bounds of an index without sessions lie at an address. */
export function setBounds(sessions: u32, at: u32, buckets: u32): void {
  memory.fill(at, NEVER_BYTE, boundsBytes(buckets));
  store<u32>(sessions, at, X_GROUPS);
  store<u32>(sessions, at + (groupsIn(buckets) << 3), X_REGIONS);
  store<i64>(sessions, NEVER, X_LEAST);
}

// @ts-ignore: decorator
@inline
function lower(at: u32, end: i64): void {
  if (end < load<i64>(at)) store<i64>(at, end);
}

/** Notes that a slot has a session with this end, which it had not. */
export function noteEnd(sessions: u32, slot: u32, end: i64): void {
  const group = (slot - load<u32>(sessions, X_BUCKETS)) / GROUP_BYTES;
  const at = load<u32>(sessions, X_GROUPS) + (group << 3);
  if (end >= load<i64>(at)) return;
  store<i64>(at, end);
  lower(load<u32>(sessions, X_REGIONS) + ((group >> REGION_SHIFT) << 3), end);
  lower(sessions + X_LEAST, end);
}

/** The least of `count` bounds. */
export function leastOf(at: u32, count: u32): i64 {
  let least = NEVER;
  for (const end = at + (count << 3); at < end; at += 8) least = min(least, load<i64>(at));
  return least;
}
