// Cells of a dictionary at places of one size: prefix, quotes and escapes are there, the length stands
// in the last four bytes, and behind the last cell lies that of null. What is copied of a place does
// not depend on the row, so that no branch does.

import { copyText } from "./write_text";
import { AT_A, AT_VALUES } from "./write_ops";
import { writeCount, writeNull } from "./write_values";

const LENGTH: u32 = 4;

/**
 * Makes places of `stride` bytes, a multiple of 16, of prepared cells, whose addresses and lengths are
 * in the table; the last is the prefix and null.
 */
export function jsonPrepareSlots(
  table: u32, count: u32, prefix: u32, prefixBytes: u32, stride: u32, to: u32,
): void {
  for (let id: u32 = 0; id < count; id++, to += stride) {
    const bytes = load<u32>(table + (id << 3), 4);
    memory.copy(to, load<u32>(table + (id << 3)), bytes);
    store<u32>(to + stride - LENGTH, bytes);
  }
  const end = writeNull(copyText(to, prefix, prefixBytes));
  store<u32>(to + stride - LENGTH, end - to);
}

/**
 * Turns indices of a dictionary of `count` entries into those of places: one that is null, or none of
 * the dictionary, becomes `count`. Up to seven behind the last may change.
 */
export function jsonSlotRows(indices: u32, validity: u32, rows: u32, count: u32): void {
  const none = i32x4.splat(<i32>count);
  const low = i32x4(1, 2, 4, 8);
  const high = i32x4(16, 32, 64, 128);
  for (let row: u32 = 0; row < rows; row += 8) {
    const at = indices + (row << 2);
    let a = i32x4.min_u(v128.load(at), none);
    let b = i32x4.min_u(v128.load(at, 16), none);
    if (validity != 0) {
      const bits = i32x4.splat(<i32>load<u8>(validity + (row >> 3)));
      a = v128.bitselect(a, none, i32x4.eq(v128.and(bits, low), low));
      b = v128.bitselect(b, none, i32x4.eq(v128.and(bits, high), high));
    }
    v128.store(at, a);
    v128.store(at, b, 16);
  }
}

/** Copies the cell at a place. */
// @ts-ignore: decorator
@inline
export function copySlot(to: u32, from: u32, stride: u32): u32 {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  for (let done: u32 = 32; done < stride; done += 16) {
    v128.store(to + done, v128.load(from + done));
  }
  return to + load<u32>(from + stride - LENGTH);
}

/** Writes the place of a row's cell. */
// @ts-ignore: decorator
@inline
export function putSlot(to: u32, op: u32, row: u32): u32 {
  // the places and their size, by one load
  const places = load<u64>(op, AT_A);
  const stride = <u32>(places >> 32);
  const from = <u32>places + load<u32>(load<u32>(op, AT_VALUES) + (row << 2)) * stride;
  return copySlot(to, from, stride);
}

/** The largest of whole numbers, of which each counts as one without a sign. */
export function jsonLargest(values: u32, rows: u32): u32 {
  let largest = i32x4.splat(0);
  let row: u32 = 0;
  for (; row + 4 <= rows; row += 4) {
    largest = i32x4.max_u(largest, v128.load(values + (row << 2)));
  }
  let one = max<u32>(i32x4.extract_lane(largest, 0), i32x4.extract_lane(largest, 1));
  one = max<u32>(one, i32x4.extract_lane(largest, 2));
  one = max<u32>(one, i32x4.extract_lane(largest, 3));
  for (; row < rows; row++) one = max<u32>(one, load<u32>(values + (row << 2)));
  return one;
}

/** Makes places of the whole numbers below `count`, and behind them null, each behind the prefix. */
export function jsonPrepareCounts(
  prefix: u32, prefixBytes: u32, count: u32, stride: u32, to: u32,
): void {
  for (let value: u32 = 0; value <= count; value++, to += stride) {
    const end = writeCount(copyText(to, prefix, prefixBytes), value, value < count);
    store<u32>(to + stride - LENGTH, end - to);
  }
}

// Copies bytes, and up to 15 behind them.
// @ts-ignore: decorator
@inline
function copyOver(to: u32, from: u32, bytes: u32): void {
  for (let done: u32 = 0; done < bytes; done += 16) {
    v128.store(to + done, v128.load(from + done));
  }
}

/** Makes places of all pairs of cells of two, of which there are `countA` and `countB`. */
export function jsonJoinSlots(
  a: u32, strideA: u32, countA: u32, b: u32, strideB: u32, countB: u32, stride: u32, to: u32,
): void {
  const endB = b + countB * strideB;
  for (let i: u32 = 0; i < countA; i++, a += strideA) {
    const bytes = load<u32>(a + strideA - LENGTH);
    for (let from = b; from < endB; from += strideB, to += stride) {
      const more = load<u32>(from + strideB - LENGTH);
      copyOver(to, a, bytes);
      copyOver(to + bytes, from, more);
      store<u32>(to + stride - LENGTH, bytes + more);
    }
  }
}

/** Turns indices of places into those of their pairs. Up to three behind the last may change. */
export function jsonJoinRows(a: u32, b: u32, rows: u32, countB: u32): void {
  const width = i32x4.splat(<i32>countB);
  for (const end = a + (rows << 2); a < end; a += 16, b += 16) {
    v128.store(a, i32x4.add(i32x4.mul(v128.load(a), width), v128.load(b)));
  }
}

/**
 * Marks the rows whose number is 0, a byte each: of those that are marked already where `isMore` is not
 * 0. How many are; up to 15 bytes behind the last may change.
 */
export function jsonMarkZeros(values: u32, rows: u32, isMore: u32, to: u32): u32 {
  const zero = i32x4.splat(0);
  let marked: u32 = 0;
  for (let row: u32 = 0; row < rows; row += 16, values += 64) {
    const low = i16x8.narrow_i32x4_s(
      i32x4.eq(v128.load(values), zero),
      i32x4.eq(v128.load(values, 16), zero),
    );
    const high = i16x8.narrow_i32x4_s(
      i32x4.eq(v128.load(values, 32), zero),
      i32x4.eq(v128.load(values, 48), zero),
    );
    let marks = i8x16.narrow_i16x8_s(low, high);
    if (isMore != 0) marks = v128.and(marks, v128.load(to + row));
    v128.store(to + row, marks);
    let bits = <u32>i8x16.bitmask(marks);
    if (rows - row < 16) bits &= (1 << (rows - row)) - 1;
    marked += popcnt<u32>(bits);
  }
  return marked;
}
