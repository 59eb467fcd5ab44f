// Sessions that have ended are found by looking through the index, where it may have some.
//
// They are listed first and taken out many at a time, so that the processor fetches their entries
// at once. Taking one out may bring another of its key to another slot, or make it the latest, so a
// slot is looked at again before it is trusted.
import {
  GROUP_BYTES,
  GROUPS_EACH,
  groupsIn,
  leastOf,
  NEVER,
  regionsIn,
} from "./bounds";
import {
  BUCKET,
  BUCKET_SHIFT,
  endIn,
  FAR,
  firstEnds,
  firstSlot,
  isOfKey,
  lastEnds,
  leftIn,
  MOST_LEFT,
  slotIn,
  slotsEnd,
  stateIn,
} from "./buckets";
import { removeEnded } from "./chains";
import { bucketsIn, putEnd, slotOf } from "./index_of_keys";
import {
  E_END,
  E_KEY,
  E_START,
  E_TAG,
  endOf,
  FIRED,
  itemsOf,
  X_ANY_FAR,
  X_BUCKETS,
  X_FIRED,
  X_GROUPS,
  X_LEAST,
  X_RANGE,
  X_REGIONS,
} from "./sessions";

// Slots of sessions that have ended, and the sessions: taken out when so many are listed.
const TOGETHER: u32 = 128;
const LISTED: usize = memory.data((128 + 16 * 6) * 8, 16);

let listed: u32 = 0;
let sink: u32 = 0;

// @ts-ignore: decorator
@inline
function list(slot: u32): void {
  store<u64>((<u32>LISTED) + (listed << 3), (<u64>stateIn(slot) << 32) | slot);
  listed++;
}

// Lists the sessions of a bucket that only their entries tell the ends of, and that have ended; the
// least end of the others.
function listFar(bucket: u32, now: i64): i64 {
  let least = NEVER;
  for (let slot = firstSlot(bucket); slot < slotsEnd(bucket); slot += 4) {
    if (stateIn(slot) == 0 || leftIn(slot) != FAR) continue;
    const end = endOf(stateIn(slot));
    if (end <= now) list(slot);
    else least = min(least, end);
  }
  return least;
}

// Lists the sessions in a group of buckets that have ended; the least end of the others.
function listGroup(sessions: u32, first: u32, last: u32, now: i64): i64 {
  const range = load<i64>(sessions, X_RANGE);
  const anyFar = load<u32>(sessions, X_ANY_FAR) != 0;
  const left = max<i64>(1, min<i64>(<i64>MOST_LEFT + 1, range - now));
  const ended = i32x4.splat(<i32>left);
  let most = i32x4.splat(0);
  let least = NEVER;
  for (let bucket = first; bucket < last; bucket += BUCKET) {
    const head = firstEnds(bucket);
    const tail = lastEnds(bucket);
    const headEnded = i32x4.ge_u(head, ended);
    const tailEnded = i32x4.ge_u(tail, ended);
    most = i32x4.max_u(most, v128.andnot(head, headEnded));
    most = i32x4.max_u(most, v128.andnot(tail, tailEnded));
    if (v128.any_true(v128.or(headEnded, tailEnded))) {
      let bits = i32x4.bitmask(headEnded) | (i32x4.bitmask(tailEnded) << 4);
      for (; bits != 0; bits &= bits - 1) list(slotIn(bucket, bits));
    }
    if (anyFar) least = min(least, listFar(bucket, now));
  }
  const both = i32x4.max_u(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  const near = max(<u32>i32x4.extract_lane(both, 0), <u32>i32x4.extract_lane(both, 1));
  return near == 0 ? least : min(least, range - <i64>near);
}

// Brings what lies before the listed sessions' keys, and their first states, into the cache.
function touchListed(): void {
  let seen: u32 = 0;
  for (let at: u32 = 0; at < listed; at++) {
    const state = load<u32>((<u32>LISTED) + (at << 3), 4);
    seen ^= load<u32>(state - E_START) ^ load<u32>(state - E_KEY);
  }
  sink ^= seen;
}

function fire(sessions: u32, state: u32, end: i64): void {
  store<i64>(state - E_END, end);
  store<u32>(state - E_TAG, FIRED);
  const fired = load<u32>(sessions, X_FIRED);
  store<u64>(itemsOf(sessions) + (fired << 3), <u64>state);
  store<u32>(sessions, fired + 1, X_FIRED);
}

// Puts the listed sessions among the closed ones.
function takeListed(sessions: u32, now: i64): void {
  touchListed();
  for (let at: u32 = 0; at < listed; at++) {
    const state = load<u32>((<u32>LISTED) + (at << 3), 4);
    let slot = load<u32>((<u32>LISTED) + (at << 3));
    if (stateIn(slot) != state) slot = slotOf(sessions, state);
    const end = isOfKey(slot) ? endIn(sessions, slot) : endOf(state);
    if (end > now) putEnd(sessions, slot, end);
    else {
      removeEnded(sessions, slot, state);
      fire(sessions, state, end);
    }
  }
  listed = 0;
}

// Looks through the groups of a region that may have sessions that have ended.
function sweepRegion(sessions: u32, region: u32, now: i64): void {
  const buckets = bucketsIn(sessions);
  const first = region * GROUPS_EACH;
  const last = min(first + GROUPS_EACH, groupsIn(buckets));
  const bounds = load<u32>(sessions, X_GROUPS);
  const start = load<u32>(sessions, X_BUCKETS);
  const end = start + (buckets << BUCKET_SHIFT);
  for (let group = first; group < last; group++) {
    const at = bounds + (group << 3);
    if (load<i64>(at) > now) continue;
    const from = start + group * GROUP_BYTES;
    store<i64>(at, listGroup(sessions, from, min(end, from + GROUP_BYTES), now));
    if (listed > TOGETHER) takeListed(sessions, now);
  }
  takeListed(sessions, now);
  store<i64>(load<u32>(sessions, X_REGIONS) + (region << 3), leastOf(bounds + (first << 3), last - first));
}

/** Takes the sessions that end at or before a time out of the index, and puts them among the closed ones. */
export function sweep(sessions: u32, now: i64): void {
  const regions = regionsIn(bucketsIn(sessions));
  const bounds = load<u32>(sessions, X_REGIONS);
  // a session that becomes the latest of its key may have ended too
  while (load<i64>(sessions, X_LEAST) <= now) {
    for (let region: u32 = 0; region < regions; region++) {
      if (load<i64>(bounds + (region << 3)) <= now) sweepRegion(sessions, region, now);
    }
    store<i64>(sessions, leastOf(bounds, regions), X_LEAST);
  }
}
