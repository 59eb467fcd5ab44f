// Comparisons of numbers and booleans: 16 rows to 16 bits.

import { strict1, strict2 } from "./bits";
import { aOf, BLOCK_BITS, bOf, dstOf, valuesOf } from "./layout";

const EQ: i32 = 0;
const NE: i32 = 1;
const LT: i32 = 2;
const LE: i32 = 3;
const GT: i32 = 4;
const GE: i32 = 5;

const F64: i32 = 0;
const I64: i32 = 1;
const I32: i32 = 2;

// @ts-ignore: decorator
@inline
function compareF64(op: i32, a: v128, b: v128): v128 {
  if (op == EQ) return f64x2.eq(a, b);
  if (op == NE) return f64x2.ne(a, b);
  if (op == LT) return f64x2.lt(a, b);
  if (op == LE) return f64x2.le(a, b);
  if (op == GT) return f64x2.gt(a, b);
  return f64x2.ge(a, b);
}

// @ts-ignore: decorator
@inline
function compareI64(op: i32, a: v128, b: v128): v128 {
  if (op == EQ) return i64x2.eq(a, b);
  if (op == NE) return i64x2.ne(a, b);
  if (op == LT) return i64x2.lt_s(a, b);
  if (op == LE) return i64x2.le_s(a, b);
  if (op == GT) return i64x2.gt_s(a, b);
  return i64x2.ge_s(a, b);
}

// @ts-ignore: decorator
@inline
function compareI32(op: i32, a: v128, b: v128): v128 {
  if (op == EQ) return i32x4.eq(a, b);
  if (op == NE) return i32x4.ne(a, b);
  if (op == LT) return i32x4.lt_s(a, b);
  if (op == LE) return i32x4.le_s(a, b);
  if (op == GT) return i32x4.gt_s(a, b);
  return i32x4.ge_s(a, b);
}

// Two masks of two lanes each as one of four.
// @ts-ignore: decorator
@inline
function pack(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 0, 2, 4, 6);
}

// Four masks of four lanes each as 16 bits.
// @ts-ignore: decorator
@inline
function toBits(a: v128, b: v128, c: v128, d: v128): i32 {
  const low = i16x8.narrow_i32x4_s(a, b);
  const high = i16x8.narrow_i32x4_s(c, d);
  return i8x16.bitmask(i8x16.narrow_i16x8_s(low, high));
}

// @ts-ignore: decorator
@inline
function side(register: bool, at: u32, number: v128): v128 {
  return register ? v128.load(at) : number;
}

// Four rows of 64 bits as a mask of four lanes.
// @ts-ignore: decorator
@inline
function four(type: i32, op: i32, both: bool, a: u32, b: u32, number: v128): v128 {
  const a0 = v128.load(a);
  const a1 = v128.load(a, 16);
  const b0 = side(both, b, number);
  const b1 = side(both, b + 16, number);
  if (type == F64) return pack(compareF64(op, a0, b0), compareF64(op, a1, b1));
  return pack(compareI64(op, a0, b0), compareI64(op, a1, b1));
}

// @ts-ignore: decorator
@inline
function loop64(type: i32, op: i32, both: bool, ins: u32, rows: u32): void {
  const number = v128.load64_splat(ins, 16);
  let a = valuesOf(aOf(ins));
  let b = both ? valuesOf(bOf(ins)) : a;
  let dst = valuesOf(dstOf(ins));
  for (let i: u32 = 0; i < rows; i += 16) {
    const bits = toBits(
      four(type, op, both, a, b, number),
      four(type, op, both, a + 32, b + 32, number),
      four(type, op, both, a + 64, b + 64, number),
      four(type, op, both, a + 96, b + 96, number),
    );
    store<u16>(dst, bits);
    a += 128;
    b += 128;
    dst += 2;
  }
}

// @ts-ignore: decorator
@inline
function loop32(op: i32, both: bool, ins: u32, rows: u32): void {
  const number = v128.load32_splat(ins, 16);
  let a = valuesOf(aOf(ins));
  let b = both ? valuesOf(bOf(ins)) : a;
  let dst = valuesOf(dstOf(ins));
  for (let i: u32 = 0; i < rows; i += 16) {
    const bits = toBits(
      compareI32(op, v128.load(a), side(both, b, number)),
      compareI32(op, v128.load(a, 16), side(both, b + 16, number)),
      compareI32(op, v128.load(a, 32), side(both, b + 32, number)),
      compareI32(op, v128.load(a, 48), side(both, b + 48, number)),
    );
    store<u16>(dst, bits);
    a += 64;
    b += 64;
    dst += 2;
  }
}

// @ts-ignore: decorator
@inline
function loopOf(type: i32, op: i32, both: bool, ins: u32, rows: u32): void {
  if (type == I32) loop32(op, both, ins, rows);
  else loop64(type, op, both, ins, rows);
}

// @ts-ignore: decorator
@inline
function dispatch(type: i32, both: bool, op: u32, ins: u32, rows: u32): void {
  switch (op) {
    case 0:
      loopOf(type, EQ, both, ins, rows);
      break;
    case 1:
      loopOf(type, NE, both, ins, rows);
      break;
    case 2:
      loopOf(type, LT, both, ins, rows);
      break;
    case 3:
      loopOf(type, LE, both, ins, rows);
      break;
    case 4:
      loopOf(type, GT, both, ins, rows);
      break;
    default:
      loopOf(type, GE, both, ins, rows);
  }
}

/** Compares two registers of f64, i64 or i32: ops 0 to 5, 6 to 11, 12 to 17. */
export function compareBoth(op: u32, ins: u32, rows: u32): void {
  if (op < 6) dispatch(F64, true, op, ins, rows);
  else if (op < 12) dispatch(I64, true, op - 6, ins, rows);
  else dispatch(I32, true, op - 12, ins, rows);
  strict2(ins);
}

/** Compares a register with the instruction's number; ops as in {@linkcode compareBoth}. */
export function compareNumber(op: u32, ins: u32, rows: u32): void {
  if (op < 6) dispatch(F64, false, op, ins, rows);
  else if (op < 12) dispatch(I64, false, op - 6, ins, rows);
  else dispatch(I32, false, op - 12, ins, rows);
  strict1(ins);
}

/** Below 0, 0 or above 0 as an i64 is less than, the same as or greater than a double; 2 for NaN. */
function order(a: i64, b: f64): i32 {
  if (b != b) return 2;
  if (b >= 9223372036854775808.0) return -1;
  if (b < -9223372036854775808.0) return 1;
  const whole = <i64>b;
  if (a != whole) return a < whole ? -1 : 1;
  const fraction = b - <f64>whole;
  return fraction > 0 ? -1 : fraction < 0 ? 1 : 0;
}

function holds(op: u32, order: i32): bool {
  if (order == 2) return op == NE;
  if (op == EQ) return order == 0;
  if (op == NE) return order != 0;
  if (op == LT) return order < 0;
  if (op == LE) return order <= 0;
  if (op == GT) return order > 0;
  return order >= 0;
}

/** Compares an i64 on the left with an f64 on the right, exactly. */
export function compareMixed(op: u32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const b = valuesOf(bOf(ins));
  const dst = valuesOf(dstOf(ins));
  let byte: u32 = 0;
  for (let i: u32 = 0; i < rows; i++) {
    const found = order(load<i64>(a + (i << 3)), load<f64>(b + (i << 3)));
    if (holds(op, found)) byte |= 1 << (i & 7);
    if ((i & 7) == 7) {
      store<u8>(dst + (i >> 3), byte);
      byte = 0;
    }
  }
  if ((rows & 7) != 0) store<u8>(dst + (rows >> 3), byte);
  strict2(ins);
}

/** Compares booleans, false before true. */
export function compareBool(op: u32, ins: u32): void {
  const a = valuesOf(aOf(ins));
  const b = valuesOf(bOf(ins));
  const dst = valuesOf(dstOf(ins));
  for (let i: u32 = 0; i < BLOCK_BITS; i += 16) {
    v128.store(dst + i, boolBits(op, v128.load(a + i), v128.load(b + i)));
  }
  strict2(ins);
}

// @ts-ignore: decorator
@inline
function boolBits(op: u32, a: v128, b: v128): v128 {
  if (op == EQ) return v128.not(v128.xor(a, b));
  if (op == NE) return v128.xor(a, b);
  if (op == LT) return v128.andnot(b, a);
  if (op == LE) return v128.or(v128.not(a), b);
  if (op == GT) return v128.andnot(a, b);
  return v128.or(a, v128.not(b));
}

/** Whether three-way orders, as comparisons of text give them, satisfy an operator. */
export function orderHolds(op: u32, order: i32): bool {
  return holds(op, order);
}
