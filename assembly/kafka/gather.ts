// Cells that lie apart, brought together.

import { copyText } from "../json/write_text";

/** How many bytes cells have together. */
export function kafkaCellBytes(lengths: u32, count: u32): f64 {
  let sum: u64 = 0;
  for (let at: u32 = 0; at < count; at++) {
    const bytes = load<i32>(lengths + (at << 2));
    if (bytes > 0) sum += bytes;
  }
  return <f64>sum;
}

/**
 * Copies cells one behind the other. Where each starts, and the last one ends, goes to `offsets`;
 * `valid` gets a bit for each that is not null, and is 0 before. How many are null.
 */
export function kafkaGather(
  base: u32, starts: u32, lengths: u32, count: u32, to: u32, offsets: u32, valid: u32,
): u32 {
  let at = to;
  let nulls: u32 = 0;
  store<u32>(offsets, 0);
  for (let row: u32 = 0; row < count; row++) {
    const bytes = load<i32>(lengths + (row << 2));
    if (bytes >= 0) {
      at = copyText(at, base + load<u32>(starts + (row << 2)), bytes);
      const place = valid + (row >> 3);
      store<u8>(place, <u8>(<u32>load<u8>(place) | (<u32>1 << (row & 7))));
    } else nulls++;
    store<u32>(offsets + (row << 2), at - to, 4);
  }
  return nulls;
}

const TAB: v128 = i8x16.splat(9);

/** Line ends become tabs. */
// @ts-ignore: decorator
@inline
function oneLine(x: v128): v128 {
  const ends = v128.or(i8x16.eq(x, i8x16.splat(10)), i8x16.eq(x, i8x16.splat(13)));
  return v128.bitselect(TAB, x, ends);
}

/** Whether bytes have anything that is no white space of JSON. */
function isBlank(from: u32, bytes: u32): bool {
  for (let at = from; at < from + bytes; at++) {
    const byte = load<u8>(at);
    if (byte != 0x20 && byte != 9 && byte != 10 && byte != 13) return false;
  }
  return true;
}

/**
 * Writes cells as lines: what is an end of a line within one becomes a tab, a null an empty line,
 * and a cell of white space alone a byte 0, since empty lines are passed. Where each starts, and
 * the last one ends, goes to `offsets`. Gives the bytes.
 */
export function kafkaLines(
  base: u32, starts: u32, lengths: u32, count: u32, to: u32, offsets: u32,
): u32 {
  let at = to;
  for (let row: u32 = 0; row < count; row++) {
    store<u32>(offsets + (row << 2), at - to);
    const bytes = load<i32>(lengths + (row << 2));
    if (bytes >= 0) {
      const from = base + load<u32>(starts + (row << 2));
      if (bytes == 0 || (<u32>load<u8>(from) <= 0x20 && isBlank(from, bytes))) store<u8>(at++, 0);
      else {
        for (let done: u32 = 0; done < <u32>bytes; done += 16) {
          v128.store(at + done, oneLine(v128.load(from + done)));
        }
        at += bytes;
      }
    }
    store<u8>(at++, 10);
  }
  store<u32>(offsets + (count << 2), at - to);
  return at - to;
}
