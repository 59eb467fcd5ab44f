// The rows' sessions looked up ahead, so that the processor fetches what belongs to many at once.
import { HASHES } from "../window/encode";
import { bucketOf, candidateAfter, candidateIn, NO_SLOT, stateIn, tagOf } from "./buckets";
import { X_BUCKETS, X_MASK } from "./sessions";

/** Rows whose sessions are looked up at a time. */
export const AHEAD: u32 = 128;

/** Slots of the rows' keys, probably. */
export const CANDIDATES: usize = memory.data(128 * 4, 16);

let sink: u32 = 0;

// What of a key is read ahead; where there is no state, what lies at the start of the memory.
const STATES: usize = memory.data(128 * 4, 16);

// @ts-ignore: decorator
@inline
function readBucket(buckets: u32, mask: u32, hash: u32): u32 {
  return load<u32>(bucketOf(buckets, mask, load<u32>(hash)));
}

// Brings the buckets of rows' keys into the cache. The loops that read ahead are kept short: what
// counts is how many reads the processor has under way at once.
function touchBuckets(buckets: u32, mask: u32, hashes: u32, count: u32): void {
  const end = hashes + (count << 3);
  let seen: u32 = 0;
  for (; hashes + 32 <= end; hashes += 32) {
    seen ^= readBucket(buckets, mask, hashes);
    seen ^= readBucket(buckets, mask, hashes + 8);
    seen ^= readBucket(buckets, mask, hashes + 16);
    seen ^= readBucket(buckets, mask, hashes + 24);
  }
  for (; hashes < end; hashes += 8) seen ^= readBucket(buckets, mask, hashes);
  sink ^= seen;
}

function touchStates(count: u32): void {
  let seen: u32 = 0;
  let at = <u32>STATES;
  const end = at + (count << 2);
  for (; at + 16 <= end; at += 16) {
    seen ^= load<u32>(load<u32>(at));
    seen ^= load<u32>(load<u32>(at, 4));
    seen ^= load<u32>(load<u32>(at, 8));
    seen ^= load<u32>(load<u32>(at, 12));
  }
  for (; at < end; at += 4) seen ^= load<u32>(load<u32>(at));
  sink ^= seen;
}

/** Finds the slots of rows, and brings what belongs to them into the cache. */
export function listCandidates(sessions: u32, from: u32, count: u32): void {
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  const hashes = (<u32>HASHES) + (from << 3);
  touchBuckets(buckets, mask, hashes, count);
  for (let row: u32 = 0; row < count; row++) {
    const tag = tagOf(load<u64>(hashes + (row << 3)));
    const bucket = bucketOf(buckets, mask, tag);
    let slot = candidateIn(bucket, tag);
    if (slot == <u32>NO_SLOT) slot = candidateAfter(buckets, mask, bucket, tag);
    store<u32>((<u32>CANDIDATES) + (row << 2), slot);
    store<u32>((<u32>STATES) + (row << 2), stateIn(slot));
  }
  touchStates(count);
}
