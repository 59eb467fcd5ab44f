// Decimals, and doubles with a fixed number of decimals, as text. As in all writing, the caller has
// reserved room: 48 bytes of text, and 64 behind.

import { exactPower, wholePower } from "./powers";
import { characters, from, nonzero, spread } from "./spread";
import { high } from "./wide";
import { eightDigits, writeF64 } from "./write";

const EIGHT: u64 = 100000000;
const SIXTEEN: u64 = 10000000000000000; // 10^16
const ZEROS: u64 = 0x3030_3030_3030_3030;
const PLACES: u32 = 48;
const TEXT: usize = memory.data(48 + 64, 16);
const LIMBS: usize = memory.data(16, 16);

/** A scaled integer of 16 bytes, with `scale` digits behind the point. */
// @ts-ignore: decorator
@inline
export function writeDecimal(to: u32, address: u32, scale: u32): u32 {
  let lower = load<u64>(address);
  let upper = load<u64>(address, 8);
  const negative = <i64>upper < 0;
  store<u8>(to, 0x2d);
  if (negative) {
    lower = 0 - lower;
    upper = ~upper + u64(lower == 0);
  }
  const at = to + u32(negative);
  if (isShort(lower, upper, scale)) return writeShort(at, <u32>lower, scale);
  return writeScaled(at, lower, upper, scale);
}

// @ts-ignore: decorator
@inline
function isShort(lower: u64, upper: u64, scale: u32): bool {
  return ((lower < EIGHT) & (upper == 0) & (scale - 1 < 7)) != 0;
}

/** upper:lower, below 10^40, with `scale` digits behind the point. */
function writeScaled(to: u32, lower: u64, upper: u64, scale: u32): u32 {
  if (isShort(lower, upper, scale)) return writeShort(to, <u32>lower, scale);
  if (upper != 0 || lower >= SIXTEEN || scale > 15) return writeWide(to, lower, upper, scale);
  const digits = spread(lower);
  const text = characters(digits);
  const count = max(16 - <u32>ctz(nonzero(digits) | 0x8000), scale + 1);
  v128.store(to, from(text, 16 - count));
  if (scale == 0) return to + count;
  const point = to + count - scale;
  store<u8>(point, 0x2e);
  v128.store(point + 1, from(text, 16 - scale));
  return to + count + 1;
}

/** A number below 10^8 with 1 to 7 digits behind the point. */
// @ts-ignore: decorator
@inline
function writeShort(to: u32, value: u32, scale: u32): u32 {
  const digits = eightDigits(value);
  const text = digits | ZEROS;
  // one digit before the point counts, whatever it is
  const places = scale << 3;
  const zeros = <u32>ctz(digits | (<u64>1 << (56 - places))) >> 3;
  const whole = 8 - scale - zeros;
  store<u64>(to, text >> (zeros << 3));
  store<u8>(to + whole, 0x2e);
  store<u64>(to + whole + 1, text >> (64 - places));
  return to + whole + 1 + scale;
}

/** Divides the limbs by 10^8; the remainder. */
function takeEight(): u64 {
  let rest: u64 = 0;
  for (let i: i32 = 3; i >= 0; i--) {
    rest = (rest << 32) | load<u32>(LIMBS + (i << 2));
    store<u32>(LIMBS + (i << 2), <u32>(rest / EIGHT));
    rest %= EIGHT;
  }
  return rest;
}

function writeWide(to: u32, lower: u64, upper: u64, scale: u32): u32 {
  store<u64>(LIMBS, lower);
  store<u64>(LIMBS, upper, 8);
  let first: u32 = PLACES;
  for (let place: i32 = 32; place >= 0; place -= 16) {
    const low = takeEight();
    const digits = spread(takeEight() * EIGHT + low);
    v128.store(TEXT + place, characters(digits));
    const found = nonzero(digits);
    if (found != 0) first = place + <u32>ctz(found);
  }
  const count = max(PLACES - first, scale + 1);
  const whole = count - scale;
  copy48(to, <u32>TEXT + PLACES - count);
  if (scale == 0) return to + count;
  store<u8>(to + whole, 0x2e);
  copy48(to + whole + 1, <u32>TEXT + PLACES - scale);
  return to + count + 1;
}

// @ts-ignore: decorator
@inline
function copy48(to: u32, at: u32): void {
  v128.store(to, v128.load(at));
  v128.store(to, v128.load(at, 16), 16);
  v128.store(to, v128.load(at, 32), 32);
}

/**
 * A double with `decimals` digits behind the point, at most 19, as `toFixed` writes it: rounded by
 * what the double is exactly, halves away from zero; from 10^21 on as {@link writeF64} does.
 */
export function writeFixed(to: u32, value: f64, decimals: u32): u32 {
  const size = abs(value);
  if (!(size < 1e21)) return writeF64(to, value);
  store<u8>(to, 0x2d);
  const at = to + u32(value < 0);
  const scaled = size * exactPower(decimals);
  const whole = floor(scaled);
  // the product is off by less than half of this, and so not on the other side of a half
  if (scaled < 1e15 && abs(scaled - whole - 0.5) > scaled * 4.440892098500626e-16) {
    return writeScaled(at, <u64>(<i64>floor(scaled + 0.5)), 0, decimals);
  }
  return writeExactly(at, reinterpret<u64>(size), decimals);
}

function writeExactly(to: u32, bits: u64, decimals: u32): u32 {
  const exponent = <i32>(bits >> 52);
  const fraction = bits & 0x000f_ffff_ffff_ffff;
  const digits = exponent != 0 ? fraction | (<u64>1 << 52) : fraction;
  const power = max(exponent, 1) - 1075;
  if (power >= 0) {
    // below 10^21, so below 2^70
    const upper = power == 0 ? 0 : digits >> (64 - power);
    return padFraction(writeScaled(to, digits << power, upper, 0), decimals);
  }
  const factor = wholePower(decimals);
  return writeShifted(to, digits * factor, high(digits, factor), -power, decimals);
}

/** upper:lower / 2^shift, rounded, halves up, with `decimals` digits behind the point. */
function writeShifted(to: u32, lower: u64, upper: u64, shift: u32, decimals: u32): u32 {
  if (shift > 127) return writeScaled(to, 0, 0, decimals);
  let half: u64 = 0;
  let low: u64 = 0;
  let more: u64 = 0;
  if (shift < 64) {
    half = (lower >> (shift - 1)) & 1;
    low = (lower >> shift) | (upper << (64 - shift));
    more = upper >> shift;
  } else {
    half = shift == 64 ? lower >> 63 : (upper >> (shift - 65)) & 1;
    low = shift == 64 ? upper : upper >> (shift - 64);
  }
  low += half;
  return writeScaled(to, low, more + u64(low < half), decimals);
}

function padFraction(to: u32, decimals: u32): u32 {
  if (decimals == 0) return to;
  store<u8>(to, 0x2e);
  v128.store(to + 1, i8x16.splat(0x30));
  v128.store(to + 17, i8x16.splat(0x30));
  return to + 1 + decimals;
}
