const SEED = 0x9747b28c;
const FACTOR = 0x5bd1e995;

/**
 * MurmurHash2 of 32 bits (Austin Appleby) as Kafka's default partitioner has it
 * (`org.apache.kafka.common.utils.Utils.murmur2`), as a signed number.
 */
export function murmur2(key: Uint8Array): number {
  const whole = key.length & ~3;
  let hash = SEED ^ key.length;
  for (let at = 0; at < whole; at += 4) {
    let word = key[at] | key[at + 1] << 8 | key[at + 2] << 16 | key[at + 3] << 24;
    word = Math.imul(word, FACTOR);
    word = Math.imul(word ^ word >>> 24, FACTOR);
    hash = Math.imul(hash, FACTOR) ^ word;
  }
  for (let at = key.length - 1; at >= whole; at--) hash ^= key[at] << 8 * (at - whole);
  if (whole < key.length) hash = Math.imul(hash, FACTOR);
  hash = Math.imul(hash ^ hash >>> 13, FACTOR);
  return hash ^ hash >>> 15;
}

/** The partition that Java's default partitioner gives a key. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
