// Looking keys up in an index that is out of cache: first for all of some rows, so that the misses
// overlap. The loops that only read ahead are kept as short as can be: what counts is how many
// reads the processor has under way at once, and WebAssembly has no prefetch.
import { LONG_MARK } from "../hash/hash";
import { bucketOf, LAST_SLOT, matches, S_BUCKETS, S_MASK, stateIn, tagOf } from "./slice";
import { longHash } from "./slice_keys";

/** Rows that are looked up at a time. */
export const AHEAD: u32 = 128;

/** A state for each row that probably is the right one; some address where there is none. */
export const CANDIDATES: usize = memory.data(128 * 4, 16);

// From 2,048 buckets on an index is out of cache.
const FAR_MASK: u32 = 2047 << 6;

/** Whether a slice's index is so large that its lines are asked for some rows ahead. */
// @ts-ignore: decorator
@inline
export function isFar(slice: u32): bool {
  return load<u32>(slice, S_MASK) >= FAR_MASK;
}

// Takes what was read ahead, so that the reads are not left out.
let sink: u64 = 0;

// @ts-ignore: decorator
@inline
function readBucket(buckets: u32, mask: u32, hash: u32): u64 {
  return load<u64>(bucketOf(buckets, mask, load<u32>(hash)));
}

// @ts-ignore: decorator
@inline
function findCandidate(buckets: u32, mask: u32, hash: u32, out: u32): void {
  const bucket = bucketOf(buckets, mask, load<u32>(hash));
  store<u32>(out, stateIn(bucket, matches(bucket, tagOf(load<u64>(hash))) | LAST_SLOT));
}

// @ts-ignore: decorator
@inline
function readState(candidate: u32): u64 {
  return load<u64>(load<u32>(candidate));
}

/** Finds candidates for at most AHEAD rows, and brings them into the cache. */
export function findCandidates(slice: u32, hashes: u32, count: u32): void {
  listCandidates(load<u32>(slice, S_BUCKETS), load<u32>(slice, S_MASK), hashes, count);
  let seen: u64 = 0;
  let out = <u32>CANDIDATES;
  const last = out + (count << 2);
  for (; out + 16 <= last; out += 16) {
    seen ^= readState(out);
    seen ^= readState(out + 4);
    seen ^= readState(out + 8);
    seen ^= readState(out + 12);
  }
  for (; out < last; out += 4) seen ^= readState(out);
  sink ^= seen;
}

/** Finds candidates for at most AHEAD rows by an index, of which only that comes into the cache. */
export function listCandidates(buckets: u32, mask: u32, hashes: u32, count: u32): void {
  const end = hashes + (count << 3);
  let seen: u64 = 0;
  let at = hashes;
  for (; at + 32 <= end; at += 32) {
    seen ^= readBucket(buckets, mask, at);
    seen ^= readBucket(buckets, mask, at + 8);
    seen ^= readBucket(buckets, mask, at + 16);
    seen ^= readBucket(buckets, mask, at + 24);
  }
  for (; at < end; at += 8) seen ^= readBucket(buckets, mask, at);
  sink ^= seen;
  let out = <u32>CANDIDATES;
  for (at = hashes; at + 16 <= end; at += 16, out += 8) {
    findCandidate(buckets, mask, at, out);
    findCandidate(buckets, mask, at + 8, out + 4);
  }
  for (; at < end; at += 8, out += 4) findCandidate(buckets, mask, at, out);
}

/** Brings the long keys of those candidates into the cache whose rows have long keys. */
export function touchTails(blocks: u32, count: u32): void {
  let seen: u64 = 0;
  for (let row: u32 = 0; row < count; row++) {
    if (load<u8>(blocks + (row << 4), 15) != LONG_MARK) continue;
    const state = load<u32>((<u32>CANDIDATES) + (row << 2));
    if (state != 0 && load<u8>(state - 1) == LONG_MARK) seen ^= longHash(state);
  }
  sink ^= seen;
}
