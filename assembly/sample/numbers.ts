// Numbers from symbols: each symbol has knots, the values at equal shares of its rows, and between
// two knots a number is as likely as any other.

import { rotate } from "./random";

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

// Two numbers by the addresses of knots, rounded to whole ones where `whole` is not 0, then scaled.
// @ts-ignore: decorator
@inline
function scaled(at: u64, shares: v128, whole: u32, scales: v128): v128 {
  let values = between(<u32>at, <u32>(at >> 32), shares);
  if (whole != 0) values = rounded(values);
  return f64x2.mul(values, scales);
}

// What is stored: `T` is f64, or i32, none below `low` or above `high`.
function drawNumbers<T>(
  seeds: u32, rows: u32, symbols: u32, knots: u32, bits: u32, whole: u32, scale: f64, added: u32,
  low: f64, high: f64, to: u32,
): void {
  const first = i32x4.splat(<i32>knots);
  const shift = <i32>(32 - bits);
  const scales = f64x2.splat(scale);
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  let s0 = v128.load(seeds);
  let s1 = v128.load(seeds, 16);
  let s2 = v128.load(seeds, 32);
  let s3 = v128.load(seeds, 48);
  for (const end = to + rows * sizeof<T>(); to < end; to += 4 * sizeof<T>(), symbols += 8) {
    const words = i32x4.add(rotate(i32x4.add(s0, s3), 7), s0);
    const t = i32x4.shl(s1, 9);
    s2 = v128.xor(s2, s0);
    s3 = v128.xor(s3, s1);
    s1 = v128.xor(s1, s2);
    s0 = v128.xor(s0, s3);
    s2 = v128.xor(s2, t);
    s3 = rotate(s3, 11);
    const own = v128.load16x4_u(symbols);
    const starts = i32x4.add(i32x4.shl(own, <i32>bits), own);
    const at = i32x4.add(first, i32x4.shl(i32x4.add(starts, i32x4.shr_u(words, shift)), 3));
    const shares = i32x4.shl(words, <i32>bits);
    let one = scaled(<u64>i64x2.extract_lane(at, 0), shares, whole, scales);
    const later = v128.shuffle<u64>(shares, shares, 1, 1);
    let two = scaled(<u64>i64x2.extract_lane(at, 1), later, whole, scales);
    if (added != 0) {
      one = f64x2.add(v128.load(added), one);
      two = f64x2.add(v128.load(added, 16), two);
      added += 32;
    }
    if (isFloat<T>()) {
      v128.store(to, one);
      v128.store(to, two, 16);
    } else {
      v128.store(to, intsOf(withinTwo(one, least, most), withinTwo(two, least, most)));
    }
  }
}

/**
 * Numbers within the symbols' knots, of which there are `2^bits + 1` a symbol; rounded to whole ones
 * where `whole` is not 0, then scaled, and added to those at `added` where that is not 0: days and the
 * time within the day, say. Rows are a multiple of four.
 */
export function sampleNumbers(
  seeds: u32, rows: u32, symbols: u32, knots: u32, bits: u32, whole: u32, scale: f64, added: u32,
  to: u32,
): void {
  drawNumbers<f64>(seeds, rows, symbols, knots, bits, whole, scale, added, 0, 0, to);
}

/** The same, stored as i32, none below `low` or above `high`. */
export function sampleInts(
  seeds: u32, rows: u32, symbols: u32, knots: u32, bits: u32, whole: u32, scale: f64, added: u32,
  low: f64, high: f64, to: u32,
): void {
  drawNumbers<i32>(seeds, rows, symbols, knots, bits, whole, scale, added, low, high, to);
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
const WHOLE: u32 = 5;
const EXACT: f64 = 2251799813685248; // 2^51
const WHOLE_BITS: f64 = 6755399441055744; // 1.5 · 2^52

// @ts-ignore: decorator
@inline
function within(value: f64, low: f64, high: f64): f64 {
  return value < low ? low : value > high ? high : value;
}

// @ts-ignore: decorator
@inline
function withinTwo(values: v128, low: v128, high: v128): v128 {
  return f64x2.pmin(f64x2.pmax(values, low), high);
}

// @ts-ignore: decorator
@inline
function intsOf(one: v128, two: v128): v128 {
  const a = i32x4.trunc_sat_f64x2_s_zero(one);
  const b = i32x4.trunc_sat_f64x2_s_zero(two);
  return v128.shuffle<u64>(a, b, 0, 2);
}

// Of four rows at once.
function storeInts(rows: u32, values: u32, low: f64, high: f64, to: u32): void {
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  for (const end = to + (rows << 2); to < end; to += 16, values += 32) {
    const one = withinTwo(v128.load(values), least, most);
    const two = withinTwo(v128.load(values, 16), least, most);
    v128.store(to, intsOf(one, two));
  }
}

// Of two rows at once, where all are below 2^51: to what is added of 1.5 · 2^52 the last bits of a
// double are those of the whole number.
function storeLongs(rows: u32, values: u32, low: f64, high: f64, to: u32): void {
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  const shifted = f64x2.splat(WHOLE_BITS);
  for (const end = to + (rows << 3); to < end; to += 16, values += 16) {
    const whole = f64x2.trunc(withinTwo(v128.load(values), least, most));
    v128.store(to, i64x2.sub(f64x2.add(whole, shifted), shifted));
  }
}

// Whole numbers, of which 0 has no sign.
function storeWhole(rows: u32, values: u32, low: f64, high: f64, to: u32): void {
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  const zero = f64x2.splat(0);
  for (const end = to + (rows << 3); to < end; to += 16, values += 16) {
    const whole = f64x2.trunc(withinTwo(v128.load(values), least, most));
    v128.store(to, f64x2.add(whole, zero));
  }
}

function storeFloats(rows: u32, values: u32, divisor: f64, low: f64, high: f64, to: u32): void {
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  const by = f64x2.splat(divisor);
  for (const end = to + (rows << 2); to < end; to += 16, values += 32) {
    const a = f32x4.demote_f64x2_zero(f64x2.div(withinTwo(v128.load(values), least, most), by));
    const b = f32x4.demote_f64x2_zero(f64x2.div(withinTwo(v128.load(values, 16), least, most), by));
    v128.store(to, v128.shuffle<u64>(a, b, 0, 2));
  }
}

function storeDoubles(rows: u32, values: u32, divisor: f64, low: f64, high: f64, to: u32): void {
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  const by = f64x2.splat(divisor);
  for (const end = to + (rows << 3); to < end; to += 32, values += 32) {
    v128.store(to, f64x2.div(withinTwo(v128.load(values), least, most), by));
    v128.store(to, f64x2.div(withinTwo(v128.load(values, 16), least, most), by), 16);
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
  if (kind == WHOLE) return storeWhole(rows, values, low, high, to);
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
