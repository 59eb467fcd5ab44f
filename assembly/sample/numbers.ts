// Numbers from symbols: each symbol has knots, the values at equal shares of its rows, and between
// two knots a number is as likely as any other.

// Two numbers between two pairs of neighbouring knots, at shares of 2^32 between them.
// @ts-ignore: decorator
@inline
function between(one: u32, two: u32, shares: v128): v128 {
  const a = v128.load(one);
  const b = v128.load(two);
  const low = v128.shuffle<u64>(a, b, 0, 2);
  const high = v128.shuffle<u64>(a, b, 1, 3);
  const share = f64x2.mul(f64x2.convert_low_i32x4_u(shares), f64x2.splat(1.0 / 4294967296.0));
  return f64x2.add(low, f64x2.mul(f64x2.sub(high, low), share));
}

// @ts-ignore: decorator
@inline
function rounded(values: v128): v128 {
  return f64x2.floor(f64x2.add(values, f64x2.splat(0.5)));
}

/**
 * Numbers within the symbols' knots, of which there are `2^bits + 1` a symbol; rounded to whole ones
 * where `whole` is not 0, then scaled, and added to what is there where `adds` is not 0: days and the
 * time within the day, say. Rows are a multiple of four.
 */
export function sampleNumbers(
  random: u32, rows: u32, symbols: u32, knots: u32, bits: u32, whole: u32, scale: f64, adds: u32,
  to: u32,
): void {
  const first = i32x4.splat(<i32>knots);
  const shift = <i32>(32 - bits);
  const scales = f64x2.splat(scale);
  const end = to + (rows << 3);
  for (; to < end; to += 32, random += 16, symbols += 8) {
    const words = v128.load(random);
    const own = i32x4.extend_low_i16x8_u(v128.load64_zero(symbols));
    const starts = i32x4.add(i32x4.shl(own, <i32>bits), own);
    const at = i32x4.add(first, i32x4.shl(i32x4.add(starts, i32x4.shr_u(words, shift)), 3));
    const shares = i32x4.shl(words, <i32>bits);
    const ab = <u64>i64x2.extract_lane(at, 0);
    const cd = <u64>i64x2.extract_lane(at, 1);
    let one = between(<u32>ab, <u32>(ab >> 32), shares);
    let two = between(<u32>cd, <u32>(cd >> 32), v128.shuffle<u64>(shares, shares, 1, 1));
    if (whole != 0) {
      one = rounded(one);
      two = rounded(two);
    }
    one = f64x2.mul(one, scales);
    two = f64x2.mul(two, scales);
    if (adds != 0) {
      one = f64x2.add(v128.load(to), one);
      two = f64x2.add(v128.load(to, 16), two);
    }
    v128.store(to, one);
    v128.store(to, two, 16);
  }
}

/** Takes numbers from a list by position; 0 for −1. */
export function sampleGather(rows: u32, positions: u32, values: u32, to: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    const at = load<i32>(positions + (i << 2));
    store<f64>(to + (i << 3), at < 0 ? 0 : load<f64>(values + (at << 3)));
  }
}

const INTS: u32 = 0;
const LONGS: u32 = 1;
const FLOATS: u32 = 2;
const DOUBLES: u32 = 3;
const EXACT: f64 = 2251799813685248; // 2^51
const WHOLE_BITS: f64 = 6755399441055744; // 1.5 · 2^52

// @ts-ignore: decorator
@inline
function within(value: f64, low: f64, high: f64): f64 {
  return value < low ? low : value > high ? high : value;
}

// @ts-ignore: decorator
@inline
function withinTwo(at: u32, low: v128, high: v128): v128 {
  return f64x2.pmin(f64x2.pmax(v128.load(at), low), high);
}

// Of four rows at once.
function storeInts(rows: u32, values: u32, low: f64, high: f64, to: u32): void {
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  for (const end = to + (rows << 2); to < end; to += 16, values += 32) {
    const a = i32x4.trunc_sat_f64x2_s_zero(withinTwo(values, least, most));
    const b = i32x4.trunc_sat_f64x2_s_zero(withinTwo(values + 16, least, most));
    v128.store(to, v128.shuffle<u64>(a, b, 0, 2));
  }
}

// Of two rows at once, where all are below 2^51: to what is added of 1.5 · 2^52 the last bits of a
// double are those of the whole number.
function storeLongs(rows: u32, values: u32, low: f64, high: f64, to: u32): void {
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  const shifted = f64x2.splat(WHOLE_BITS);
  for (const end = to + (rows << 3); to < end; to += 16, values += 16) {
    const whole = f64x2.trunc(withinTwo(values, least, most));
    v128.store(to, i64x2.sub(f64x2.add(whole, shifted), shifted));
  }
}

function storeFloats(rows: u32, values: u32, divisor: f64, low: f64, high: f64, to: u32): void {
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  const by = f64x2.splat(divisor);
  for (const end = to + (rows << 2); to < end; to += 16, values += 32) {
    const a = f32x4.demote_f64x2_zero(f64x2.div(withinTwo(values, least, most), by));
    const b = f32x4.demote_f64x2_zero(f64x2.div(withinTwo(values + 16, least, most), by));
    v128.store(to, v128.shuffle<u64>(a, b, 0, 2));
  }
}

function storeDoubles(rows: u32, values: u32, divisor: f64, low: f64, high: f64, to: u32): void {
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  const by = f64x2.splat(divisor);
  for (const end = to + (rows << 3); to < end; to += 32, values += 32) {
    v128.store(to, f64x2.div(withinTwo(values, least, most), by));
    v128.store(to, f64x2.div(withinTwo(values + 16, least, most), by), 16);
  }
}

/**
 * Stores numbers as what a column holds, none below `low` or above `high`, doubles divided. Rows are a
 * multiple of four.
 */
export function sampleStore(
  rows: u32, values: u32, kind: u32, divisor: f64, low: f64, high: f64, to: u32,
): void {
  if (kind == INTS) return storeInts(rows, values, low, high, to);
  if (kind == LONGS && low > -EXACT && high < EXACT) {
    return storeLongs(rows, values, low, high, to);
  }
  if (kind == FLOATS) return storeFloats(rows, values, divisor, low, high, to);
  if (kind == DOUBLES) return storeDoubles(rows, values, divisor, low, high, to);
  for (let i: u32 = 0; i < rows; i++) {
    const value = within(load<f64>(values + (i << 3)), low, high);
    const scaled = <i64>value;
    if (kind == LONGS) store<i64>(to + (i << 3), scaled);
    else {
      store<i64>(to + (i << 4), scaled);
      store<i64>(to + (i << 4), scaled >> 63, 8);
    }
  }
}
