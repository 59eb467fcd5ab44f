// Where something may end in a region of bytes: an index of what is visited, made 64 bytes at a
// time (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", find structure and tell bytes
// by the half of their bits in this way).

import { marks, NO_BYTE, quote, separator } from "./context";

const LF: u32 = 10;
const CR: u32 = 13;
const WINDOW: u32 = 64;

/** Bytes that are indexed together. */
export const REGION: u32 = 8192;

// For each lower half of a byte the byte that is looked for, or one that has another lower half.
const WANTED: usize = memory.data(16, 16);
const NONE: u32 = 0xff;

let end: u32 = 0;
let high: bool = false;

/** Address behind the marks. Each is its place in the region times 256, and its byte. */
export function lastMark(): u32 {
  return end;
}

/** Whether there are bytes that are not ASCII. */
export function hasHigh(): bool {
  return high;
}

function want(byte: u32): bool {
  const at = <u32>WANTED + (byte & 15);
  if (load<u8>(at) != <u8>((byte & 15) == 15 ? 0 : NONE)) return false;
  store<u8>(at, <u8>byte);
  return true;
}

/** Makes ready for a dialect; false when its bytes cannot be told by the half of their bits. */
export function beginMarks(): bool {
  memory.fill(WANTED, <u8>NONE, 15);
  store<u8>(WANTED, 0, 15);
  return want(LF) && want(CR) && want(separator) && (quote == NO_BYTE || want(quote));
}

// @ts-ignore: decorator
@inline
function isWanted(b: v128, wanted: v128): u64 {
  const likely = i8x16.swizzle(wanted, v128.and(b, i8x16.splat(15)));
  return <u64>(<u32>i8x16.bitmask(i8x16.eq(likely, b)));
}

// @ts-ignore: decorator
@inline
function putMark(to: u32, left: u64, at: u32, place: u32): void {
  const bit = <u32>ctz(left);
  store<u32>(to, place + (bit << 8) + <u32>load<u8>(at + bit));
}

// @ts-ignore: decorator
@inline
function putTwo(to: u32, left: u64, at: u32, place: u32): u64 {
  putMark(to, left, at, place);
  left &= left - 1;
  putMark(to + 4, left, at, place);
  return left & (left - 1);
}

// @ts-ignore: decorator
@inline
function putFour(to: u32, left: u64, at: u32, place: u32): u64 {
  return putTwo(to + 8, putTwo(to, left, at, place), at, place);
}

// Two and then four at a time; those that are no marks are written over.
// @ts-ignore: decorator
@inline
function putMarks(to: u32, all: u64, at: u32, place: u32): u32 {
  const behind = to + (<u32>popcnt(all) << 2);
  let left = putTwo(to, all, at, place);
  if (to + 8 >= behind) return behind;
  left = putFour(to + 8, left, at, place);
  for (to += 24; to < behind; to += 16) left = putFour(to, left, at, place);
  return behind;
}

/** Indexes the bytes from `from` to `to`, at most as many as a region has. */
export function indexRegion(from: u32, to: u32): void {
  const wanted = v128.load(WANTED);
  let out = marks;
  let any = i8x16.splat(0);
  for (let at = from; at < to; at += WINDOW) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    any = v128.or(any, v128.or(v128.or(a, b), v128.or(c, d)));
    const low = isWanted(a, wanted) | (isWanted(b, wanted) << 16);
    let all = low | (isWanted(c, wanted) << 32) | (isWanted(d, wanted) << 48);
    if (to - at < WINDOW) all &= (<u64>1 << (to - at)) - 1;
    out = putMarks(out, all, at, (at - from) << 8);
  }
  end = out;
  high = i8x16.bitmask(any) != 0;
}
