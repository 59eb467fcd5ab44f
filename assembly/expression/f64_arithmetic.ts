// Arithmetic of doubles, two rows at a time.

import { setBit, settle, strict1, strict2, takeFailed } from "./bits";
import { aOf, bOf, dstOf, iOf, valuesOf, xOf, yOf } from "./layout";

const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const DIV: i32 = 3;

/** Both sides are registers. */
const BOTH: i32 = 0;
/** The right side is the instruction's number. */
const RIGHT: i32 = 1;
/** The left side is the instruction's number. */
const LEFT: i32 = 2;

const SPARSE: f64 = 9007199254740992; // 2^53: whole numbers from here on are no double each
const SPLITTER: f64 = 134217729; // 2^27 + 1: parts a double into halves of its digits

// @ts-ignore: decorator
@inline
function apply(op: i32, a: v128, b: v128): v128 {
  if (op == ADD) return f64x2.add(a, b);
  if (op == SUB) return f64x2.sub(a, b);
  if (op == MUL) return f64x2.mul(a, b);
  return f64x2.div(a, b);
}

// @ts-ignore: decorator
@inline
function loop(op: i32, mode: i32, ins: u32, rows: u32): void {
  const number = f64x2.splat(xOf(ins));
  const a = valuesOf(aOf(ins));
  const b = mode == BOTH ? valuesOf(bOf(ins)) : a;
  const dst = valuesOf(dstOf(ins));
  const end = rows << 3;
  for (let i: u32 = 0; i < end; i += 32) {
    const a0 = v128.load(a + i);
    const a1 = v128.load(a + i, 16);
    const b0 = mode == BOTH ? v128.load(b + i) : number;
    const b1 = mode == BOTH ? v128.load(b + i, 16) : number;
    v128.store(dst + i, mode == LEFT ? apply(op, b0, a0) : apply(op, a0, b0));
    v128.store(dst + i, mode == LEFT ? apply(op, b1, a1) : apply(op, a1, b1), 16);
  }
}

/** add, sub, mul and div of two registers, or of one and a number. */
export function f64Binary(op: u32, ins: u32, rows: u32): void {
  switch (op) {
    case 0:
      loop(ADD, BOTH, ins, rows);
      break;
    case 1:
      loop(SUB, BOTH, ins, rows);
      break;
    case 2:
      loop(MUL, BOTH, ins, rows);
      break;
    case 3:
      loop(DIV, BOTH, ins, rows);
      break;
    case 4:
      loop(ADD, RIGHT, ins, rows);
      break;
    case 5:
      loop(SUB, RIGHT, ins, rows);
      break;
    case 6:
      loop(MUL, RIGHT, ins, rows);
      break;
    case 7:
      loop(DIV, RIGHT, ins, rows);
      break;
    case 8:
      loop(SUB, LEFT, ins, rows);
      break;
    default:
      loop(DIV, LEFT, ins, rows);
  }
  if (op < 4) strict2(ins);
  else strict1(ins);
}

/** The remainder with the sign of the dividend, exactly, as `%` in JavaScript. */
export function f64Mod(ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const b = valuesOf(bOf(ins));
  const dst = valuesOf(dstOf(ins));
  for (let i: u32 = 0; i < rows; i++) {
    store<f64>(dst + (i << 3), remainder(load<f64>(a + (i << 3)), load<f64>(b + (i << 3))));
  }
  strict2(ins);
}

function remainder(x: f64, y: f64): f64 {
  if (abs(x) < 2147483648 && abs(y) < 2147483648) {
    const p = <i32>x;
    const q = <i32>y;
    if (<f64>p == x && <f64>q == y && q != 0) return copysign<f64>(<f64>(p % q), x);
  }
  return x % y;
}

const NEG: i32 = 0;
const ABS: i32 = 1;
const FLOOR: i32 = 2;
const CEIL: i32 = 3;
const SINGLE: i32 = 4;

// @ts-ignore: decorator
@inline
function apply1(op: i32, a: v128): v128 {
  if (op == NEG) return f64x2.neg(a);
  if (op == ABS) return f64x2.abs(a);
  if (op == FLOOR) return f64x2.floor(a);
  if (op == CEIL) return f64x2.ceil(a);
  return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(a));
}

// @ts-ignore: decorator
@inline
function loop1(op: i32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = valuesOf(dstOf(ins));
  const end = rows << 3;
  for (let i: u32 = 0; i < end; i += 16) v128.store(dst + i, apply1(op, v128.load(a + i)));
}

/** neg, abs, floor, ceil, and the nearest f32. */
export function f64Unary(op: u32, ins: u32, rows: u32): void {
  switch (op) {
    case 0:
      loop1(NEG, ins, rows);
      break;
    case 1:
      loop1(ABS, ins, rows);
      break;
    case 2:
      loop1(FLOOR, ins, rows);
      break;
    case 3:
      loop1(CEIL, ins, rows);
      break;
    default:
      loop1(SINGLE, ins, rows);
  }
  strict1(ins);
}

// Halves away from zero: the fraction is exact, and one is added where it reaches a half.
// @ts-ignore: decorator
@inline
function roundWhole(x: v128): v128 {
  const whole = f64x2.trunc(x);
  const up = f64x2.ge(f64x2.abs(f64x2.sub(x, whole)), f64x2.splat(0.5));
  const sign = v128.and(x, i64x2.splat(i64.MIN_VALUE));
  const one = v128.or(sign, f64x2.splat(1));
  // adding nothing must leave the zero's sign alone, so the choice is after the sum
  return v128.bitselect(f64x2.add(whole, one), whole, up);
}

/** What is lost when `x` times `y` is rounded to `product` (Dekker 1971), where neither overflows. */
// @ts-ignore: decorator
@inline
function lostOf(x: v128, y: v128, product: v128): v128 {
  const xWide = f64x2.mul(x, f64x2.splat(SPLITTER));
  const yWide = f64x2.mul(y, f64x2.splat(SPLITTER));
  const xHigh = f64x2.sub(xWide, f64x2.sub(xWide, x));
  const yHigh = f64x2.sub(yWide, f64x2.sub(yWide, y));
  const xLow = f64x2.sub(x, xHigh);
  const yLow = f64x2.sub(y, yHigh);
  const crossed = f64x2.add(
    f64x2.add(f64x2.sub(f64x2.mul(xHigh, yHigh), product), f64x2.mul(xHigh, yLow)),
    f64x2.mul(xLow, yHigh),
  );
  return f64x2.add(crossed, f64x2.mul(xLow, yLow));
}

// What the product lost decides where it seems to be a half, and beyond 2^52, where it is whole.
// @ts-ignore: decorator
@inline
function roundDigits(x: v128, unit: v128): v128 {
  const size = f64x2.abs(x);
  const scaled = f64x2.mul(size, unit);
  const whole = f64x2.trunc(scaled);
  const above = f64x2.sub(f64x2.sub(scaled, whole), f64x2.splat(0.5));
  const up = f64x2.ge(f64x2.add(above, lostOf(size, unit, scaled)), f64x2.splat(0));
  const count = f64x2.add(whole, v128.and(up, f64x2.splat(1)));
  const rounded = v128.or(f64x2.div(count, unit), v128.and(x, i64x2.splat(i64.MIN_VALUE)));
  return v128.bitselect(rounded, x, f64x2.lt(scaled, f64x2.splat(SPARSE)));
}

/** Rounds halves away from zero, to as many digits as the instruction's power of ten has. */
export function f64Round(ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = valuesOf(dstOf(ins));
  const power = xOf(ins);
  const end = rows << 3;
  const unit = f64x2.splat(power);
  for (let i: u32 = 0; i < end; i += 16) {
    const x = v128.load(a + i);
    v128.store(dst + i, power == 1 ? roundWhole(x) : roundDigits(x, unit));
  }
  strict1(ins);
}

/** The floor, without the sign of zero, of numbers that must then lie from x to y. */
export function f64Within(ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = valuesOf(dstOf(ins));
  const least = xOf(ins);
  const most = yOf(ins);
  const failed = takeFailed();
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    const whole = floor(load<f64>(a + (i << 3))) + 0;
    store<f64>(dst + (i << 3), whole);
    if (!(whole >= least && whole <= most)) {
      setBit(failed, i);
      any = true;
    }
  }
  strict1(ins);
  if (any) settle(dstOf(ins), iOf(ins) != 0);
}

/** As {@linkcode f64Within}, but numbers stay what they are. */
export function f64Check(ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = valuesOf(dstOf(ins));
  const least = xOf(ins);
  const most = yOf(ins);
  const failed = takeFailed();
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    const value = load<f64>(a + (i << 3));
    store<f64>(dst + (i << 3), value);
    if (!(value >= least && value <= most)) {
      setBit(failed, i);
      any = true;
    }
  }
  strict1(ins);
  if (any) settle(dstOf(ins), iOf(ins) != 0);
}
