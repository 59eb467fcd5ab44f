// Exact arithmetic of 64-bit integers; a result that does not fit leaves its row in doubt.

import { doubtFailed, setBit, strict1, strict2, takeFailed } from "./bits";
import { aOf, bOf, dstOf, valuesOf } from "./layout";

const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const MOD: i32 = 3;
const NEG: i32 = 4;
const ABS: i32 = 5;

// @ts-ignore: decorator
@inline
function apply(op: i32, a: i64, b: i64): i64 {
  if (op == ADD) return a + b;
  if (op == SUB) return a - b;
  if (op == MUL) return a * b;
  if (op == NEG) return -a;
  if (op == ABS) return a < 0 ? -a : a;
  return b == 0 || b == -1 ? 0 : a % b;
}

// @ts-ignore: decorator
@inline
function fails(op: i32, a: i64, b: i64, result: i64): bool {
  if (op == ADD) return ((a ^ result) & (b ^ result)) < 0;
  if (op == SUB) return ((a ^ b) & (a ^ result)) < 0;
  if (op == MUL) return mulFails(a, b, result);
  if (op == MOD) return b == 0;
  return a == i64.MIN_VALUE;
}

// @ts-ignore: decorator
@inline
function mulFails(a: i64, b: i64, result: i64): bool {
  if (<i64><i32>a == a && <i64><i32>b == b) return false;
  if (a == -1) return b == i64.MIN_VALUE;
  if (b == -1) return a == i64.MIN_VALUE;
  return a != 0 && result / a != b;
}

// @ts-ignore: decorator
@inline
function loop(op: i32, ins: u32, rows: u32): void {
  const left = valuesOf(aOf(ins));
  const right = op < NEG ? valuesOf(bOf(ins)) : left;
  const dst = valuesOf(dstOf(ins));
  const failed = takeFailed();
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    const a = load<i64>(left + (i << 3));
    const b = load<i64>(right + (i << 3));
    const result = apply(op, a, b);
    store<i64>(dst + (i << 3), result);
    if (fails(op, a, b, result)) {
      setBit(failed, i);
      any = true;
    }
  }
  if (op < NEG) strict2(ins);
  else strict1(ins);
  if (any) doubtFailed(dstOf(ins));
}

/** add, sub, mul, mod, neg and abs. */
export function i64Arithmetic(op: u32, ins: u32, rows: u32): void {
  switch (op) {
    case 0:
      loop(ADD, ins, rows);
      break;
    case 1:
      loop(SUB, ins, rows);
      break;
    case 2:
      loop(MUL, ins, rows);
      break;
    case 3:
      loop(MOD, ins, rows);
      break;
    case 4:
      loop(NEG, ins, rows);
      break;
    default:
      loop(ABS, ins, rows);
  }
}
