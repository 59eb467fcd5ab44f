import { bucketOf, matches, stateIn } from "./slice";

// Takes what was read ahead, so that the reads are not left out.
let sink: u64 = 0;

/**
 * Asks for the buckets of some tags, then for the states behind them, so that the misses overlap.
 *
 * @param hashes 64 bits each.
 */
export function touch(buckets: u32, mask: u32, hashes: u32, count: u32): void {
  let seen: u64 = 0;
  for (let row: u32 = 0; row < count; row++) {
    seen ^= load<u64>(bucketOf(buckets, mask, load<u32>(hashes + (row << 3))));
  }
  for (let row: u32 = 0; row < count; row++) {
    const hash = load<u32>(hashes + (row << 3));
    const bucket = bucketOf(buckets, mask, hash);
    const found = matches(bucket, hash | 1);
    seen ^= load<u64>(stateIn(bucket, found & 15 | 8));
  }
  sink ^= seen;
}
