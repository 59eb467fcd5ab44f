// Random words: xoshiro128++ (Blackman, Vigna, "Scrambled linear pseudorandom number generators",
// ACM TOMS 47, 2021) on four SIMD lanes, each seeded by splitmix64 (Steele, Lea, Flood, "Fast
// splittable pseudorandom number generators", OOPSLA 2014) from seed, block and stream: what a block
// of rows is made of depends on nothing before it. Loops that draw have the step written out, for a
// function cannot give back four vectors.

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

// @ts-ignore: decorator
@inline
function mix(given: u64): u64 {
  let z = given + GOLDEN;
  z = (z ^ (z >> 30)) * 0xbf58_476d_1ce4_e5b9;
  z = (z ^ (z >> 27)) * 0x94d0_49bb_1331_11eb;
  return z ^ (z >> 31);
}

// @ts-ignore: decorator
@inline
export function rotate(x: v128, by: i32): v128 {
  return v128.or(i32x4.shl(x, by), i32x4.shr_u(x, 32 - by));
}

/** Writes the four vectors that the words of one stream of one block begin with. */
export function sampleSeeds(
  seedLow: u32, seedHigh: u32, blockLow: u32, blockHigh: u32, stream: u32, to: u32,
): void {
  const seed = (<u64>seedHigh << 32) | <u64>seedLow;
  const block = (<u64>blockHigh << 32) | <u64>blockLow;
  let z = mix(mix(mix(seed) ^ block) ^ <u64>stream);
  for (const end = to + 64; to < end; to += 8, z += GOLDEN) store<u64>(to, mix(z));
}

/** Writes `count` random words, a multiple of four. */
export function sampleRandom(seeds: u32, to: u32, count: u32): void {
  let s0 = v128.load(seeds);
  let s1 = v128.load(seeds, 16);
  let s2 = v128.load(seeds, 32);
  let s3 = v128.load(seeds, 48);
  for (const end = to + (count << 2); to < end; to += 16) {
    v128.store(to, i32x4.add(rotate(i32x4.add(s0, s3), 7), s0));
    const t = i32x4.shl(s1, 9);
    s2 = v128.xor(s2, s0);
    s3 = v128.xor(s3, s1);
    s1 = v128.xor(s1, s2);
    s0 = v128.xor(s0, s3);
    s2 = v128.xor(s2, t);
    s3 = rotate(s3, 11);
  }
}
