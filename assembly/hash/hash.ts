// 64-bit hashes of keys, the same on every bee and in every delta.
//
// Multiplications by odd constants move what differs upwards, shifts fold it down again (the
// finalisers of SplitMix64 and MurmurHash3 work like this; WebAssembly has no 128-bit product for
// wyhash proper). Top bits choose the key group, low bits the slot, so both ends must be good.

/** Odd, the fraction of the golden ratio in 64 bits: its products differ most in their top bits. */
export const K1: u64 = 0x9e3779b97f4a7c15;
const K2: u64 = 0xc2b2ae3d27d4eb4f;
const K3: u64 = 0xff51afd7ed558ccd;
const SEED: u64 = 0x2545f4914f6cdd1d;

/** Longest key that lies in its 16-byte block whole; the last byte then holds the length. */
export const SHORT_KEY: u32 = 15;
/** Last byte of the block of the null key. */
export const NULL_MARK: u8 = 0xfe;
/** Last byte of a block that holds length and address of a longer key. */
export const LONG_MARK: u8 = 0xff;

// 16 bytes of ones before 16 of zeros: loading 16 − n bytes in keeps n bytes.
const KEEP: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
], 16);

// @ts-ignore: decorator
@inline
export function finish(hash: u64): u64 {
  const mixed = (hash ^ (hash >> 32)) * K3;
  return mixed ^ (mixed >> 29);
}

/** Hash of a fixed-width key: a bijection, so that different keys have different hashes. */
// @ts-ignore: decorator
@inline
export function hashFixed(key: u64): u64 {
  const mixed = (key ^ (key >> 32)) * K1;
  return mixed ^ (mixed >> 32);
}

// @ts-ignore: decorator
@inline
function hashHalves(low: u64, high: u64): u64 {
  return ((low ^ SEED) * K1) ^ rotl<u64>(high * K2, 32);
}

/** The first `length` (at most 16) bytes at `at`, then zeros; reads 16 bytes. */
// @ts-ignore: decorator
@inline
export function loadPart(at: u32, length: u32): v128 {
  return v128.and(v128.load(at), v128.load((<u32>KEEP) + 16 - length));
}

/** The block of a key of at most SHORT_KEY bytes. */
// @ts-ignore: decorator
@inline
export function shortBlock(at: u32, length: u32): v128 {
  return i8x16.replace_lane(loadPart(at, length), 15, <i8>length);
}

/** Hash of a key by its block, which is not that of a longer one. */
// @ts-ignore: decorator
@inline
export function hashBlock(block: v128): u64 {
  return finish(hashHalves(i64x2.extract_lane(block, 0), i64x2.extract_lane(block, 1)));
}

/** Hash of a key of more than SHORT_KEY bytes. */
export function hashLong(at: u32, length: u32): u64 {
  let hash: u64 = 0;
  for (let done: u32 = 0; done < length; done += 16) {
    const block = loadPart(at + done, min<u32>(16, length - done));
    const mixed = hashHalves(i64x2.extract_lane(block, 0), i64x2.extract_lane(block, 1));
    hash = (rotl<u64>(hash, 23) ^ mixed) * K3;
  }
  return finish(hash ^ length);
}

/** The block of the null key. */
// @ts-ignore: decorator
@inline
export function nullBlock(): v128 {
  return i8x16.replace_lane(i64x2.splat(0), 15, <i8>NULL_MARK);
}

/** Hash of the null key. */
export function hashNull(): u64 {
  return hashBlock(nullBlock());
}

/** Whether two runs of bytes are equal; may read 15 bytes beyond each. */
export function sameBytes(a: u32, b: u32, length: u32): bool {
  let at: u32 = 0;
  for (; at + 16 <= length; at += 16) {
    if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
  }
  const left = length - at;
  return !v128.any_true(v128.xor(loadPart(a + at, left), loadPart(b + at, left)));
}
