const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * A 32-bit hash of a key's UTF-16 units (FNV-1a with a final mix, http://www.isthe.com/chongo/tech/comp/fnv).
 *
 * Only ever compared within one process, and equal keys have equal hashes on all of its threads.
 */
export function keyHash(key: string): number {
  let hash = OFFSET;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), PRIME);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d);
}
