// MurmurHash2 of 32 bits by Austin Appleby, with the seed and the bytes' order of Kafka's default
// partitioner (`org.apache.kafka.common.utils.Utils.murmur2`).

const SEED: u32 = 0x9747b28c;
const FACTOR: u32 = 0x5bd1e995;

/** The hash of a key. */
export function murmur2(from: u32, bytes: u32): u32 {
  let hash = SEED ^ bytes;
  let at = from;
  for (const end = from + (bytes & ~3); at < end; at += 4) {
    let word = load<u32>(at) * FACTOR;
    word ^= word >>> 24;
    hash = (hash * FACTOR) ^ (word * FACTOR);
  }
  const left = bytes & 3;
  if (left != 0) {
    // the bytes behind are not the key's
    hash = (hash ^ (load<u32>(at) & ((1 << (left << 3)) - 1))) * FACTOR;
  }
  hash ^= hash >>> 13;
  hash *= FACTOR;
  return hash ^ (hash >>> 15);
}

/** As {@link murmur2}, of bytes that lie behind others. */
export function murmur2Behind(prefix: u32, prefixBytes: u32, from: u32, fromBytes: u32): u32 {
  const bytes = prefixBytes + fromBytes;
  let hash = SEED ^ bytes;
  let word: u32 = 0;
  for (let at: u32 = 0; at < bytes; at++) {
    const byte = <u32>load<u8>(at < prefixBytes ? prefix + at : from + at - prefixBytes);
    word |= byte << ((at & 3) << 3);
    if ((at & 3) == 3) {
      word *= FACTOR;
      word ^= word >>> 24;
      hash = (hash * FACTOR) ^ (word * FACTOR);
      word = 0;
    }
  }
  if ((bytes & 3) != 0) hash = (hash ^ word) * FACTOR;
  hash ^= hash >>> 13;
  hash *= FACTOR;
  return hash ^ (hash >>> 15);
}
