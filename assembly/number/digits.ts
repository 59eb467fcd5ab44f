// Sixteen bytes of digits at once.

const IOTA = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

/** Digits as their values; every other byte is above 9. */
// @ts-ignore: decorator
@inline
export function digitsAt(at: u32): v128 {
  return i8x16.sub(v128.load(at), i8x16.splat(0x30));
}

/** Bit i is set where byte i is no digit, or is not within `room`; bits from 16 on always are. */
// @ts-ignore: decorator
@inline
export function stopsOf(digits: v128, room: u32): u32 {
  const stops = ~(<u32>i8x16.bitmask(i8x16.le_u(digits, i8x16.splat(9))));
  return room < 16 ? stops | (0xffff_ffff << room) : stops;
}

/** The number that 16 digits are. */
// @ts-ignore: decorator
@inline
function valueOf(digits: v128): u64 {
  const tens = i16x8.mul(v128.and(digits, i16x8.splat(0xff)), i16x8.splat(10));
  const pairs = i16x8.add(tens, i16x8.shr_u(digits, 8));
  const fours = i32x4.dot_i16x8_s(pairs, i16x8(100, 1, 100, 1, 100, 1, 100, 1));
  const packed = i16x8.narrow_i32x4_u(fours, fours);
  const eights = i32x4.dot_i16x8_s(packed, i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1));
  const both = <u64>i64x2.extract_lane(eights, 0);
  return (both & 0xffff_ffff) * 100000000 + (both >> 32);
}

/** The number that the first `count` digits are, at most 16. */
// @ts-ignore: decorator
@inline
export function wholeOf(digits: v128, count: u32): u64 {
  return valueOf(i8x16.swizzle(digits, i8x16.add(IOTA, i8x16.splat(<i8>(count - 16)))));
}

/** The number that the first `count` bytes are, at most 16, without the point at `point`. */
// @ts-ignore: decorator
@inline
export function pointedOf(digits: v128, count: u32, point: u32): u64 {
  const places = i8x16.add(IOTA, i8x16.splat(<i8>(count - 16)));
  const before = i8x16.le_s(places, i8x16.splat(<i8>point));
  return valueOf(i8x16.swizzle(digits, i8x16.add(places, before)));
}
