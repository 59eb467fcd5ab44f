// Values in other types: widening, casts that can fail, and how columns are stored.

import { bitAt, setBit, settle, strict1, takeFailed } from "./bits";
import { aOf, dstOf, iOf, valuesOf } from "./layout";

/** i32 to f64. */
function i32ToF64(a: u32, dst: u32, rows: u32): void {
  for (let i: u32 = 0; i < rows; i += 2) {
    v128.store(dst + (i << 3), f64x2.convert_low_i32x4_s(v128.load64_zero(a + (i << 2))));
  }
}

function i64ToF64(a: u32, dst: u32, rows: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    store<f64>(dst + (i << 3), <f64>load<i64>(a + (i << 3)));
  }
}

function i32ToI64(a: u32, dst: u32, rows: u32): void {
  for (let i: u32 = 0; i < rows; i += 2) {
    v128.store(dst + (i << 3), i64x2.extend_low_i32x4_s(v128.load64_zero(a + (i << 2))));
  }
}

function f32ToF64(a: u32, dst: u32, rows: u32): void {
  for (let i: u32 = 0; i < rows; i += 2) {
    v128.store(dst + (i << 3), f64x2.promote_low_f32x4(v128.load64_zero(a + (i << 2))));
  }
}

function boolToI32(a: u32, dst: u32, rows: u32): void {
  for (let i: u32 = 0; i < rows; i++) store<i32>(dst + (i << 2), bitAt(a, i));
}

/** Whole doubles that are known to fit. */
function f64ToI32(a: u32, dst: u32, rows: u32): void {
  for (let i: u32 = 0; i < rows; i += 2) {
    const both = i32x4.trunc_sat_f64x2_s_zero(v128.load(a + (i << 3)));
    v128.store64_lane(dst + (i << 2), both, 0);
  }
}

/** Conversions without failure: i32 and i64 to f64, i32 to i64, f32 to f64, bool to i32. */
export function convert(op: u32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = valuesOf(dstOf(ins));
  switch (op) {
    case 0:
      i32ToF64(a, dst, rows);
      break;
    case 1:
      i64ToF64(a, dst, rows);
      break;
    case 2:
      i32ToI64(a, dst, rows);
      break;
    case 3:
      f32ToF64(a, dst, rows);
      break;
    case 4:
      boolToI32(a, dst, rows);
      break;
    default:
      f64ToI32(a, dst, rows);
  }
  strict1(ins);
}

function castF64ToI32(a: u32, dst: u32, rows: u32, failed: u32): bool {
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    const x = load<f64>(a + (i << 3));
    const fits = x > -2147483649 && x < 2147483648;
    store<i32>(dst + (i << 2), fits ? <i32>x : 0);
    if (!fits) {
      setBit(failed, i);
      any = true;
    }
  }
  return any;
}

function castF64ToI64(a: u32, dst: u32, rows: u32, failed: u32): bool {
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    const x = load<f64>(a + (i << 3));
    const fits = x >= -9223372036854775808.0 && x < 9223372036854775808.0;
    store<i64>(dst + (i << 3), fits ? <i64>x : 0);
    if (!fits) {
      setBit(failed, i);
      any = true;
    }
  }
  return any;
}

function castI64ToI32(a: u32, dst: u32, rows: u32, failed: u32): bool {
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    const x = load<i64>(a + (i << 3));
    store<i32>(dst + (i << 2), <i32>x);
    if (<i64><i32>x != x) {
      setBit(failed, i);
      any = true;
    }
  }
  return any;
}

/** NaN is neither true nor false. */
function castF64ToBool(a: u32, dst: u32, rows: u32, failed: u32): bool {
  let any = false;
  memory.fill(dst, 0, (rows + 7) >> 3);
  for (let i: u32 = 0; i < rows; i++) {
    const x = load<f64>(a + (i << 3));
    if (x != 0) setBit(dst, i);
    if (x != x) {
      setBit(failed, i);
      any = true;
    }
  }
  return any;
}

/** Casts that can fail: f64 to i32, f64 to i64, i64 to i32, f64 to bool. */
export function cast(op: u32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = valuesOf(dstOf(ins));
  const failed = takeFailed();
  let any = false;
  if (op == 0) any = castF64ToI32(a, dst, rows, failed);
  else if (op == 1) any = castF64ToI64(a, dst, rows, failed);
  else if (op == 2) any = castI64ToI32(a, dst, rows, failed);
  else any = castF64ToBool(a, dst, rows, failed);
  strict1(ins);
  if (any) settle(dstOf(ins), iOf(ins) != 0);
}
