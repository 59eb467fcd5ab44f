// Draws from alias tables (Walker, "An efficient method for generating discrete random variables
// with general distributions", ACM TOMS 3, 1977; built as by Vose, 1991). A table has a power of two
// of entries, each a word: in its upper half the share of 65,536 that is the entry's own, in its
// lower half what the rest is. One random word decides: its low bits are the entry, its upper half
// is held against the share.

import { rotate } from "./random";

// @ts-ignore: decorator
@inline
export function drawn(random: u32, table: u32, mask: u32): u32 {
  const own = random & mask;
  const entry = load<u32>(table + (own << 2));
  return (random >> 16) < (entry >> 16) ? own : entry & 0xffff;
}

// @ts-ignore: decorator
@inline
function wordsAt(addresses: v128): v128 {
  const low = <u64>i64x2.extract_lane(addresses, 0);
  const high = <u64>i64x2.extract_lane(addresses, 1);
  let words = v128.load32_zero(<u32>low);
  words = v128.load_lane<u32>(<u32>(low >> 32), words, 1);
  words = v128.load_lane<u32>(<u32>high, words, 2);
  return v128.load_lane<u32>(<u32>(high >> 32), words, 3);
}

// Four draws by random words, of tables that begin at four addresses.
// @ts-ignore: decorator
@inline
function drawnFour(words: v128, tables: v128, mask: v128): v128 {
  const own = v128.and(words, mask);
  const entries = wordsAt(i32x4.add(tables, i32x4.shl(own, 2)));
  const isOwn = i32x4.lt_s(i32x4.shr_u(words, 16), i32x4.shr_u(entries, 16));
  return v128.bitselect(own, v128.and(entries, i32x4.splat(0xffff)), isOwn);
}

/**
 * Draws one symbol a row, of rows of which there are a multiple of eight, from table 0 or, with
 * `parents` (a u16 each, of which the bits of `known` count), from that table. What `keep` masks of a
 * parent is kept in the result: the component of a mixture. Random words are made as they are needed,
 * by which a draw waits for its entry while the next words are made.
 */
export function sampleDraw(
  seeds: u32, rows: u32, parents: u32, tables: u32, bits: u32, known: u32, keep: u32, to: u32,
): void {
  const mask = i32x4.splat((1 << bits) - 1);
  const first = i32x4.splat(<i32>tables);
  const shift = <i32>(bits + 2);
  if (parents == 0) {
    // of any symbols no bit counts
    parents = to;
    known = 0;
  }
  const counts = i16x8.splat(<i16>known);
  const kept = i16x8.splat(<i16>(known & keep));
  let s0 = v128.load(seeds);
  let s1 = v128.load(seeds, 16);
  let s2 = v128.load(seeds, 32);
  let s3 = v128.load(seeds, 48);
  for (const end = to + (rows << 1); to < end; to += 16, parents += 16) {
    let words = i32x4.add(rotate(i32x4.add(s0, s3), 7), s0);
    let t = i32x4.shl(s1, 9);
    s2 = v128.xor(s2, s0);
    s3 = v128.xor(s3, s1);
    s1 = v128.xor(s1, s2);
    s0 = v128.xor(s0, s3);
    s2 = v128.xor(s2, t);
    s3 = rotate(s3, 11);
    const all = v128.load(parents);
    const own = v128.and(all, counts);
    const low = i32x4.add(first, i32x4.shl(i32x4.extend_low_i16x8_u(own), shift));
    const a = drawnFour(words, low, mask);
    words = i32x4.add(rotate(i32x4.add(s0, s3), 7), s0);
    t = i32x4.shl(s1, 9);
    s2 = v128.xor(s2, s0);
    s3 = v128.xor(s3, s1);
    s1 = v128.xor(s1, s2);
    s0 = v128.xor(s0, s3);
    s2 = v128.xor(s2, t);
    s3 = rotate(s3, 11);
    const high = i32x4.add(first, i32x4.shl(i32x4.extend_high_i16x8_u(own), shift));
    const b = drawnFour(words, high, mask);
    v128.store(to, v128.or(i16x8.narrow_i32x4_u(a, b), v128.and(all, kept)));
  }
}

/**
 * The values that symbols stand for, as positions in a list, −1 for null. A symbol's record is
 * `u32 first position | u32 alias table or 0 | u32 bits of the table | u32 unused`. Rows without a
 * table draw as well, to no effect: which have none is as random as the symbols, and a branch a guess.
 */
export function sampleValues(random: u32, rows: u32, symbols: u32, records: u32, to: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    const record = records + (<u32>load<u16>(symbols + (i << 1)) << 4);
    const word = load<u32>(random + (i << 2));
    const table = load<u32>(record, 4);
    const mask = select<u32>(((<u32>1) << load<u32>(record, 8)) - 1, 0, table != 0);
    const own = word & mask;
    const entry = load<u32>(table + (own << 2));
    const one = select<u32>(own, entry, (word >> 16) < (entry >> 16)) & mask;
    store<u32>(to + (i << 2), load<u32>(record) + one);
  }
}

/**
 * Looks values up by those of one or two other columns: the entry at `(first + 1) × width + second +
 * 1`. An entry below −1 is the record −2 − entry of `choices`, one of several values: `u32 alias
 * table | u32 bits | u32 values | u32 unused`.
 */
export function sampleLookup(
  random: u32, rows: u32, first: u32, second: u32, width: u32, entries: u32, choices: u32, to: u32,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    let key = (load<u32>(first + (i << 2)) + 1) * width;
    if (second != 0) key += load<u32>(second + (i << 2)) + 1;
    let value = load<i32>(entries + (key << 2));
    if (value < -1) {
      const choice = choices + (<u32>(-2 - value) << 4);
      const mask = ((<u32>1) << load<u32>(choice, 4)) - 1;
      const one = drawn(load<u32>(random + (i << 2)), load<u32>(choice), mask);
      value = load<i32>(load<u32>(choice, 8) + (one << 2));
    }
    store<i32>(to + (i << 2), value);
  }
}
