// Cells of a dictionary at places of one size: prefix, quotes and escapes are there, the length stands
// in the last four bytes, and behind the last cell lies that of null. What is copied of a place does
// not depend on the row, so that no branch does.

import { copyText } from "./write_text";
import { AT_A, AT_B, AT_VALUES } from "./write_ops";
import { writeNull } from "./write_values";

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

/** Writes the place of a row's cell. */
// @ts-ignore: decorator
@inline
export function putSlot(to: u32, op: u32, row: u32): u32 {
  const stride = load<u32>(op, AT_B);
  const from = load<u32>(op, AT_A) + load<u32>(load<u32>(op, AT_VALUES) + (row << 2)) * stride;
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  for (let done: u32 = 32; done < stride; done += 16) {
    v128.store(to + done, v128.load(from + done));
  }
  return to + load<u32>(from + stride - LENGTH);
}
