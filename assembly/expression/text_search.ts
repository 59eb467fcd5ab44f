// Text within text: beginnings, ends, occurrences, and patterns.

import { clear, orBit, strict1, strict2 } from "./bits";
import { aOf, bOf, dstOf, iOf, jOf, valuesOf } from "./layout";
import { firstBits, sameBytes } from "./text_compare";

const STARTS: u32 = 0;
const ENDS: u32 = 1;

const ONE: u32 = 256;
const MANY: u32 = 257;

// Looks for the first and the last byte of the part at once, and compares where both fit.
function occurs(text: u32, bytes: u32, part: u32, partBytes: u32): bool {
  if (partBytes == 0) return true;
  if (partBytes > bytes) return false;
  const places = bytes - partBytes + 1;
  const first = v128.load8_splat(part);
  const last = v128.load8_splat(part + partBytes - 1);
  for (let i: u32 = 0; i < places; i += 16) {
    const begins = i8x16.eq(v128.load(text + i), first);
    const ends = i8x16.eq(v128.load(text + i + partBytes - 1), last);
    let found: u32 = i8x16.bitmask(v128.and(begins, ends)) & firstBits(places - i);
    while (found != 0) {
      if (sameBytes(text + i + ctz<u32>(found), part, partBytes)) return true;
      found &= found - 1;
    }
  }
  return false;
}

// @ts-ignore: decorator
@inline
function finds(op: u32, text: u32, bytes: u32, part: u32, partBytes: u32): bool {
  if (op == STARTS) return partBytes <= bytes && sameBytes(text, part, partBytes);
  if (op == ENDS) return partBytes <= bytes && sameBytes(text + bytes - partBytes, part, partBytes);
  return occurs(text, bytes, part, partBytes);
}

/** startsWith, endsWith and contains of two registers. */
export function searchText(op: u32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const b = valuesOf(bOf(ins));
  const dst = valuesOf(dstOf(ins));
  clear(dst);
  for (let i: u32 = 0; i < rows; i++) {
    const x = a + (i << 3);
    const y = b + (i << 3);
    orBit(dst, i, u32(finds(op, load<u32>(x), load<u32>(x, 4), load<u32>(y), load<u32>(y, 4))));
  }
  strict2(ins);
}

// The bytes of a code point, by its first byte.
// @ts-ignore: decorator
@inline
function width(first: u32): u32 {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/**
 * Whether a text fits a pattern of u16: bytes, one code point, or any number of them. A "many"
 * takes as little as it can, and a code point more when what follows fails.
 */
function fits(text: u32, bytes: u32, pattern: u32, parts: u32): bool {
  let at: u32 = 0;
  let part: u32 = 0;
  let retryAt: u32 = 0;
  let retryPart: u32 = 0;
  while (at < bytes) {
    const wanted: u32 = part < parts ? load<u16>(pattern + (part << 1)) : MANY + 1;
    const byte: u32 = load<u8>(text + at);
    if (wanted == MANY) {
      retryPart = ++part;
      retryAt = at;
    } else if (wanted == byte) {
      part++;
      at++;
    } else if (wanted == ONE) {
      part++;
      at += width(byte);
    } else if (retryPart != 0) {
      part = retryPart;
      retryAt += width(load<u8>(text + retryAt));
      at = retryAt;
    } else {
      return false;
    }
  }
  while (part < parts && load<u16>(pattern + (part << 1)) == MANY) part++;
  return part == parts;
}

/** like, with the pattern that the instruction points to. */
export function likeText(ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = valuesOf(dstOf(ins));
  clear(dst);
  for (let i: u32 = 0; i < rows; i++) {
    const x = a + (i << 3);
    orBit(dst, i, u32(fits(load<u32>(x), load<u32>(x, 4), iOf(ins), jOf(ins))));
  }
  strict1(ins);
}

/** The number of code points, as i32. */
export function lengthOfText(ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = valuesOf(dstOf(ins));
  for (let i: u32 = 0; i < rows; i++) {
    const x = a + (i << 3);
    store<i32>(dst + (i << 2), codePoints(load<u32>(x), load<u32>(x, 4)));
  }
  strict1(ins);
}

// Bytes that begin a code point: all but 10xxxxxx.
function codePoints(text: u32, bytes: u32): i32 {
  let count = 0;
  for (let i: u32 = 0; i < bytes; i += 16) {
    const begins: u32 = i8x16.bitmask(i8x16.gt_s(v128.load(text + i), i8x16.splat(-65)));
    count += popcnt<u32>(begins & firstBits(bytes - i));
  }
  return count;
}
