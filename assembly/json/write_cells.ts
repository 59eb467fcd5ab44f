// The cells of one column, for some rows: each goes to where its row's text has got to.

import { four, writeF64, writeI32, writeI64, writeJsonF64, writeU64 } from "../number/write";
import { writeDecimal, writeFixed } from "../number/write_decimal";
import { writeDate, writeTime, writeTimestamp } from "../number/write_time";
import {
  AT_A,
  AT_ALIVE,
  AT_B,
  AT_C,
  AT_OFFSETS,
  AT_PREFIX,
  AT_PREFIX_BYTES,
  AT_VALIDITY,
  AT_VALUES,
  BOOL,
  BYTES,
  CELL,
  CONSTANT,
  DECIMAL,
  ENTRY,
  F32,
  F64,
  FIXED_F32,
  FIXED_F64,
  I32,
  I64,
  ISO_DATE,
  ISO_TIME,
  ISO_TIMESTAMP,
  LIST,
  MILLIS,
  OPEN,
  RAW,
  TEXT,
} from "./write_ops";
import { copyText, writeBase64, writeText } from "./write_text";

const NULL: u32 = 0x6c6c_756e;
const TRUE: u64 = 0x6575_7274;
const FALSE: u64 = 0x65_736c_6166;
const SAFE: u64 = 9007199254740992; // 2^53

// @ts-ignore: decorator
@inline
function bit(bits: u32, row: u32): bool {
  return ((<u32>load<u8>(bits + (row >> 3)) >> (row & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
function writeBool(to: u32, value: bool): u32 {
  store<u64>(to, value ? TRUE : FALSE);
  return to + 5 - u32(value);
}

// Like the number that it is in a row, it is exact up to 2^53.
// @ts-ignore: decorator
@inline
function writeMillis(to: u32, ms: i64): u32 {
  return <u64>(ms + <i64>SAFE) <= 2 * SAFE ? writeI64(to, ms) : writeF64(to, <f64>ms);
}

function writeNull(to: u32): u32 {
  store<u32>(to, NULL);
  return to + 4;
}

/** What was written from one quote on, with the other; `null` when it was nothing. */
// @ts-ignore: decorator
@inline
function quoted(to: u32, end: u32): u32 {
  if (end == 0) return writeNull(to);
  store<u8>(to, 0x22);
  store<u8>(end, 0x22);
  return end + 1;
}

// @ts-ignore: decorator
@inline
function writeFixedOrNull(to: u32, value: f64, decimals: u32): u32 {
  return abs(value) < Infinity ? writeFixed(to, value, decimals) : writeNull(to);
}

// A list is the texts of its items, the last comma turned into a bracket.
// @ts-ignore: decorator
@inline
function writeList(to: u32, op: u32, row: u32): u32 {
  const offset = load<u32>(op, AT_OFFSETS) + (row << 2);
  const starts = load<u32>(op, AT_B);
  const from = load<u32>(starts + (load<u32>(offset) << 2));
  const bytes = load<u32>(starts + (load<u32>(offset, 4) << 2)) - from;
  store<u8>(to, 0x5b);
  const end = copyText(to + 1, load<u32>(op, AT_A) + from, bytes);
  const last = end - u32(bytes != 0);
  store<u8>(last, 0x5d);
  return last + 1;
}

// A value between offsets.
// @ts-ignore: decorator
@inline
function writeSpan(kind: u32, to: u32, values: u32, offset: u32): u32 {
  const from = load<u32>(offset);
  const bytes = load<u32>(offset, 4) - from;
  if (kind == TEXT) return writeText(to, values + from, bytes);
  if (kind == BYTES) return writeBase64(to, values + from, bytes);
  return copyText(to, values + from, bytes);
}

// @ts-ignore: decorator
@inline
function writeValue(kind: u32, to: u32, op: u32, values: u32, row: u32, a: u32): u32 {
  if (kind == BOOL) return writeBool(to, bit(values, row));
  if (kind == I32) return writeI32(to, load<i32>(values + (row << 2)));
  if (kind == I64) {
    const value = load<i64>(values + (row << 3));
    const end = writeNext(to, value);
    return end != 0 ? end : writeI64(to, value);
  }
  if (kind == F32) return writeJsonF64(to, <f64>load<f32>(values + (row << 2)));
  if (kind == F64) return writeJsonF64(to, load<f64>(values + (row << 3)));
  if (kind == FIXED_F32) return writeFixedOrNull(to, <f64>load<f32>(values + (row << 2)), a);
  if (kind == FIXED_F64) return writeFixedOrNull(to, load<f64>(values + (row << 3)), a);
  if (kind == MILLIS) {
    const ms = load<i64>(values + (row << 3));
    const end = writeNext(to, ms);
    return end != 0 ? end : writeMillis(to, ms);
  }
  if (kind == ISO_TIMESTAMP) {
    return quoted(to, writeTimestamp(to + 1, load<i64>(values + (row << 3))));
  }
  if (kind == ISO_DATE) return quoted(to, writeDate(to + 1, load<i32>(values + (row << 2))));
  if (kind == ISO_TIME) return quoted(to, writeTime(to + 1, load<i32>(values + (row << 2))));
  if (kind == DECIMAL) return quoted(to, writeDecimal(to + 1, values + (row << 4), a));
  if (kind == ENTRY) {
    const index = load<u32>(values + (row << 2));
    if (index >= load<u32>(op, AT_C)) return writeNull(to);
    return writeSpan(TEXT, to, a, load<u32>(op, AT_B) + (index << 2));
  }
  if (kind == LIST) return writeList(to, op, row);
  if (kind == OPEN) {
    store<u8>(to, 0x7b);
    return to + 1;
  }
  return writeSpan(kind, to, values, load<u32>(op, AT_OFFSETS) + (row << 2));
}

// Numbers that follow each other mostly differ in their last digits: what is before the last four is
// written once for all that have it. Numbers from 10000 on; others give 0.
let sameUpper: u64 = 0;
let sameBytes: u32 = 0;
const SAME: usize = memory.data(16 + 64, 16);

// @ts-ignore: decorator
@inline
function writeNext(to: u32, value: i64): u32 {
  if (<u64>value - 10000 >= SAFE - 10000) return 0;
  const upper = <u64>value / 10000;
  if (upper != sameUpper) {
    sameUpper = upper;
    sameBytes = writeU64(<u32>SAME, upper) - <u32>SAME;
  }
  v128.store(to, v128.load(SAME));
  const at = to + sameBytes;
  store<u32>(at, four(<u32>(<u64>value - upper * 10000)));
  return at + 4;
}

// @ts-ignore: decorator
@inline
function cells(kind: u32, op: u32, from: u32, rows: u32, cursors: u32): void {
  const values = load<u32>(op, AT_VALUES);
  const validity = load<u32>(op, AT_VALIDITY);
  const alive = load<u32>(op, AT_ALIVE);
  const a = load<u32>(op, AT_A);
  const entries = load<u32>(op, AT_C);
  const prefix = load<u32>(op, AT_PREFIX);
  const prefixBytes = load<u32>(op, AT_PREFIX_BYTES);
  for (let i: u32 = 0; i < rows; i++) {
    const row = from + i;
    if (alive != 0 && !bit(alive, row)) continue;
    const cursor = cursors + (i << 2);
    let at = load<u32>(cursor);
    if (kind == RAW) {
      const offset = load<u32>(op, AT_OFFSETS) + (row << 2);
      if (load<u32>(offset) == load<u32>(offset, 4)) continue;
    }
    if (kind == CELL && (validity == 0 || bit(validity, row))) {
      const index = load<u32>(values + (row << 2));
      if (index < entries) {
        // the prefix is in the cell
        const cell = a + (index << 3);
        store<u32>(cursor, copyText(at, load<u32>(cell), load<u32>(cell, 4)));
        continue;
      }
    }
    at = copyText(at, prefix, prefixBytes);
    if (kind != CONSTANT) {
      if (kind == CELL || (validity != 0 && !bit(validity, row))) at = writeNull(at);
      else at = writeValue(kind, at, op, values, row, a);
    }
    store<u32>(cursor, at);
  }
}

function boolCells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(BOOL, op, from, rows, cursors);
}

function i32Cells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(I32, op, from, rows, cursors);
}

function i64Cells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(I64, op, from, rows, cursors);
}

function f64Cells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(F64, op, from, rows, cursors);
}

function fixedCells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(FIXED_F64, op, from, rows, cursors);
}

function millisCells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(MILLIS, op, from, rows, cursors);
}

function timestampCells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(ISO_TIMESTAMP, op, from, rows, cursors);
}

function decimalCells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(DECIMAL, op, from, rows, cursors);
}

function textCells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(TEXT, op, from, rows, cursors);
}

function dictionaryCells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(CELL, op, from, rows, cursors);
}

function rawCells(op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(RAW, op, from, rows, cursors);
}

// Kinds that are rare share one loop.
function otherCells(kind: u32, op: u32, from: u32, rows: u32, cursors: u32): void {
  cells(kind, op, from, rows, cursors);
}

/** Writes the cells of `rows` rows from `from` on by an operation, and moves their cursors on. */
export function writeCells(op: u32, from: u32, rows: u32, cursors: u32): void {
  const kind = load<u32>(op);
  if (kind == BOOL) boolCells(op, from, rows, cursors);
  else if (kind == I32) i32Cells(op, from, rows, cursors);
  else if (kind == I64) i64Cells(op, from, rows, cursors);
  else if (kind == F64) f64Cells(op, from, rows, cursors);
  else if (kind == FIXED_F64) fixedCells(op, from, rows, cursors);
  else if (kind == MILLIS) millisCells(op, from, rows, cursors);
  else if (kind == ISO_TIMESTAMP) timestampCells(op, from, rows, cursors);
  else if (kind == DECIMAL) decimalCells(op, from, rows, cursors);
  else if (kind == TEXT) textCells(op, from, rows, cursors);
  else if (kind == CELL) dictionaryCells(op, from, rows, cursors);
  else if (kind == RAW) rawCells(op, from, rows, cursors);
  else otherCells(kind, op, from, rows, cursors);
}
