// Three-valued logic on bitmaps, 128 rows at a time.

import { and, copy, doubtFromBoth, not, or, strict1 } from "./bits";
import {
  aOf,
  BLOCK_BITS,
  bOf,
  doubtOf,
  dstOf,
  takeDoubt,
  takeValidity,
  validityOf,
  valuesOf,
} from "./layout";

// @ts-ignore: decorator
@inline
function valid(validity: u32, i: u32): v128 {
  return validity == 0 ? i64x2.splat(-1) : v128.load(validity + i);
}

/** False where either is false, true where both are true, else null. */
export function logicAnd(ins: u32): void {
  decide(ins, false);
}

/** True where either is true, false where both are false, else null. */
export function logicOr(ins: u32): void {
  decide(ins, true);
}

// What decides alone is true for `or` and false for `and`; the result is known where either side
// decides, or both are known.
// @ts-ignore: decorator
@inline
function decide(ins: u32, any: bool): void {
  const x = aOf(ins);
  const y = bOf(ins);
  const dst = dstOf(ins);
  const a = valuesOf(x);
  const b = valuesOf(y);
  if (validityOf(x) == 0 && validityOf(y) == 0) {
    if (any) or(valuesOf(dst), a, b);
    else and(valuesOf(dst), a, b);
  } else {
    decideNullable(dst, x, y, any);
  }
  doubtFromBoth(dst, x, y);
}

function decideNullable(dst: u32, x: u32, y: u32, any: bool): void {
  const out = valuesOf(dst);
  const known = takeValidity(dst);
  const flip = any ? i64x2.splat(0) : i64x2.splat(-1);
  for (let i: u32 = 0; i < BLOCK_BITS; i += 16) {
    const a = v128.load(valuesOf(x) + i);
    const b = v128.load(valuesOf(y) + i);
    const validA = valid(validityOf(x), i);
    const validB = valid(validityOf(y), i);
    const decidesA = v128.and(validA, v128.xor(a, flip));
    const decidesB = v128.and(validB, v128.xor(b, flip));
    const decided = v128.or(decidesA, decidesB);
    v128.store(out + i, v128.xor(decided, flip));
    v128.store(known + i, v128.or(decided, v128.and(validA, validB)));
  }
}

export function logicNot(ins: u32): void {
  not(valuesOf(dstOf(ins)), valuesOf(aOf(ins)));
  strict1(ins);
}

/** Whether rows are null; doubt stays doubt. */
export function isNull(ins: u32): void {
  const a = aOf(ins);
  const dst = dstOf(ins);
  if (validityOf(a) == 0) memory.fill(valuesOf(dst), 0, BLOCK_BITS);
  else not(valuesOf(dst), validityOf(a));
  if (doubtOf(a) != 0) copy(takeDoubt(dst), doubtOf(a));
}
