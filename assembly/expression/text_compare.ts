// Comparisons of text by bytes, which is the order of code points.

import { clear, setBit, strict1, strict2 } from "./bits";
import { orderHolds } from "./compare";
import { aOf, bOf, dstOf, iOf, jOf, valuesOf } from "./layout";

const EQ: u32 = 0;
const NE: u32 = 1;

/** Whether two runs of bytes of one length are the same. */
export function sameBytes(a: u32, b: u32, bytes: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= bytes; i += 8) {
    if (load<u64>(a + i) != load<u64>(b + i)) return false;
  }
  for (; i < bytes; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false;
  }
  return true;
}

/** Below 0, 0 or above 0 as the first text sorts before, with or after the second. */
export function orderOf(a: u32, aBytes: u32, b: u32, bBytes: u32): i32 {
  const shared = min(aBytes, bBytes);
  let i: u32 = 0;
  for (; i + 8 <= shared; i += 8) {
    const x = load<u64>(a + i);
    const y = load<u64>(b + i);
    if (x != y) return bswap<u64>(x) < bswap<u64>(y) ? -1 : 1;
  }
  for (; i < shared; i++) {
    const x = load<u8>(a + i);
    const y = load<u8>(b + i);
    if (x != y) return x < y ? -1 : 1;
  }
  return aBytes == bBytes ? 0 : aBytes < bBytes ? -1 : 1;
}

// Whether a comparison holds between two texts.
// @ts-ignore: decorator
@inline
function compares(op: u32, a: u32, aBytes: u32, b: u32, bBytes: u32): bool {
  if (op <= NE) return (aBytes == bBytes && sameBytes(a, b, aBytes)) == (op == EQ);
  return orderHolds(op, orderOf(a, aBytes, b, bBytes));
}

/** Compares two registers of text. */
export function compareTexts(op: u32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const b = valuesOf(bOf(ins));
  const dst = valuesOf(dstOf(ins));
  clear(dst);
  for (let i: u32 = 0; i < rows; i++) {
    const x = a + (i << 3);
    const y = b + (i << 3);
    if (compares(op, load<u32>(x), load<u32>(x, 4), load<u32>(y), load<u32>(y, 4))) setBit(dst, i);
  }
  strict2(ins);
}

/** Compares a register with the text that the instruction points to. */
export function compareTextWith(op: u32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const text = iOf(ins);
  const bytes = jOf(ins);
  const dst = valuesOf(dstOf(ins));
  clear(dst);
  for (let i: u32 = 0; i < rows; i++) {
    const x = a + (i << 3);
    if (compares(op, load<u32>(x), load<u32>(x, 4), text, bytes)) setBit(dst, i);
  }
  strict1(ins);
}
