// Snappy's raw format (google/snappy, format_description.txt), and the blocks in which xerial's
// snappy-java puts it.

import { copyApart, repeat, sameBytes } from "./copy";

const LITERAL: u32 = 0;
const COPY_NEAR: u32 = 1;
const COPY_FAR: u32 = 2;
const HASH_BITS: u32 = 14;
const HASH_FACTOR: u32 = 0x1e35a7bd;
const MIN_MATCH: u32 = 4;
const TAIL_BYTES: u32 = 15;
const SEEN: usize = memory.data(32768, 16);

/** 82 "SNAPPY" 00, version 1, readable from version 1 on. */
const MAGIC: u64 = 0x00595050414e5382;
const HEAD_BYTES: u32 = 16;
const VERSION: u64 = 0x0100000001000000;
const FRAMED_BYTES: u32 = 32768;

const NO_ROOM: u32 = 1;

let next: u32 = 0;

/** The length in front of a block; the largest number when there is none. */
function readLength(end: u32): u32 {
  let length: u64 = 0;
  for (let shift: u64 = 0; shift < 35 && next < end; shift += 7) {
    const byte = <u64>load<u8>(next++);
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return length > u32.MAX_VALUE ? u32.MAX_VALUE : <u32>length;
  }
  return u32.MAX_VALUE;
}

/** Inflates a raw block; as {@link snappyInflate}. */
function inflateBlock(from: u32, end: u32, to: u32, limit: u32): u32 {
  next = from;
  const length = readLength(end);
  // no element makes more than 64 bytes of 2
  if (length == u32.MAX_VALUE || length > 32 * (end - from)) return 0;
  if (length > limit - to) return NO_ROOM;
  const outEnd = to + length;
  let out = to;
  let at = next;
  while (at < end) {
    const tag = <u32>load<u8>(at++);
    const kind = tag & 3;
    let count = tag >>> 2;
    if (kind == LITERAL) {
      if (count >= 60) {
        const width = count - 59;
        if (width > end - at) return 0;
        count = load<u32>(at) & (u32.MAX_VALUE >>> ((4 - width) << 3));
        at += width;
      }
      if (count >= end - at || count >= outEnd - out) return 0;
      count++;
      copyApart(out, at, count);
      at += count;
    } else {
      const width: u32 = kind == COPY_NEAR ? 1 : kind == COPY_FAR ? 2 : 4;
      if (width > end - at) return 0;
      let offset = load<u32>(at) & (u32.MAX_VALUE >>> ((4 - width) << 3));
      if (kind == COPY_NEAR) {
        offset |= (tag >>> 5) << 8;
        count = 4 + (count & 7);
      } else count++;
      at += width;
      if (offset == 0 || offset > out - to || count > outEnd - out) return 0;
      repeat(out, offset, count);
    }
    out += count;
  }
  return out == outEnd ? out : 0;
}

/**
 * Inflates xerial's blocks, or one without a head, to at most `limit`, behind which there is room for
 * 16 bytes more. Where what they make ends; 0 when they are damaged, 1 when there is no room.
 */
export function snappyInflate(from: u32, end: u32, to: u32, limit: u32): u32 {
  if (end - from < 8 || load<u64>(from) != MAGIC) return inflateBlock(from, end, to, limit);
  if (end - from < HEAD_BYTES) return 0;
  let out = to;
  for (let at = from + HEAD_BYTES; at < end;) {
    if (end - at < 4) return 0;
    const bytes = bswap<u32>(load<u32>(at));
    at += 4;
    if (bytes > end - at) return 0;
    out = inflateBlock(at, at + bytes, out, limit);
    if (out <= NO_ROOM) return out;
    at += bytes;
  }
  return out;
}

// @ts-ignore: decorator
@inline
function putLiteral(to: u32, from: u32, end: u32): u32 {
  if (from == end) return to;
  const last = end - from - 1;
  let at = to + 1;
  if (last < 60) store<u8>(to, <u8>(last << 2));
  else {
    const extra: u32 = last < 256 ? 1 : 2;
    store<u8>(to, <u8>((59 + extra) << 2));
    store<u16>(at, <u16>last);
    at += extra;
  }
  copyApart(at, from, last + 1);
  return at + last + 1;
}

// @ts-ignore: decorator
@inline
function putCopy(to: u32, offset: u32, length: u32): u32 {
  let at = to;
  let left = length;
  while (left > 0) {
    // not so many that fewer than 4 are left
    const count = left > 64 && left < 68 ? 60 : min<u32>(left, 64);
    store<u8>(at, <u8>(((count - 1) << 2) | COPY_FAR));
    store<u16>(at, <u16>offset, 1);
    at += 3;
    left -= count;
  }
  return at;
}

/** Compresses at most 64 KiB, the length in front. */
function compressBlock(from: u32, bytes: u32, to: u32): u32 {
  const end = from + bytes;
  let out = to;
  for (let left = bytes; ; left >>>= 7) {
    store<u8>(out++, <u8>(left < 0x80 ? left : (left & 0x7f) | 0x80));
    if (left < 0x80) break;
  }
  memory.fill(SEEN, 0, 32768);
  const last = bytes > TAIL_BYTES ? end - TAIL_BYTES : from;
  let written = from;
  let misses: u32 = 32;
  let at = from + 1;
  while (at < last) {
    const word = load<u32>(at);
    const place = <u32>SEEN + (((word * HASH_FACTOR) >>> (32 - HASH_BITS)) << 1);
    const candidate = from + <u32>load<u16>(place);
    store<u16>(place, <u16>(at - from));
    if (candidate >= at || load<u32>(candidate) != word) {
      at += misses++ >>> 5;
      continue;
    }
    const length = MIN_MATCH + sameBytes(at + MIN_MATCH, candidate + MIN_MATCH, end);
    out = putCopy(putLiteral(out, written, at), at - candidate, length);
    at += length;
    written = at;
    misses = 32;
  }
  return putLiteral(out, written, end);
}

/**
 * Compresses bytes to xerial's blocks. Their end. It needs 16 bytes, and for each 32 KiB a sixth
 * more and 64 bytes.
 */
export function snappyDeflate(from: u32, bytes: u32, to: u32): u32 {
  store<u64>(to, MAGIC);
  store<u64>(to, VERSION, 8);
  let out = to + HEAD_BYTES;
  const end = from + bytes;
  for (let at = from; at < end; at += FRAMED_BYTES) {
    const blockEnd = compressBlock(at, min<u32>(FRAMED_BYTES, end - at), out + 4);
    store<u32>(out, bswap<u32>(blockEnd - out - 4));
    out = blockEnd;
  }
  return out;
}
