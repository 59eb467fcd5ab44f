// Physical lines: how many there are, where they end, and which are comments.

import { comment, skipLine } from "./context";

const LF: u32 = 10;
const CR: u32 = 13;

/** How many lines end in these bytes. */
export function linesOf(at: u32, to: u32): u32 {
  let count: u32 = 0;
  for (; at < to; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == LF || (byte == CR && !(at + 1 < to && load<u8>(at, 1) == LF))) count++;
  }
  return count;
}

// The end of the line that `at` is in; `to` when it does not end.
function lineEnd(at: u32, to: u32): u32 {
  while (at < to) {
    const b = v128.load(at);
    const ends = v128.or(i8x16.eq(b, i8x16.splat(10)), i8x16.eq(b, i8x16.splat(13)));
    const found = <u32>i8x16.bitmask(ends);
    if (found != 0) return min(at + ctz<u32>(found), to);
    at += 16;
  }
  return to;
}

/** Where the line is over that ends at `at`. */
// @ts-ignore: decorator
@inline
export function behindLineEnd(at: u32, to: u32): u32 {
  const isPair = <u32>load<u8>(at) == CR && at + 1 < to && <u32>load<u8>(at, 1) == LF;
  return at + (isPair ? 2 : 1);
}

/** Passes comments; one that has no line end is passed only at the end of the input. */
export function passComments(at: u32, to: u32, final: bool): u32 {
  while (at < to && <u32>load<u8>(at) == comment) {
    const end = lineEnd(at, to);
    if (end == to && !final) return at;
    skipLine(end != to);
    at = end == to ? to : behindLineEnd(end, to);
  }
  return at;
}
