// Where fields and lines end in a region of bytes: an index of what is visited, made 64 bytes at a
// time (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", find structure that way).

import { marks, NO_BYTE, quote, separator } from "./context";

const WINDOW: u32 = 64;

/** Bytes that are indexed together. */
export const REGION: u32 = 16384;

// Behind the marks there is as much room for what is odd: quotes and carriage returns.
const ROOM: u32 = (REGION + 64) * 4;

let markEnd: u32 = 0;
let high: bool = false;

/** Address behind the marks. Each is its place in the region, doubled, and 1 more at a line feed. */
export function lastMark(): u32 {
  return markEnd;
}

/** Address of the places of quotes and carriage returns, behind which stands one beyond all. */
// @ts-ignore: decorator
@inline
export function firstOdd(): u32 {
  return marks + ROOM;
}

/** Whether there are bytes that are not ASCII. */
export function hasHigh(): bool {
  return high;
}

// @ts-ignore: decorator
@inline
function bits(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = <u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16);
  return <u64>low | (<u64>(<u32>i8x16.bitmask(c) | (<u32>i8x16.bitmask(d) << 16)) << 32);
}

// @ts-ignore: decorator
@inline
function putMark(to: u32, left: u64, lines: u64, place: u32): void {
  const bit = <u32>ctz(left);
  store<u32>(to, ((place + bit) << 1) | (<u32>(lines >> bit) & 1));
}

// Four at a time; those that are no marks are written over.
// @ts-ignore: decorator
@inline
function putMarks(to: u32, all: u64, lines: u64, place: u32): u32 {
  const end = to + (<u32>popcnt(all) << 2);
  for (let left = all; to < end; to += 16) {
    putMark(to, left, lines, place);
    left &= left - 1;
    putMark(to + 4, left, lines, place);
    left &= left - 1;
    putMark(to + 8, left, lines, place);
    left &= left - 1;
    putMark(to + 12, left, lines, place);
    left &= left - 1;
  }
  return end;
}

function putOdd(to: u32, odd: u64, place: u32): u32 {
  for (; odd != 0; odd &= odd - 1) {
    store<u32>(to, place + <u32>ctz(odd));
    to += 4;
  }
  return to;
}

/** Indexes the bytes from `from` to `to`, at most as many as a region has. */
export function indexRegion(from: u32, to: u32): void {
  const ends = i8x16.splat(<i8>separator);
  const quotes = i8x16.splat(<i8>(quote == NO_BYTE ? 13 : quote));
  const feed = i8x16.splat(10);
  const carriage = i8x16.splat(13);
  let out = marks;
  let oddOut = firstOdd();
  let any = i8x16.splat(0);
  for (let at = from; at < to; at += WINDOW) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    any = v128.or(any, v128.or(v128.or(a, b), v128.or(c, d)));
    const valid = to - at < WINDOW ? (<u64>1 << (to - at)) - 1 : ~<u64>0;
    const lines = bits(i8x16.eq(a, feed), i8x16.eq(b, feed), i8x16.eq(c, feed), i8x16.eq(d, feed));
    const fields = bits(i8x16.eq(a, ends), i8x16.eq(b, ends), i8x16.eq(c, ends), i8x16.eq(d, ends));
    out = putMarks(out, (lines | fields) & valid, lines, at - from);
    const oddA = v128.or(i8x16.eq(a, quotes), i8x16.eq(a, carriage));
    const oddB = v128.or(i8x16.eq(b, quotes), i8x16.eq(b, carriage));
    const oddC = v128.or(i8x16.eq(c, quotes), i8x16.eq(c, carriage));
    const oddD = v128.or(i8x16.eq(d, quotes), i8x16.eq(d, carriage));
    if (v128.any_true(v128.or(v128.or(oddA, oddB), v128.or(oddC, oddD)))) {
      oddOut = putOdd(oddOut, bits(oddA, oddB, oddC, oddD) & valid, at - from);
    }
  }
  markEnd = out;
  high = i8x16.bitmask(any) != 0;
  store<u32>(oddOut, 0xffffffff);
}
