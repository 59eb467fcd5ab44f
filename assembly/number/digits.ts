// Sixteen bytes of digits at once.

// Vectors are loaded from here, since building one from its constant takes several instructions.
const VECTORS: usize = memory.data<u32>(
  [
    0x3030_3030, 0x3030_3030, 0x3030_3030, 0x3030_3030,
    0x3939_3939, 0x3939_3939, 0x3939_3939, 0x3939_3939,
    0x0a01_0a01, 0x0a01_0a01, 0x0a01_0a01, 0x0a01_0a01, // 10 · 256 + 1
    0x0001_0064, 0x0001_0064, 0x0001_0064, 0x0001_0064, // 100, 1
    0x0001_2710, 0x0001_2710, 0x0001_2710, 0x0001_2710, // 10000, 1
    0x8080_8080, 0x8080_8080, 0x8080_8080, 0x8080_8080, // from here on: places that move bytes
    0x0302_0100, 0x0706_0504, 0x0b0a_0908, 0x0f0e_0d0c,
  ],
  16,
);

/** Bytes as digits; a minus and a point become 0. */
// @ts-ignore: decorator
@inline
export function digitsOf(bytes: v128): v128 {
  return i8x16.sub_sat_u(bytes, v128.load(VECTORS));
}

/** Bit i is set where byte i of 16 is no digit. */
// @ts-ignore: decorator
@inline
export function stopsIn(bytes: v128): u32 {
  const below = i8x16.lt_s(bytes, v128.load(VECTORS));
  return <u32>i8x16.bitmask(v128.or(below, i8x16.gt_s(bytes, v128.load(VECTORS, 16))));
}

/** The same, and where it is not within `room`; bits from 16 on always are set. */
// @ts-ignore: decorator
@inline
export function stopsOf(bytes: v128, room: u32): u32 {
  return stopsIn(bytes) | (0xffff_ffff << min<u32>(room, 16));
}

/** The number that 16 digits are. */
// @ts-ignore: decorator
@inline
function valueOf(digits: v128): u64 {
  const pairs = i16x8.shr_u(i16x8.mul(digits, v128.load(VECTORS, 32)), 8);
  const fours = i32x4.dot_i16x8_s(pairs, v128.load(VECTORS, 48));
  const packed = i16x8.narrow_i32x4_u(fours, fours);
  const both = <u64>i64x2.extract_lane(i32x4.dot_i16x8_s(packed, v128.load(VECTORS, 64)), 0);
  return (both & 0xffff_ffff) * 100000000 + (both >> 32);
}

/** The number that the first `count` digits are, at most 16. */
// @ts-ignore: decorator
@inline
export function wholeOf(digits: v128, count: u32): u64 {
  return valueOf(i8x16.swizzle(digits, v128.load(VECTORS + count, 80)));
}

/** The number that the first `count` bytes are, at most 16, without the point at `point`. */
// @ts-ignore: decorator
@inline
export function pointedOf(digits: v128, count: u32, point: u32): u64 {
  const places = v128.load(VECTORS + count, 80);
  const before = i8x16.gt_s(i8x16.splat(<i8>(point + 1)), places);
  return valueOf(i8x16.swizzle(digits, i8x16.add(places, before)));
}

/** The number that the first `count` bytes are, at most 8 digits, the first in the lowest byte. */
// @ts-ignore: decorator
@inline
export function eightOf(bytes: u64, count: u32): u64 {
  // a shift by 64 is one by 0, so it is made in two steps
  const half = 32 - (count << 2);
  const digits = ((bytes << half) << half) & 0x0f0f_0f0f_0f0f_0f0f;
  const pairs = ((digits * 2561) >> 8) & 0x00ff_00ff_00ff_00ff;
  const fours = ((pairs * 6553601) >> 16) & 0x0000_ffff_0000_ffff;
  return (fours * 42949672960001) >> 32;
}
