// Bitmaps of a block: how nulls and doubt pass from arguments to results.

import {
  aOf,
  BLOCK_BITS,
  bOf,
  doubtOf,
  dstOf,
  takeDoubt,
  takeValidity,
  validityOf,
} from "./layout";

/** Masks for two lanes of 64 bits, by two bits. */
export const MASKS_2: usize = memory.data<u64>(
  [0, 0, 0xffffffffffffffff, 0, 0, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff],
  16,
);

// @ts-ignore: decorator
@inline
export function mask2(bits: u32): v128 {
  return v128.load(MASKS_2 + ((bits & 3) << 4));
}

/** Masks for four lanes of 32 bits, by four bits. */
// @ts-ignore: decorator
@inline
export function mask4(bits: u32): v128 {
  const each = i32x4(1, 2, 4, 8);
  return i32x4.eq(v128.and(i32x4.splat(bits), each), each);
}

// @ts-ignore: decorator
@inline
export function bitAt(bits: u32, row: u32): u32 {
  return (<u32>load<u8>(bits + (row >> 3)) >> (row & 7)) & 1;
}

/** Whether a row is not null. */
// @ts-ignore: decorator
@inline
export function isValid(validity: u32, row: u32): bool {
  return validity == 0 || bitAt(validity, row) != 0;
}

// @ts-ignore: decorator
@inline
export function setBit(bits: u32, row: u32): void {
  const at = bits + (row >> 3);
  store<u8>(at, <u32>load<u8>(at) | (1 << (row & 7)));
}

/** Sets the bit of a row when `value` is 1, without a branch to mispredict. */
// @ts-ignore: decorator
@inline
export function orBit(bits: u32, row: u32, value: u32): void {
  const at = bits + (row >> 3);
  store<u8>(at, <u32>load<u8>(at) | (value << (row & 7)));
}

/** All bits of a block clear. */
export function clear(bits: u32): void {
  memory.fill(bits, 0, BLOCK_BITS);
}

export function copy(dst: u32, source: u32): void {
  memory.copy(dst, source, BLOCK_BITS);
}

export function and(dst: u32, a: u32, b: u32): void {
  for (let i: u32 = 0; i < BLOCK_BITS; i += 16) {
    v128.store(dst + i, v128.and(v128.load(a + i), v128.load(b + i)));
  }
}

export function or(dst: u32, a: u32, b: u32): void {
  for (let i: u32 = 0; i < BLOCK_BITS; i += 16) {
    v128.store(dst + i, v128.or(v128.load(a + i), v128.load(b + i)));
  }
}

/** `a` without `b`. */
export function andNot(dst: u32, a: u32, b: u32): void {
  for (let i: u32 = 0; i < BLOCK_BITS; i += 16) {
    v128.store(dst + i, v128.andnot(v128.load(a + i), v128.load(b + i)));
  }
}

export function not(dst: u32, a: u32): void {
  for (let i: u32 = 0; i < BLOCK_BITS; i += 16) {
    v128.store(dst + i, v128.not(v128.load(a + i)));
  }
}

/** `a` where `condition` is set, else `b`. */
export function select(dst: u32, condition: u32, a: u32, b: u32): void {
  for (let i: u32 = 0; i < BLOCK_BITS; i += 16) {
    const mask = v128.load(condition + i);
    v128.store(dst + i, v128.bitselect(v128.load(a + i), v128.load(b + i), mask));
  }
}

/** Doubt about either argument is doubt about the result. */
export function doubtFromBoth(dst: u32, a: u32, b: u32): void {
  const x = doubtOf(a);
  const y = doubtOf(b);
  if (x == 0 && y == 0) return;
  const bits = takeDoubt(dst);
  if (x == 0) copy(bits, y);
  else if (y == 0) copy(bits, x);
  else or(bits, x, y);
}

/** A null in either argument is a null in the result. */
export function validFromBoth(dst: u32, a: u32, b: u32): void {
  const x = validityOf(a);
  const y = validityOf(b);
  if (x == 0 && y == 0) return;
  const bits = takeValidity(dst);
  if (x == 0) copy(bits, y);
  else if (y == 0) copy(bits, x);
  else and(bits, x, y);
}

/** Passes on nulls and doubt of the argument. */
export function strict1(ins: u32): void {
  const dst = dstOf(ins);
  const a = aOf(ins);
  if (validityOf(a) != 0) copy(takeValidity(dst), validityOf(a));
  if (doubtOf(a) != 0) copy(takeDoubt(dst), doubtOf(a));
}

/** Passes on nulls and doubt of both arguments. */
export function strict2(ins: u32): void {
  validFromBoth(dstOf(ins), aOf(ins), bOf(ins));
  doubtFromBoth(dstOf(ins), aOf(ins), bOf(ins));
}

// Where an operator fails, it notes the rows here before they are settled.
const FAILED: usize = memory.data(128, 16);

/** The bitmap for rows that fail, all clear. */
export function takeFailed(): u32 {
  clear(<u32>FAILED);
  return <u32>FAILED;
}

/** Makes failed rows doubtful, for the host to find the error; null rows cannot fail. */
export function doubtFailed(dst: u32): void {
  const validity = validityOf(dst);
  if (validity != 0) and(<u32>FAILED, <u32>FAILED, validity);
  const old = doubtOf(dst);
  const bits = takeDoubt(dst);
  if (old == 0) copy(bits, <u32>FAILED);
  else or(bits, old, <u32>FAILED);
}

/** Makes failed rows null. */
export function nullFailed(dst: u32): void {
  const old = validityOf(dst);
  const bits = takeValidity(dst);
  if (old == 0) not(bits, <u32>FAILED);
  else andNot(bits, old, <u32>FAILED);
}

/** Settles failed rows: null for a cast that tries, else doubt. */
export function settle(dst: u32, tries: bool): void {
  if (tries) nullFailed(dst);
  else doubtFailed(dst);
}
