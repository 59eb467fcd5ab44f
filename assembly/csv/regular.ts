// Records as most of them are: as many fields as there should be, no quotes, no comment. Of these
// the cells are had from the marks alone, four at a time.

import {
  cells,
  comment,
  fields,
  infos,
  lines,
  marks,
  mostBytes,
  NO_BYTE,
  RECORD_BYTES,
  records,
  separator,
} from "./context";
import { hasHigh, indexRegion, lastMark } from "./marks";
import { isUtf8 } from "./utf8";

const LF: u32 = 10;
const CR: u32 = 13;

// Where the region begins, and what of its index is next.
let base: u32 = 0;
let mark: u32 = 0;
let end: u32 = 0;
let bytes: u32 = 0;

/** Indexes a region. */
export function beginRegion(from: u32, to: u32): void {
  indexRegion(from, to);
  base = from;
  mark = marks;
}

/** Passes what is before `at`. */
export function passMarks(at: u32): void {
  const place = at - base;
  for (const last = lastMark(); mark < last && (load<u32>(mark) >> 8) < place;) mark += 4;
}

/** Whether the region has fewer marks than a record. */
export function lacksMarks(): bool {
  return lastMark() - mark < fields << 2;
}

/** Where the last of the records that were taken ended. */
export function regularEnd(): u32 {
  return end;
}

/** Bytes of the records that were taken. */
export function regularBytes(): u32 {
  return bytes;
}

// The ends of four fields, from their marks, and the end before them, as four cells; the ends.
// @ts-ignore: decorator
@inline
function putCells(to: u32, four: v128, before: v128, from: v128): v128 {
  const ends = i32x4.shr_u(four, 8);
  const starts = i32x4.add(v128.shuffle<i32>(before, ends, 3, 4, 5, 6), i32x4.splat(1));
  const lengths = i32x4.sub(ends, starts);
  const places = i32x4.add(starts, from);
  v128.store(to, v128.shuffle<i32>(places, lengths, 0, 4, 1, 5));
  v128.store(to, v128.shuffle<i32>(places, lengths, 2, 6, 3, 7), 16);
  return ends;
}

// The cells of a record that starts at `place`; whether all its marks but the last are separators.
// @ts-ignore: decorator
@inline
function putRecord(to: u32, place: u32, count: u32): bool {
  const from = i32x4.splat(base);
  const byte = i32x4.splat(0xff);
  const wanted = i32x4.splat(separator);
  let at = mark;
  let ends = i32x4.splat(place - 1);
  let other = i32x4.splat(0);
  let left = count;
  for (; left > 4; left -= 4) {
    const four = v128.load(at);
    other = v128.or(other, v128.xor(v128.and(four, byte), wanted));
    ends = putCells(to, four, ends, from);
    at += 16;
    to += 32;
  }
  const four = v128.load(at);
  putCells(to, four, ends, from);
  const others = <u32>i32x4.bitmask(i32x4.ne(v128.and(four, byte), wanted));
  return (others & ((1 << (left - 1)) - 1)) == 0 && !v128.any_true(other);
}

// Whether a record is none that only others than the marks tell of.
// @ts-ignore: decorator
@inline
function isPlain(start: u32, stop: u32): bool {
  if (stop - start - 1 >= mostBytes) return false;
  if (comment != NO_BYTE && <u32>load<u8>(start) == comment) return false;
  return !hasHigh() || isUtf8(start, stop);
}

// @ts-ignore: decorator
@inline
function describeAs(to: u32, ahead: u32, start: u32, stop: u32): void {
  store<u64>(to, <u64>(records + ahead) | (<u64>(lines + ahead) << 32));
  store<u64>(to, <u64>start | (<u64>stop << 32), 8);
}

// Bytes of a line end, of which the first mark and the one behind it are given; 0 when it is none,
// or a carriage return alone.
// @ts-ignore: decorator
@inline
function endingBytes(ending: u32, next: u32): u32 {
  if ((ending & 0xff) == LF) return 1;
  return (ending & 0xff) == CR && next == ((ending & ~0xff) + 256 | LF) ? 2 : 0;
}

/**
 * Takes records from `from` on as rows from `row` on, as long as they are regular: at most so many,
 * and until they have so many bytes. How many there were.
 */
export function takeRegular(from: u32, row: u32, most: u32, mostOfBytes: u32): u32 {
  const count = fields;
  const size = count << 2;
  const stride = count << 3;
  const last = lastMark();
  let to = cells + row * stride;
  let info = infos + row * RECORD_BYTES;
  let place = from - base;
  let taken: u32 = 0;
  bytes = 0;
  while (taken < most && last - mark >= size && bytes < mostOfBytes) {
    if (!putRecord(to, place, count)) break;
    const ending = load<u32>(mark + size - 4);
    const stop = ending >> 8;
    const more = endingBytes(ending, mark + size < last ? load<u32>(mark + size) : 0);
    if (more == 0 || !isPlain(base + place, base + stop)) break;
    describeAs(info, taken, base + place, base + stop);
    bytes += stop - place;
    place = stop + more;
    mark += size + ((more - 1) << 2);
    to += stride;
    info += RECORD_BYTES;
    taken++;
  }
  end = base + place;
  return taken;
}
