// Numbers as text. Each function writes at `to` and gives the address behind; it may also change
// what lies up to 64 bytes from `to`, which the caller has reserved.

import { preparePowers } from "./powers";
import { exactDigits, powerOf, quickDigits, shortestPower } from "./shortest";
import { characters, from, nonzero, spread, spreadPair } from "./spread";

const FRACTION: u64 = 0x000f_ffff_ffff_ffff;
const EIGHT: u64 = 100000000;
const SIXTEEN: u64 = 10000000000000000; // 10^16
const WHOLE: f64 = 9007199254740992; // 2^53
const HUNDREDTHS: f64 = 10000000000000; // 10^13: with two more digits there are at most 15
const UNITS: f64 = 4503599627370496; // 2^52: from there to twice that, the last bit of a double is 1
const ZEROS: u64 = 0x3030_3030_3030_3030;
const NULL: u32 = 0x6c6c_756e;

/** The characters of 00 to 99. */
const TWO: usize = memory.data<u16>(
  [
    12336, 12592, 12848, 13104, 13360, 13616, 13872, 14128, 14384, 14640, 12337, 12593, 12849,
    13105, 13361, 13617, 13873, 14129, 14385, 14641, 12338, 12594, 12850, 13106, 13362, 13618,
    13874, 14130, 14386, 14642, 12339, 12595, 12851, 13107, 13363, 13619, 13875, 14131, 14387,
    14643, 12340, 12596, 12852, 13108, 13364, 13620, 13876, 14132, 14388, 14644, 12341, 12597,
    12853, 13109, 13365, 13621, 13877, 14133, 14389, 14645, 12342, 12598, 12854, 13110, 13366,
    13622, 13878, 14134, 14390, 14646, 12343, 12599, 12855, 13111, 13367, 13623, 13879, 14135,
    14391, 14647, 12344, 12600, 12856, 13112, 13368, 13624, 13880, 14136, 14392, 14648, 12345,
    12601, 12857, 13113, 13369, 13625, 13881, 14137, 14393, 14649,
  ],
  8,
);

/** A double as `String` writes it: the shortest digits that read as it, of these the nearest. */
export function writeF64(to: u32, value: f64): u32 {
  const size = abs(value);
  store<u8>(to, 0x2d);
  const at = to + u32(value < 0);
  if (size < WHOLE && floor(size) == size) return writeU64(at, <u64>(<i64>size));
  const end = writeShort(at, size);
  if (end != 0) return end;
  if (!(size < Infinity)) return writeWord(at, size != size);
  return writeFull(at, size);
}

/** A double of at most two decimals, not whole and not negative; 0 for any other. */
// @ts-ignore: decorator
@inline
function writeShort(to: u32, size: f64): u32 {
  if (!(size < HUNDREDTHS)) return 0;
  // the sum rounds to whole hundredths, which then are its last bits
  const sum = size * 100 + UNITS;
  // what is read from fifteen digits has no shorter ones, and no others
  if ((sum - UNITS) / 100 != size) return 0;
  const hundredths = reinterpret<u64>(sum) & FRACTION;
  if (size < 10000) return writeHundredths(to, <u32>hundredths);
  return writePlaced(to, hundredths, -2);
}

/** A finite double that is positive, of any digits. */
// @ts-ignore: decorator
@inline
function writeFull(to: u32, size: f64): u32 {
  const bits = reinterpret<u64>(size);
  const fraction = bits & FRACTION;
  const exponent = <i32>(bits >> 52);
  if (fraction != 0 && exponent != 0) {
    preparePowers();
    const digits = quickDigits(fraction, exponent);
    if (digits != 0) {
      const end = writeQuick(to, digits, powerOf(exponent));
      if (end != 0) return end;
      return writePlaced(to, <u64><u32>digits * EIGHT + (digits >> 32), powerOf(exponent));
    }
  }
  return writePlaced(to, exactDigits(bits), shortestPower());
}

// How often in a row doubles of a column may have had more than two decimals before only some are
// tried for fewer.
const PATIENCE: u32 = 4;

/**
 * As {@link writeF64}, but what JSON has no number for is `null`, and -0 keeps its sign. What is
 * counted at `misses` is which way was in vain for the values before, and saves that.
 */
// @ts-ignore: decorator
@inline
export function writeJsonF64(to: u32, value: f64, misses: u32): u32 {
  const size = abs(value);
  store<u8>(to, 0x2d);
  const at = to + <u32>(reinterpret<u64>(value) >> 63);
  if (size < WHOLE && floor(size) == size) return writeU64(at, <u64>(<i64>size));
  const missed = load<u32>(misses);
  if (missed < PATIENCE || (missed & 15) == 0) {
    const end = writeShort(at, size);
    if (end != 0) {
      store<u32>(misses, 0);
      return end;
    }
  }
  store<u32>(misses, missed + 1);
  if (!(size < Infinity)) {
    store<u32>(to, NULL);
    return to + 4;
  }
  return writeFull(at, size);
}

function writeWord(to: u32, isNaN: bool): u32 {
  if (isNaN) {
    store<u32>(to, 0x4e_614e);
    return to + 3;
  }
  store<u64>(to, 0x7974_696e_6966_6e49);
  return to + 8;
}

/** The two characters of a number below 100. */
// @ts-ignore: decorator
@inline
function two(value: u32): u32 {
  return load<u16>(TWO + (value << 1));
}

/** The four characters of a number below 10000. */
// @ts-ignore: decorator
@inline
export function four(value: u32): u32 {
  const hundreds = value / 100;
  return two(hundreds) | (two(value - hundreds * 100) << 16);
}

/** The eight characters of a number below 10^8. */
// @ts-ignore: decorator
@inline
function eight(value: u32): u64 {
  const upper = value / 10000;
  return <u64>four(upper) | (<u64>four(value - upper * 10000) << 32);
}

/** The eight digits of a number below 10^8, the first in the lowest byte. */
// @ts-ignore: decorator
@inline
export function eightDigits(value: u32): u64 {
  const upper = value / 10000;
  const fours = <u64>upper | (<u64>(value - upper * 10000) << 32);
  const hundreds = ((fours * 10486) >> 20) & 0x0000_007f_0000_007f;
  const twos = hundreds | ((fours - hundreds * 100) << 16);
  const tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
  return tens | ((twos - tens * 10) << 8);
}

/** How many of eight characters are zeros before others. */
// @ts-ignore: decorator
@inline
function zerosBefore(characters: u64): u32 {
  return <u32>ctz(characters ^ ZEROS) >> 3;
}

/** A whole number below 10000. */
// @ts-ignore: decorator
@inline
function writeSmall(to: u32, value: u32): u32 {
  const zeros = u32(value < 1000) + u32(value < 100) + u32(value < 10);
  store<u32>(to, four(value) >> (zeros << 3));
  return to + 4 - zeros;
}

/** A whole number without a sign. */
export function writeU64(to: u32, value: u64): u32 {
  if (value < 10000) return writeSmall(to, <u32>value);
  if (value < 100000000) {
    const text = eight(<u32>value);
    const zeros = zerosBefore(text);
    store<u64>(to, text >> (zeros << 3));
    return to + 8 - zeros;
  }
  if (value < SIXTEEN) return writeSixteen(to, value);
  const upper = value / SIXTEEN;
  const at = writeU64(to, upper);
  v128.store(at, characters(spread(value - upper * SIXTEEN)));
  return at + 16;
}

/** A whole number from 1 to below 10^16. */
// @ts-ignore: decorator
@inline
export function writeSixteen(to: u32, value: u64): u32 {
  const digits = spread(value);
  const first = <u32>ctz(nonzero(digits));
  v128.store(to, from(characters(digits), first));
  return to + 16 - first;
}

/** Hundredths below 10000, not whole. */
// @ts-ignore: decorator
@inline
function writeHundredths(to: u32, value: u32): u32 {
  const whole = value / 100;
  const at = writeSmall(to, whole);
  const rest = two(value - whole * 100);
  store<u32>(at, 0x2e | (rest << 8));
  return at + 3 - u32(rest >> 8 == 0x30);
}

/** A whole number. */
// @ts-ignore: decorator
@inline
export function writeI64(to: u32, value: i64): u32 {
  store<u8>(to, 0x2d);
  return writeU64(to + u32(value < 0), value < 0 ? 0 - <u64>value : <u64>value);
}

/** A whole number. */
// @ts-ignore: decorator
@inline
export function writeI32(to: u32, value: i32): u32 {
  const size = <u32>abs(value);
  store<u8>(to, 0x2d);
  const at = to + u32(value < 0);
  return size < 10000 ? writeSmall(at, size) : writeU64(at, size);
}

/** As {@link writePlaced}, of what `quickDigits` gives; 0 where it stands with an exponent. */
// @ts-ignore: decorator
@inline
function writeQuick(to: u32, digits: u64, power: i32): u32 {
  const leading = <u32>digits / <u32>EIGHT;
  const more = u32(leading != 0);
  const point = power + 16 + <i32>more;
  if (<u32>(point + 5) > 26) return 0;
  const rest = spreadPair(digits - leading * EIGHT);
  const text = characters(rest);
  const count: u32 = more + 32 - <u32>clz(nonzero(rest));
  if (point <= 0) {
    const at = to + 2 - point;
    store<u64>(to, 0x3030_3030_3030_2e30); // 0.000000
    store<u8>(at, 0x30 + leading);
    v128.store(at + more, text);
    return at + count;
  }
  store<u8>(to, 0x30 + leading);
  v128.store(to + more, text);
  if (count <= <u32>point) return padZeros(to + count, to + point);
  store<u8>(to + point, 0x2e);
  v128.store(to + point + 1, from(text, point - more));
  return to + count + 1;
}

/** digits · 10^power as JavaScript places points; the digits are below 10^17 and not zero. */
function writePlaced(to: u32, digits: u64, power: i32): u32 {
  const leading = digits / SIXTEEN;
  const rest = spread(digits - leading * SIXTEEN);
  const text = characters(rest);
  const marks = (nonzero(rest) << 1) | u32(leading != 0);
  const first = <u32>ctz(marks);
  const count: u32 = 32 - <u32>clz(marks) - first;
  // where the point is, from the first digit on
  const point = power + 17 - <i32>first;
  if (point > 21 || point < -5) return writeScientific(to, text, <u32>leading, first, count, point);
  if (point > 0) {
    putDigits(to, text, <u32>leading, first);
    if (count <= <u32>point) return padZeros(to + count, to + point);
    store<u8>(to + point, 0x2e);
    v128.store(to + point + 1, from(text, first + point - 1));
    return to + count + 1;
  }
  store<u64>(to, 0x3030_3030_3030_2e30); // 0.000000
  putDigits(to + 2 - point, text, <u32>leading, first);
  return to + 2 - point + count;
}

/** Puts the digits from the `first` on, of 17: one and the text of 16. */
// @ts-ignore: decorator
@inline
function putDigits(to: u32, text: v128, leading: u32, first: u32): void {
  const without = u32(first != 0);
  store<u8>(to, 0x30 + leading);
  v128.store(to + 1 - without, from(text, first - without));
}

function padZeros(at: u32, end: u32): u32 {
  v128.store(at, i8x16.splat(0x30));
  v128.store(at + 16, i8x16.splat(0x30));
  return end;
}

function writeScientific(
  to: u32, text: v128, leading: u32, first: u32, count: u32, point: i32,
): u32 {
  putDigits(to, text, leading, first);
  let at = to + 1;
  if (count > 1) {
    store<u8>(to + 1, 0x2e);
    v128.store(to + 2, from(text, first));
    at = to + count + 1;
  }
  const exponent = <u32>abs(point - 1);
  store<u16>(at, point < 1 ? 0x2d65 : 0x2b65);
  at += 2;
  const hundreds = exponent / 100;
  store<u8>(at, 0x30 + hundreds);
  at += u32(hundreds != 0);
  const rest = exponent - hundreds * 100;
  store<u8>(at, 0x30 + rest / 10);
  at += u32(exponent > 9);
  store<u8>(at, 0x30 + rest % 10);
  return at + 1;
}
