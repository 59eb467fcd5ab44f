// Results as columns store them, with counts of nulls and of rows in doubt.

import { bitAt, copy } from "./bits";
import {
  aOf,
  BLOCK_BITS,
  doubtOf,
  dstOf,
  iOf,
  validityOf,
  valuesOf,
} from "./layout";
import { copyText } from "./text_make";

function storeF32(dst: u32, a: u32, rows: u32): void {
  for (let i: u32 = 0; i < rows; i += 2) {
    const both = f32x4.demote_f64x2_zero(v128.load(a + (i << 3)));
    v128.store64_lane(dst + (i << 2), both, 0);
  }
}

/** Times, which are whole doubles, as i64. */
function storeTimes(dst: u32, a: u32, rows: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    store<i64>(dst + (i << 3), <i64>load<f64>(a + (i << 3)));
  }
}

/** Text stays where it is until the host has all of it; that of nulls is empty. */
function storeTexts(dst: u32, a: u32, validity: u32, rows: u32): void {
  memory.copy(dst, a, rows << 3);
  if (validity == 0) return;
  for (let i: u32 = 0; i < rows; i++) {
    if (bitAt(validity, i) == 0) store<u64>(dst + (i << 3), 0);
  }
}

// Set bits of the first `rows`; what lies behind them is cleared.
function countBits(bits: u32, rows: u32): u32 {
  const rest = rows & 7;
  const bytes = (rows + 7) >> 3;
  if (rest != 0) {
    const last = bits + bytes - 1;
    store<u8>(last, <u32>load<u8>(last) & ((1 << rest) - 1));
  }
  let count: u32 = 0;
  let i: u32 = 0;
  for (; i + 8 <= bytes; i += 8) count += <u32>popcnt<u64>(load<u64>(bits + i));
  for (; i < bytes; i++) count += <u32>popcnt<u32>(load<u8>(bits + i));
  return count;
}

/**
 * Puts a register out: 8 bytes (0), 4 bytes (1), bits (2), f64 as f32 (3), times as i64 (4), text
 * (5). The instruction points to two counts, of nulls and of rows in doubt, which are added to.
 */
export function putOut(kind: u32, ins: u32, rows: u32): void {
  const a = aOf(ins);
  const dst = dstOf(ins);
  const from = valuesOf(a);
  const to = valuesOf(dst);
  if (kind == 0) memory.copy(to, from, rows << 3);
  else if (kind == 1) memory.copy(to, from, rows << 2);
  else if (kind == 2) memory.copy(to, from, (rows + 7) >> 3);
  else if (kind == 3) storeF32(to, from, rows);
  else if (kind == 4) storeTimes(to, from, rows);
  else storeTexts(to, from, validityOf(a), rows);
  putBitmaps(a, dst, iOf(ins), rows);
}

function putBitmaps(a: u32, dst: u32, counts: u32, rows: u32): void {
  const validity = validityOf(dst);
  if (validityOf(a) == 0) {
    memory.fill(validity, 0xff, BLOCK_BITS);
  } else {
    copy(validity, validityOf(a));
    store<u32>(counts, load<u32>(counts) + rows - countBits(validity, rows));
  }
  const doubt = doubtOf(dst);
  if (doubtOf(a) == 0) {
    memory.fill(doubt, 0, BLOCK_BITS);
  } else {
    copy(doubt, doubtOf(a));
    store<u32>(counts, load<u32>(counts, 4) + countBits(doubt, rows), 4);
  }
}

/**
 * The bytes of texts, one after the other, and where each ends, counted from `start` bytes before.
 * Up to 15 bytes behind the last are written.
 */
export function expressionPackText(
  texts: u32,
  rows: u32,
  ends: u32,
  bytes: u32,
  start: u32,
): void {
  let at: u32 = 0;
  for (let i: u32 = 0; i < rows; i++) {
    const length = load<u32>(texts + (i << 3), 4);
    copyText(bytes + at, load<u32>(texts + (i << 3)), length);
    at += length;
    store<u32>(ends + (i << 2), start + at);
  }
}

/** The bytes that texts take in all. */
export function expressionTextBytes(texts: u32, rows: u32): f64 {
  let total: u64 = 0;
  for (let i: u32 = 0; i < rows; i++) total += load<u32>(texts + (i << 3), 4);
  return <f64>total;
}

/** The numbers of the set bits, for a filter; tells how many there are. */
export function expressionRowsOf(bits: u32, rows: u32, first: u32, out: u32): u32 {
  let at = out;
  for (let i: u32 = 0; i < rows; i += 32) {
    let word = load<u32>(bits + (i >> 3));
    if (rows - i < 32) word &= (1 << (rows - i)) - 1;
    while (word != 0) {
      store<u32>(at, first + i + ctz<u32>(word));
      at += 4;
      word &= word - 1;
    }
  }
  return (at - out) >> 2;
}
