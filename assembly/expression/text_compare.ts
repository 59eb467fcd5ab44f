// Comparisons of text by bytes, which is the order of code points.

import { clear, orBit, strict1, strict2 } from "./bits";
import { orderHolds } from "./compare";
import { aOf, bOf, dstOf, iOf, jOf, valuesOf } from "./layout";

const EQ: u32 = 0;
const NE: u32 = 1;

/** The bits of the first `bytes` of 16. */
// @ts-ignore: decorator
@inline
export function firstBits(bytes: u32): u32 {
  return bytes >= 16 ? 0xffff : (1 << bytes) - 1;
}

/**
 * Whether two runs of bytes of one length are the same. As everywhere among texts, up to 15 bytes
 * behind the end are read and ignored: all buffers of text are padded.
 */
export function sameBytes(a: u32, b: u32, bytes: u32): bool {
  if (bytes <= 16) return differences(a, b, bytes) == 0;
  for (let i: u32 = 0; i < bytes; i += 16) {
    if (differences(a + i, b + i, bytes - i) != 0) return false;
  }
  return true;
}

// Which of the first 16 bytes differ.
// @ts-ignore: decorator
@inline
function differences(a: u32, b: u32, bytes: u32): u32 {
  const same: u32 = i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
  return ~same & firstBits(bytes);
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
    orBit(dst, i, u32(compares(op, load<u32>(x), load<u32>(x, 4), load<u32>(y), load<u32>(y, 4))));
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
    orBit(dst, i, u32(compares(op, load<u32>(x), load<u32>(x, 4), text, bytes)));
  }
  strict1(ins);
}
