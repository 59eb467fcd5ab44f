// Text that is made: other case, joined parts, digits of whole numbers. It lies in scratch memory
// until the host has taken the results.

import { doubtFailed, isValid, setBit, strict1, strict2, takeFailed } from "./bits";
import { aOf, bOf, dstOf, takeScratch, validityOf, valuesOf } from "./layout";
import { firstBits } from "./text_compare";

const MOST_DIGITS: u32 = 20;
const WHOLE: f64 = 9007199254740992; // 2^53: below it whole doubles are written as their digits

function put(row: u32, text: u32, bytes: u32): void {
  store<u32>(row, text);
  store<u32>(row, bytes, 4);
}

function totalBytes(register: u32, rows: u32): u32 {
  const validity = validityOf(register);
  const values = valuesOf(register);
  let total: u64 = 0;
  for (let i: u32 = 0; i < rows; i++) {
    if (isValid(validity, i)) total += load<u32>(values + (i << 3), 4);
  }
  return total > 0xffff_ffff ? 0xffff_ffff : <u32>total;
}

/** Copies text, 16 bytes at a time: what lies behind its end is written over later. */
// @ts-ignore: decorator
@inline
export function copyText(dst: u32, text: u32, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i += 16) v128.store(dst + i, v128.load(text + i));
}

/** Copies text in the other case; whether there was a byte beyond ASCII. */
function copyCase(dst: u32, text: u32, bytes: u32, first: u32): bool {
  const a = i8x16.splat(<i8>first);
  const z = i8x16.splat(<i8>(first + 25));
  for (let i: u32 = 0; i < bytes; i += 16) {
    const x = v128.load(text + i);
    if ((<u32>i8x16.bitmask(x) & firstBits(bytes - i)) != 0) return true;
    const letters = v128.and(i8x16.ge_s(x, a), i8x16.le_s(x, z));
    v128.store(dst + i, v128.xor(x, v128.and(letters, i8x16.splat(0x20))));
  }
  return false;
}

/** lower (0) and upper (1) of ASCII; other rows are left in doubt for the host. */
export function changeCase(op: u32, ins: u32, rows: u32): void {
  const a = aOf(ins);
  const dst = dstOf(ins);
  let out = takeScratch(totalBytes(a, rows));
  if (out == 0) return;
  const first: u32 = op == 0 ? 0x41 : 0x61;
  const validity = validityOf(a);
  const failed = takeFailed();
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    const from = valuesOf(a) + (i << 3);
    const bytes = isValid(validity, i) ? load<u32>(from, 4) : 0;
    put(valuesOf(dst) + (i << 3), out, bytes);
    if (copyCase(out, load<u32>(from), bytes, first)) {
      setBit(failed, i);
      any = true;
    }
    out += bytes;
  }
  strict1(ins);
  if (any) doubtFailed(dst);
}

/** Two texts as one. */
export function joinTexts(ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const b = valuesOf(bOf(ins));
  const dst = dstOf(ins);
  strict2(ins);
  const total = <u64>totalBytes(aOf(ins), rows) + totalBytes(bOf(ins), rows);
  let out = takeScratch(total > 0xffff_ffff ? 0xffff_ffff : <u32>total);
  if (out == 0) return;
  const validity = validityOf(dst);
  for (let i: u32 = 0; i < rows; i++) {
    const at = i << 3;
    if (!isValid(validity, i)) {
      put(valuesOf(dst) + at, out, 0);
      continue;
    }
    const first = load<u32>(a + at, 4);
    const second = load<u32>(b + at, 4);
    copyText(out, load<u32>(a + at), first);
    copyText(out + first, load<u32>(b + at), second);
    put(valuesOf(dst) + at, out, first + second);
    out += first + second;
  }
}

/** Writes the digits backwards and tells how many bytes they took. */
function digits(end: u32, value: i64): u32 {
  let rest: u64 = value < 0 ? 0 - <u64>value : <u64>value;
  let at = end;
  do {
    const quotient = rest / 10;
    store<u8>(--at, 0x30 + <u32>(rest - quotient * 10));
    rest = quotient;
  } while (rest != 0);
  if (value < 0) store<u8>(--at, 0x2d);
  return end - at;
}

/** i32 (0), i64 (1) and whole f64 (2) as decimal digits; other doubles are left in doubt. */
export function numberToText(op: u32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = dstOf(ins);
  let out = takeScratch(rows * MOST_DIGITS);
  if (out == 0) return;
  const failed = takeFailed();
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    let value: i64 = 0;
    if (op == 0) value = load<i32>(a + (i << 2));
    else if (op == 1) value = load<i64>(a + (i << 3));
    else {
      const x = load<f64>(a + (i << 3));
      if (abs(x) < WHOLE && floor(x) == x) value = <i64>x;
      else {
        setBit(failed, i);
        any = true;
      }
    }
    out += MOST_DIGITS;
    const bytes = digits(out, value);
    put(valuesOf(dst) + (i << 3), out - bytes, bytes);
  }
  strict1(ins);
  if (any) doubtFailed(dst);
}
