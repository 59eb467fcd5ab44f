// LZ4 in frames: LZ4 Frame Format 1.6.1 and LZ4 Block Format by Yann Collet.

import { copyApart, repeat } from "./copy";
import { xxh32 } from "./xxh32";

const MAGIC: u32 = 0x184d2204;
const SKIPPABLE: u32 = 0x184d2a50;
const INDEPENDENT: u32 = 0x20;
const BLOCK_SUMS: u32 = 0x10;
const HAS_SIZE: u32 = 0x08;
const CONTENT_SUM: u32 = 0x04;
const HAS_DICTIONARY: u32 = 0x01;
const SMALLEST: u32 = 4;
const BLOCK_BYTES: u32 = 65536;
const STORED: u32 = 0x80000000;
const MIN_MATCH: u32 = 4;

/** There is too little room for what is made. */
const NO_ROOM: u32 = 1;

let next: u32 = 0;

/** A length that goes on over bytes of 255; the largest number when it is cut short. */
function longLength(end: u32): u32 {
  let length: u32 = 15;
  while (next < end) {
    const byte = <u32>load<u8>(next++);
    length += byte;
    if (byte != 255) return length;
  }
  return u32.MAX_VALUE;
}

/** Inflates a block; where what it makes ends, 0 when it is damaged, or {@link NO_ROOM}. */
function inflateBlock(from: u32, end: u32, to: u32, limit: u32, first: u32): u32 {
  let out = to;
  next = from;
  while (next < end) {
    const token = <u32>load<u8>(next++);
    let count = token >>> 4;
    if (count == 15) count = longLength(end);
    if (count > end - next) return 0;
    if (count > limit - out) return NO_ROOM;
    copyApart(out, next, count);
    out += count;
    next += count;
    if (next == end) return out;
    if (end - next < 2) return 0;
    const offset = <u32>load<u16>(next);
    next += 2;
    if (offset == 0 || offset > out - first) return 0;
    count = token & 15;
    if (count == 15) count = longLength(end);
    if (count > u32.MAX_VALUE - 64) return 0;
    count += MIN_MATCH;
    if (count > limit - out) return NO_ROOM;
    repeat(out, offset, count);
    out += count;
  }
  return 0;
}

/** Inflates a frame that begins at `next`; as {@link inflateBlock}. */
function inflateFrame(end: u32, to: u32, limit: u32): u32 {
  const start = next;
  if (end - start < 7) return 0;
  const flags = <u32>load<u8>(start, 4);
  const kind = ((<u32>load<u8>(start, 5)) >>> 4) & 7;
  let at = start + 6 + ((flags & HAS_SIZE) != 0 ? 8 : 0);
  if (at >= end || (flags & 0xc0) != 0x40 || (flags & HAS_DICTIONARY) != 0) return 0;
  if (kind < SMALLEST) return 0;
  if (<u32>load<u8>(at) != ((xxh32(start + 4, at - start - 4) >>> 8) & 0xff)) return 0;
  at++;
  const most = BLOCK_BYTES << (2 * (kind - SMALLEST));
  let out = to;
  while (true) {
    if (end - at < 4) return 0;
    const word = load<u32>(at);
    at += 4;
    if (word == 0) break;
    const bytes = word & ~STORED;
    if (bytes > most || bytes > end - at) return 0;
    const before = out;
    if ((word & STORED) != 0) {
      if (bytes > limit - out) return NO_ROOM;
      copyApart(out, at, bytes);
      out += bytes;
    } else {
      out = inflateBlock(at, at + bytes, out, limit, (flags & INDEPENDENT) != 0 ? out : to);
      if (out <= NO_ROOM) return out;
    }
    if (out - before > most) return 0;
    if ((flags & BLOCK_SUMS) != 0) {
      if (end - at - bytes < 4 || load<u32>(at + bytes) != xxh32(at, bytes)) return 0;
      at += 4;
    }
    at += bytes;
  }
  if ((flags & CONTENT_SUM) != 0) {
    if (end - at < 4 || load<u32>(at) != xxh32(to, out - to)) return 0;
    at += 4;
  }
  next = at;
  return out;
}

/**
 * Inflates frames, one behind the other, to at most `limit`, behind which there is room for 16 bytes
 * more. Where what they make ends; 0 when they are damaged, 1 when there is no room.
 */
export function lz4Inflate(from: u32, end: u32, to: u32, limit: u32): u32 {
  let out = to;
  let at = from;
  while (at < end) {
    if (end - at < 8) return 0;
    const magic = load<u32>(at);
    if (magic == MAGIC) {
      next = at;
      out = inflateFrame(end, out, limit);
      if (out <= NO_ROOM) return out;
      at = next;
    } else {
      const bytes = load<u32>(at, 4);
      if ((magic & ~15) != SKIPPABLE || bytes > end - at - 8) return 0;
      at += 8 + bytes;
    }
  }
  return out;
}
