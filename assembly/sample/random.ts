// Random words: xoshiro128++ (Blackman, Vigna, "Scrambled linear pseudorandom number generators",
// ACM TOMS 47, 2021) on four SIMD lanes, each seeded by splitmix64 (Steele, Lea, Flood, "Fast
// splittable pseudorandom number generators", OOPSLA 2014) from seed, block and stream: what a block
// of rows is made of depends on nothing before it.

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
function rotate(x: v128, by: i32): v128 {
  return v128.or(i32x4.shl(x, by), i32x4.shr_u(x, 32 - by));
}

/** Writes `count` random words, a multiple of four, for one stream of one block. */
export function sampleRandom(
  seedLow: u32, seedHigh: u32, blockLow: u32, blockHigh: u32, stream: u32, to: u32, count: u32,
): void {
  const seed = (<u64>seedHigh << 32) | <u64>seedLow;
  const block = (<u64>blockHigh << 32) | <u64>blockLow;
  let z = mix(mix(mix(seed) ^ block) ^ <u64>stream);
  let words: v128 = i64x2.splat(0);
  let s0 = words, s1 = words, s2 = words, s3 = words;
  for (let each: u32 = 0; each < 4; each++) {
    words = i64x2.replace_lane(words, 0, <i64>mix(z));
    z += GOLDEN;
    words = i64x2.replace_lane(words, 1, <i64>mix(z));
    z += GOLDEN;
    s0 = s1;
    s1 = s2;
    s2 = s3;
    s3 = words;
  }
  const end = to + (count << 2);
  for (let at = to; at < end; at += 16) {
    v128.store(at, i32x4.add(rotate(i32x4.add(s0, s3), 7), s0));
    const t = i32x4.shl(s1, 9);
    s2 = v128.xor(s2, s0);
    s3 = v128.xor(s3, s1);
    s1 = v128.xor(s1, s2);
    s0 = v128.xor(s0, s3);
    s2 = v128.xor(s2, t);
    s3 = rotate(s3, 11);
  }
}
