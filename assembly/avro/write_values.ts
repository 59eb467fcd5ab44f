// Single values as Avro, each to `to`, where at least 48 bytes beyond what is written are free.
// Those that can fail return 0 then.
import { writeVarint } from "./varint";
import {
  AT_A,
  AT_VALUES,
  F32_F64,
  F32_INT,
  F32_LONG,
  F64_INT,
  I32_F32,
  I32_F64,
  I64_F32,
  I64_F64,
  UUID,
} from "./write_ops";

export const CELL_BYTES: u32 = 32;
export const LONG_CELL: u8 = 255;
const TWO_63: f64 = 9223372036854775808.0;

let faultOp: u32 = 0;
let faultRow: u32 = 0;
let isNullFault: bool = false;

/** Address of the operation that failed last. */
export function avroFaultOp(): u32 {
  return faultOp;
}

/** The row of its column that it failed at. */
export function avroFaultRow(): u32 {
  return faultRow;
}

/** Whether it failed at a null. */
export function avroFaultIsNull(): bool {
  return isNullFault;
}

export function fail(op: u32, row: u32, isNull: bool): u32 {
  faultOp = op;
  faultRow = row;
  isNullFault = isNull;
  return 0;
}

// @ts-ignore: decorator
@inline
export function bit(bits: u32, row: u32): bool {
  return ((<u32>load<u8>(bits + (row >> 3)) >> (row & 7)) & 1) != 0;
}

function copyLong(to: u32, from: u32, length: u32): void {
  for (let done: u32 = 32; done < length; done += 16) {
    v128.store(to + done, v128.load(from + done));
  }
}

/** Copies bytes, and up to 31 beyond. */
// @ts-ignore: decorator
@inline
export function copyBytes(to: u32, from: u32, length: u32): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  if (length > 32) copyLong(to, from, length);
}

// @ts-ignore: decorator
@inline
export function writeText(to: u32, from: u32, length: u32): u32 {
  const start = writeVarint(to, length);
  copyBytes(start, from, length);
  return start + length;
}

// @ts-ignore: decorator
@inline
export function writeCell(to: u32, cell: u32): u32 {
  const bytes = load<u8>(cell, CELL_BYTES - 1);
  if (bytes == LONG_CELL) return writeText(to, load<u32>(cell), load<u32>(cell, 4));
  v128.store(to, v128.load(cell));
  v128.store(to, v128.load(cell, 16), 16);
  return to + bytes;
}

// Whole numbers in a float: 0 when it is none, or out of range.
// @ts-ignore: decorator
@inline
function writeWhole(op: u32, row: u32, to: u32, value: f64, isInt: bool): u32 {
  const inRange = isInt
    ? value >= -2147483648.0 && value <= 2147483647.0
    : value >= -TWO_63 && value < TWO_63;
  if (!inRange || nearest<f64>(value) != value) return fail(op, row, false);
  return writeVarint(to, <i64>value);
}

// @ts-ignore: decorator
@inline
export function writeScaled(op: u32, row: u32, to: u32, value: i64): u32 {
  const factor = <i64>load<u32>(op, AT_A);
  const scaled = value * factor;
  const most = i64.MAX_VALUE / factor;
  if (value > most || value < -most) return fail(op, row, false);
  return writeVarint(to, scaled);
}

function hexDigit(code: u32): u32 {
  const digit = code - 48;
  if (digit < 10) return digit;
  const letter = (code | 0x20) - 97;
  return letter < 6 ? letter + 10 : 255;
}

// The 36 characters of a UUID as 16 bytes; 0 when they are none.
export function writeUuid(op: u32, row: u32, to: u32, from: u32, length: u32): u32 {
  if (length != 36) return fail(op, row, false);
  let at = from;
  for (let done: u32 = 0; done < 16; done++) {
    if (done == 4 || done == 6 || done == 8 || done == 10) {
      if (load<u8>(at++) != 45) return fail(op, row, false);
    }
    const high = hexDigit(load<u8>(at));
    const low = hexDigit(load<u8>(at, 1));
    if ((high | low) > 15) return fail(op, row, false);
    store<u8>(to + done, <u8>((high << 4) | low));
    at += 2;
  }
  return to + 16;
}

// The bytes that a scaled integer needs as two's complement.
// @ts-ignore: decorator
@inline
function decimalBytes(low: u64, high: i64): u32 {
  const sign = high >> 63;
  const top = <u64>(high ^ sign);
  const rest = low ^ <u64>sign;
  const bits = top != 0 ? 128 - <u32>clz<u64>(top) : 64 - <u32>clz<u64>(rest);
  return (bits >> 3) + 1;
}

// The lowest `bytes` bytes of a scaled integer, the highest first.
export function writeBytesOf(to: u32, low: u64, high: i64, bytes: u32): u32 {
  const sign = <u8>(high >> 63);
  for (let at: u32 = 0; at < bytes; at++) {
    const place = bytes - 1 - at;
    let byte = sign;
    if (place < 8) byte = <u8>(low >> (<u64>place << 3));
    else if (place < 16) byte = <u8>(high >> (<i64>(place - 8) << 3));
    store<u8>(to + at, byte);
  }
  return to + bytes;
}

export function writeDecimal(to: u32, at: u32): u32 {
  const low = load<u64>(at);
  const high = load<i64>(at, 8);
  const sign = <i64>low >> 63;
  if (high == sign) {
    const few = ((64 - <u32>clz<u64>(low ^ <u64>sign)) >> 3) + 1;
    if (few <= 8) {
      store<u8>(to, <u8>(few << 1));
      store<u64>(to, bswap<u64>(low << <u64>(64 - (few << 3))), 1);
      return to + 1 + few;
    }
  }
  const bytes = decimalBytes(low, high);
  return writeBytesOf(writeVarint(to, bytes), low, high, bytes);
}

export function writeFloat(op: u32, row: u32, to: u32, kind: u32): u32 {
  const values = load<u32>(op, AT_VALUES);
  switch (kind) {
    case I32_F32:
      store<f32>(to, <f32>load<i32>(values + (row << 2)));
      return to + 4;
    case I32_F64:
      store<f64>(to, <f64>load<i32>(values + (row << 2)));
      return to + 8;
    case I64_F32:
      store<f32>(to, <f32>load<i64>(values + (row << 3)));
      return to + 4;
    case I64_F64:
      store<f64>(to, <f64>load<i64>(values + (row << 3)));
      return to + 8;
    case F32_F64:
      store<f64>(to, <f64>load<f32>(values + (row << 2)));
      return to + 8;
    case F32_INT:
    case F32_LONG:
      return writeWhole(op, row, to, <f64>load<f32>(values + (row << 2)), kind == F32_INT);
    default:
      return writeWhole(op, row, to, load<f64>(values + (row << 3)), kind == F64_INT);
  }
}

/** The number of a dictionary entry's symbol. */
export function writeSymbol(op: u32, row: u32, to: u32): u32 {
  const id = load<u32>(load<u32>(op, AT_VALUES) + (row << 2));
  const symbol = load<i32>(load<u32>(op, AT_A) + (id << 2));
  if (symbol < 0) return fail(op, row, false);
  return writeVarint(to, symbol);
}
