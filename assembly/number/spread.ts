// Digits out of numbers, sixteen at once.

// Vectors are loaded from here, since building one from its constant takes several instructions.
const VECTORS: usize = memory.data<u32>(
  [
    3518437209, 3518437209, 3518437209, 3518437209,
    10000, 10000, 10000, 10000,
    5243, 5243, 5243, 5243,
    100, 100, 100, 100,
    0x0067_0067, 0x0067_0067, 0x0067_0067, 0x0067_0067, // 103
    0x09ff_09ff, 0x09ff_09ff, 0x09ff_09ff, 0x09ff_09ff, // 10 · 256 - 1
    0x3030_3030, 0x3030_3030, 0x3030_3030, 0x3030_3030,
    0x0302_0100, 0x0706_0504, 0x0b0a_0908, 0x0f0e_0d0c, // from here on: places that move bytes
    0x8080_8080, 0x8080_8080, 0x8080_8080, 0x8080_8080,
    0x8080_8080, 0x8080_8080, 0x8080_8080, 0x8080_8080,
  ],
  16,
);

/** The 16 digits of a number below 10^16, as values, the first one first. */
// @ts-ignore: decorator
@inline
export function spread(value: u64): v128 {
  const upper = value / 100000000;
  return spreadPair(((value - upper * 100000000) << 32) | upper);
}

/** The same of its first eight digits, in the lower half, and its last eight. */
// @ts-ignore: decorator
@inline
export function spreadPair(pair: u64): v128 {
  const eights = i64x2.extend_low_i32x4_u(i64x2.splat(pair));
  // numbers below 2^15 are multiplied in pairs with zeros, in half the time that 32 bits take
  // x / 10000 = x · 3518437209 >> 45 for x below 10^8
  const product = i64x2.extmul_low_i32x4_u(i64x2.splat(pair), v128.load(VECTORS));
  const thousands = i64x2.shr_u(product, 45);
  const below = i64x2.sub(eights, i32x4.dot_i16x8_s(thousands, v128.load(VECTORS, 16)));
  const fours = v128.or(i64x2.shl(below, 32), thousands);
  const hundreds = i32x4.shr_u(i32x4.dot_i16x8_s(fours, v128.load(VECTORS, 32)), 19);
  const units = i32x4.sub(fours, i32x4.dot_i16x8_s(hundreds, v128.load(VECTORS, 48)));
  const twos = v128.or(i32x4.shl(units, 16), hundreds);
  const tens = i16x8.shr_u(i16x8.mul(twos, v128.load(VECTORS, 64)), 10);
  // ones · 256 + tens, where ones are twos - 10 · tens
  return i16x8.sub(i16x8.shl(twos, 8), i16x8.mul(tens, v128.load(VECTORS, 80)));
}

/** Digits as characters. */
// @ts-ignore: decorator
@inline
export function characters(digits: v128): v128 {
  return v128.or(digits, v128.load(VECTORS, 96));
}

/** The bytes from `first` on, at most 32, and zeros behind them. */
// @ts-ignore: decorator
@inline
export function from(bytes: v128, first: u32): v128 {
  return i8x16.swizzle(bytes, v128.load(VECTORS + first, 112));
}

/** Bit i is set where digit i is not zero. */
// @ts-ignore: decorator
@inline
export function nonzero(digits: v128): u32 {
  return <u32>i8x16.bitmask(i8x16.gt_s(digits, i8x16.splat(0)));
}
