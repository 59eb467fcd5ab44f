// Sums of doubles without any rounding, for as long as the doubles are of like sizes: each is split
// into two parts of fixed point, by adding a large constant that rounds and taking it off again
// (Rump, Ogita and Oishi, "Accurate floating-point summation", 2008, ExtractScalar), and the bits of
// the parts are added as integers. With the first part's bits come those of the constant, so that
// the rows are counted by the way.
//
// For |x| < 2^(E-1): the first part is a multiple of 2^(E-31), whose sum over 65,535 rows takes 48
// bits, with the rows in the 16 bits above; the second one a multiple of 2^(E-79), at most 2^47 of
// them, whose sum takes 64 bits. So nothing is lost of an x from 2^(E-27) on, nor of 0.
//
// The sums stand in an array, at an address that the compiler knows, which is worth a tenth: 32 bytes
// an entry, of which 1,000 fill the nearest cache: the sums of the two parts, the least value, the
// greatest one negated.
import { loadPair } from "./update";

/** Entries of the array. */
export const MOST_ENTRIES: u32 = 2048;
/** Rows up to which a sum is whole: with one more, second parts of 2^47 each would come to 2^63. */
export const MOST_SPLIT_ROWS: u32 = 65535;

const ENTRIES: usize = memory.data(2048 * 32, 64);
const RANGES: usize = ENTRIES + 16;
const ENTRY_SHIFT: u32 = 5;
/** Bytes of an entry. */
export const ENTRY_BYTES: u32 = 32;
/** Where an entry's range lies, and the sum that endSplit() leaves before it. */
export const ENTRY_RANGE: u32 = 16;

// Exponents as doubles have them, 1023 for 1. What E is above that of the greatest value: 2 and up to
// 3 more, if the least value leaves as much room.
const LEAST_ABOVE: u32 = 2;
const MORE_ABOVE: u32 = 3;
// From E down to the exponent of the least value.
const SPAN: u32 = 27;
const LEAST_LIMIT: u32 = SPAN + 1;
const GREATEST_LIMIT: u32 = 2020;
const OF_ONE: u32 = 1023;

// In memory, since the compiler makes constants anew for each use of them.
const SIGNS: usize = memory.data<u64>([0x8000_0000_0000_0000, 0x8000_0000_0000_0000], 16);
const SIZES: usize = memory.data<u32>([0x7fff_ffff, 0x7fff_ffff, 0x7fff_ffff, 0x7fff_ffff], 16);

// E, and what follows of it.
let limit: u32 = 0;
let highSplitter: u64 = 0;
let lowSplitter: u64 = 0;
let inverse: u64 = 0; // of the high splitter's top 16 bits, modulo 2^16

// Exponents of a block's greatest and least values; zeros are above all.
let greatest: u32 = 0;
let least: u32 = 0;

// @ts-ignore: decorator
@inline
function exponentOf(words: v128, isGreatest: bool): u32 {
  const a: u32 = i32x4.extract_lane(words, 0);
  const b: u32 = i32x4.extract_lane(words, 1);
  const c: u32 = i32x4.extract_lane(words, 2);
  const d: u32 = i32x4.extract_lane(words, 3);
  return (isGreatest ? max(max(a, b), max(c, d)) : min(min(a, b), min(c, d))) >> 20;
}

// The upper halves of four values.
// @ts-ignore: decorator
@inline
function upperHalves<V>(at: u32, sizes: v128): v128 {
  const low = loadPair<V>(at);
  const high = loadPair<V>(at + 2 * sizeof<V>());
  return v128.and(v128.shuffle<i32>(low, high, 1, 3, 5, 7), sizes);
}

function scanEights<V>(at: u32, end: u32): void {
  const sizes = v128.load(<u32>SIZES);
  let most = i32x4.splat(0);
  let fewest = i32x4.splat(-1);
  for (; at < end; at += 8 * sizeof<V>()) {
    const a = upperHalves<V>(at, sizes);
    const b = upperHalves<V>(at + 4 * sizeof<V>(), sizes);
    most = i32x4.max_u(most, i32x4.max_u(a, b));
    fewest = i32x4.min_u(fewest, i32x4.min_u(a, b));
  }
  greatest = exponentOf(most, true);
  least = exponentOf(fewest, false);
}

// The exponent of the least value that is not 0.
function scanLeast<V>(at: u32, end: u32): void {
  const zero = f64x2.splat(0);
  let fewest = f64x2.splat(Infinity);
  for (; at < end; at += 2 * sizeof<V>()) {
    const sizes = f64x2.abs(loadPair<V>(at));
    fewest = f64x2.pmin(fewest, v128.or(sizes, f64x2.eq(sizes, zero)));
  }
  const size = min(f64x2.extract_lane(fewest, 0), f64x2.extract_lane(fewest, 1));
  least = <u32>(reinterpret<u64>(size) >> 52);
}

function scan<V>(values: u32, count: u32): void {
  const end = values + (count & ~7) * sizeof<V>();
  greatest = 0;
  least = 0x7ff;
  if (count >= 8) scanEights<V>(values, end);
  if (least == 0) scanLeast<V>(values, end);
  for (let row = count & ~7; row < count; row++) {
    const size = abs(<f64>load<V>(values + row * sizeof<V>()));
    const exponent = <u32>(reinterpret<u64>(size) >> 52);
    greatest = max(greatest, exponent);
    if (size != 0) least = min(least, exponent);
  }
}

function setLimit(to: u32): void {
  limit = to;
  highSplitter = (<u64>(to + 21) << 52) | (<u64>9 << 48);
  lowSplitter = (<u64>(to - SPAN) << 52) | (<u64>1 << 51);
  const odd = highSplitter >> 48;
  inverse = odd; // right in the last 3 bits; each step doubles them
  for (let bits = 3; bits < 16; bits <<= 1) inverse *= 2 - odd * inverse;
}

/** Whether the values of a block, of which there are no NaN and Infinity then, can be added on. */
export function splitFits<V>(values: u32, count: u32): bool {
  scan<V>(values, count);
  return greatest + LEAST_ABOVE <= limit && least + SPAN >= limit;
}

/** Whether values like those of the block that was looked at last can be added after a new start. */
export function splitStarts(): bool {
  const most = greatest == 0 && least == 0x7ff ? OF_ONE : greatest;
  const spread = most > least ? most - least : 0;
  if (spread + LEAST_ABOVE > SPAN) return false;
  const to = most + LEAST_ABOVE + min(MORE_ABOVE, (SPAN - LEAST_ABOVE - spread) >> 1);
  if (to < LEAST_LIMIT || to > GREATEST_LIMIT) return false;
  setLimit(to);
  return true;
}

/** Where an entry lies. */
// @ts-ignore: decorator
@inline
export function entryOf(index: u32): u32 {
  return (<u32>ENTRIES) + (index << ENTRY_SHIFT);
}

/** Makes an entry that of no rows. */
// @ts-ignore: decorator
@inline
export function clearEntry(entry: u32): void {
  v128.store(entry, i64x2.splat(0));
  v128.store(entry, f64x2.splat(Infinity), ENTRY_RANGE);
}

// What is read by the way.
let aheadFirst: u32 = 0;
let aheadSecond: u32 = 0;
// Takes what was read, so that the reads are not left out.
let sink: u64 = 0;

/**
 * Two columns of which addSplit() reads as many rows by the way as it adds, so that they are in the
 * cache when they are worked on: the processor fetches ahead by itself, but not from one block of
 * rows to the next. The first has 64 bits a row, the second is of values.
 */
export function readAhead(first: u32, second: u32): void {
  aheadFirst = first;
  aheadSecond = second;
}

// @ts-ignore: decorator
@inline
function addPair(both: u64, bases: u64, values: v128, high: v128, low: v128, signs: v128): void {
  const offsets = (both << ENTRY_SHIFT) + bases;
  const first = <u32>offsets;
  const second = <u32>(offsets >> 32);
  const a = f64x2.add(values, high);
  const b = f64x2.add(f64x2.sub(values, f64x2.sub(a, high)), low);
  const negated = v128.xor(values, signs);
  const one = v128.shuffle<f64>(values, negated, 0, 2);
  const other = v128.shuffle<f64>(values, negated, 1, 3);
  v128.store(first, i64x2.add(v128.load(first, ENTRIES), v128.shuffle<i64>(a, b, 0, 2)), ENTRIES);
  v128.store(first, f64x2.pmin(v128.load(first, RANGES), one), RANGES);
  v128.store(second, i64x2.add(v128.load(second, ENTRIES), v128.shuffle<i64>(a, b, 1, 3)), ENTRIES);
  v128.store(second, f64x2.pmin(v128.load(second, RANGES), other), RANGES);
}

/**
 * Adds a block that fits.
 *
 * @param indices Of the rows' entries, counted from the `base`th.
 */
export function addSplit<V>(indices: u32, count: u32, values: u32, base: u32): void {
  const bases = (<u64>base << (32 + ENTRY_SHIFT)) | (base << ENTRY_SHIFT);
  const high = f64x2.splat(reinterpret<f64>(highSplitter));
  const low = f64x2.splat(reinterpret<f64>(lowSplitter));
  const signs = v128.load(<u32>SIGNS);
  const two: u32 = 2 * sizeof<V>();
  const end = indices + ((count & ~7) << 2);
  let first = aheadFirst;
  let second = aheadSecond;
  let seen: u64 = 0;
  for (; indices < end; indices += 32, values += 4 * two) {
    seen ^= load<u64>(first) ^ load<u64>(second);
    first += 64;
    second += 4 * two;
    addPair(load<u64>(indices), bases, loadPair<V>(values), high, low, signs);
    addPair(load<u64>(indices, 8), bases, loadPair<V>(values + two), high, low, signs);
    addPair(load<u64>(indices, 16), bases, loadPair<V>(values + 2 * two), high, low, signs);
    addPair(load<u64>(indices, 24), bases, loadPair<V>(values + 3 * two), high, low, signs);
  }
  sink ^= seen;
  for (let row: u32 = 0; row < (count & 7); row++) {
    const value = <f64>load<V>(values + row * sizeof<V>());
    addOne(entryOf(base + load<u32>(indices + (row << 2))), value);
  }
}

function addOne(entry: u32, value: f64): void {
  const high = reinterpret<f64>(highSplitter);
  const sum = value + high;
  const rest = (value - (sum - high)) + reinterpret<f64>(lowSplitter);
  const range = f64x2.replace_lane(f64x2.splat(value), 1, -value);
  store<u64>(entry, load<u64>(entry) + reinterpret<u64>(sum));
  store<u64>(entry, load<u64>(entry, 8) + reinterpret<u64>(rest), 8);
  v128.store(entry, f64x2.pmin(v128.load(entry, ENTRY_RANGE), range), ENTRY_RANGE);
}

// A power of two: `by` below E.
// @ts-ignore: decorator
@inline
function unit(by: i32): f64 {
  const exponent = <i32>limit - by;
  return exponent > 0
    ? reinterpret<f64>(<u64>exponent << 52)
    : reinterpret<f64>((<u64>1 << 51) >> <u64>-exponent);
}

/**
 * The rows that were added to an entry, whose words become their sum: as a double and what it is
 * short of.
 */
export function endSplit(entry: u32): u32 {
  const words = load<u64>(entry);
  const high = (<i64>words << 16) >> 16;
  const rows = <u32>(((words - <u64>high) >> 48) * inverse) & 0xffff;
  if (rows == 0) return 0;
  const low = <i64>(load<u64>(entry, 8) - <u64>rows * lowSplitter);
  const first = <f64>high * unit(31);
  const second = <f64>(low >> 32) * unit(47);
  const sum = first + second;
  const part = sum - first;
  const error = (first - (sum - part)) + (second - part);
  store<f64>(entry, sum);
  store<f64>(entry, error + <f64>(low & 0xffff_ffff) * unit(79), 8);
  return rows;
}
