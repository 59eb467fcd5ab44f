// Looking keys up in an index that is out of cache: first for all of some rows, so that the misses
// overlap. The loops that only read ahead are kept as short as can be: what counts is how many
// reads the processor has under way at once, and WebAssembly has no prefetch.
import { bucketOf, matches, S_BUCKETS, S_MASK, stateIn, tagOf } from "./slice";

/** Rows that are looked up at a time. */
export const AHEAD: u32 = 128;

/** A state for each row that probably is the right one; some address where there is none. */
export const CANDIDATES: usize = memory.data(128 * 4, 16);

// Stands for no match: the state in the last slot, if any, then turns out to have another key.
const LAST_SLOT: u32 = 8;

// From 4,096 buckets on an index is out of cache.
const FAR_MASK: u32 = 4095 << 5;

/** Whether a slice's index is so large that its lines are asked for some rows ahead. */
// @ts-ignore: decorator
@inline
export function isFar(slice: u32): bool {
  return load<u32>(slice, S_MASK) >= FAR_MASK;
}

// Takes what was read ahead, so that the reads are not left out.
let sink: u64 = 0;

/** Finds candidates for at most AHEAD rows, and brings them into the cache. */
export function findCandidates(slice: u32, hashes: u32, count: u32): void {
  const buckets = load<u32>(slice, S_BUCKETS);
  const mask = load<u32>(slice, S_MASK);
  let seen: u64 = 0;
  for (let at = hashes; at < hashes + (count << 3); at += 8) {
    seen ^= load<u64>(bucketOf(buckets, mask, load<u32>(at)));
  }
  for (let row: u32 = 0; row < count; row++) {
    const tag = tagOf(load<u64>(hashes + (row << 3)));
    const bucket = bucketOf(buckets, mask, tag);
    store<u32>((<u32>CANDIDATES) + (row << 2), stateIn(bucket, matches(bucket, tag) | LAST_SLOT));
  }
  for (let row: u32 = 0; row < count; row++) {
    seen ^= load<u64>(load<u32>((<u32>CANDIDATES) + (row << 2)));
  }
  sink ^= seen;
}
