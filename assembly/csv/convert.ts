// Cells of one column as its values, row after row.

import {
  decimalPrecision,
  decimalRoom,
  decimalScale,
  endText,
  putBool,
  putF32,
  putF64,
  putI32,
  putI64,
  textRoom,
  valuesOf,
} from "../column/sink";
import { decimalFits, readDecimal } from "../number/decimal";
import {
  isoClock,
  isoDays,
  isoStamp,
  readDate,
  readTime,
  readTimestamp,
} from "../number/iso_time";
import { numberF64, readNumberText } from "../number/read";
import { base64Bytes, readBase64 } from "./base64";
import {
  findNulls,
  isPlain,
  markBad,
  putNothing,
  settle,
  settledText,
} from "./cells";
import { fields, nullCount } from "./context";
import { convertDict, convertMixed, convertTexts } from "./texts";
import { NOT_SHORT, putMiddle, putShort, readWhole, shortWhole, wholeValue } from "./whole";

// What a column is read as, in the host's order.
const BOOL: u32 = 0;
const I32: u32 = 1;
const I64: u32 = 2;
const F32: u32 = 3;
const F64: u32 = 4;
const TIMESTAMP: u32 = 5;
const DATE: u32 = 6;
const TIME: u32 = 7;
const DECIMAL: u32 = 8;
const TEXT: u32 = 9;
const DICT: u32 = 10;
const MIXED: u32 = 11;

/** Bytes of the description of a wanted column. */
export const COLUMN_BYTES: u32 = 16;

// Its words: what it is read as, its cells, where it goes, and what goes by bits.
const AS: u32 = 0;
const CELLS: u32 = 4;
const TO: u32 = 8;
const BITS: u32 = 12;

const REQUIRED: u32 = 1;

const MOST_SAFE: i64 = 9007199254740991;

function toBool(at: u32, length: u32, to: u32, row: u32): bool {
  const word = load<u32>(at) | 0x20202020;
  const isTrue = length == 4 && word == 0x65757274;
  if (!isTrue && !(length == 5 && word == 0x736c6166 && (load<u8>(at, 4) | 0x20) == 0x65)) {
    return false;
  }
  putBool(to, row, isTrue);
  return true;
}

// @ts-ignore: decorator
@inline
function toI32(at: u32, length: u32, to: u32, row: u32): bool {
  if (!readWhole(at, at + length)) return false;
  const value = wholeValue();
  putI32(to, row, <i32>value);
  return <i64>(<i32>value) == value;
}

// @ts-ignore: decorator
@inline
function toI64(at: u32, length: u32, to: u32, row: u32): bool {
  if (!readWhole(at, at + length)) return false;
  putI64(to, row, wholeValue());
  return true;
}

// @ts-ignore: decorator
@inline
function toF64(at: u32, length: u32, to: u32, row: u32): bool {
  if (readNumberText(at, at + length) != at + length) return false;
  putF64(to, row, numberF64());
  return true;
}

function toF32(at: u32, length: u32, to: u32, row: u32): bool {
  if (readNumberText(at, at + length) != at + length) return false;
  const value = numberF64();
  const near = <f32>value;
  putF32(to, row, near);
  // what is finite must not become infinite
  return !(abs(near) == Infinity && abs(value) != Infinity);
}

// Whole milliseconds, or ISO 8601.
// @ts-ignore: decorator
@inline
function toTimestamp(at: u32, length: u32, to: u32, row: u32): bool {
  let value: i64 = 0;
  if (readWhole(at, at + length)) value = wholeValue();
  else {
    if (!readTimestamp(at, at + length)) return false;
    value = <i64>isoStamp();
  }
  putI64(to, row, value);
  return value <= MOST_SAFE && value >= -MOST_SAFE;
}

function toDecimal(at: u32, length: u32, to: u32, row: u32): bool {
  const room = decimalRoom(to, row);
  const end = readDecimal(at, at + length, decimalScale(to), decimalPrecision(to), room);
  return end == at + length && decimalFits();
}

function toBytes(at: u32, length: u32, to: u32, row: u32): bool {
  if (!readBase64(at, at + length, textRoom(to, row))) return false;
  endText(to, row, base64Bytes());
  return true;
}

function toOther(as: u32, at: u32, length: u32, to: u32, row: u32): bool {
  switch (as) {
    case BOOL:
      return toBool(at, length, to, row);
    case F32:
      return toF32(at, length, to, row);
    case DATE:
      if (!readDate(at, at + length)) return false;
      putI32(to, row, isoDays());
      return true;
    case TIME:
      if (!readTime(at, at + length)) return false;
      putI32(to, row, isoClock());
      return true;
    case DECIMAL:
      return toDecimal(at, length, to, row);
    default:
      return toBytes(at, length, to, row);
  }
}

// A cell that is long, not plain, or has no value of its column.
function putOddValue(as: u32, cell: u32, to: u32, i: u32, row: u32, required: bool): void {
  let length = load<u32>(cell, 4);
  if (isPlain(length) && toValue(as, load<u32>(cell), length, to, row)) return;
  length = settle(cell);
  if (length == 0) putNothing(to, row, i, required);
  else if (!toValue(as, settledText(), length, to, row)) {
    markBad(i);
    putNothing(to, row, i, false);
  }
}

function toValue(as: u32, at: u32, length: u32, to: u32, row: u32): bool {
  if (as == F64) return toF64(at, length, to, row);
  if (as == I32) return toI32(at, length, to, row);
  if (as == I64) return toI64(at, length, to, row);
  if (as == TIMESTAMP) return toTimestamp(at, length, to, row);
  return toOther(as, at, length, to, row);
}

// What is no text: an empty field is null. The commonest kinds have loops of their own.
function convertF64(cells: u32, rows: u32, to: u32, first: u32, required: bool): void {
  const stride = fields << 3;
  const values = valuesOf(to) + (first << 3);
  for (let i: u32 = 0; i < rows; i++) {
    const cell = cells + i * stride;
    const both = load<u64>(cell);
    const at = <u32>both;
    const length = <u32>(both >> 32);
    const place = values + (i << 3);
    if (putShort(place, at, length) || putMiddle(place, at, length)) continue;
    if (!isPlain(length) || !toF64(at, length, to, first + i)) {
      putOddValue(F64, cell, to, i, first + i, required);
    }
  }
}

function convertI32(cells: u32, rows: u32, to: u32, first: u32, required: bool): void {
  const stride = fields << 3;
  const values = valuesOf(to) + (first << 2);
  for (let i: u32 = 0; i < rows; i++) {
    const cell = cells + i * stride;
    const both = load<u64>(cell);
    const value = shortWhole(<u32>both, <u32>(both >> 32));
    if (<i64>(<i32>value) == value) store<i32>(values + (i << 2), <i32>value);
    else putOddValue(I32, cell, to, i, first + i, required);
  }
}

function convertWhole(
  as: u32, cells: u32, rows: u32, to: u32, first: u32, required: bool,
): void {
  const stride = fields << 3;
  const values = valuesOf(to) + (first << 3);
  for (let i: u32 = 0; i < rows; i++) {
    const cell = cells + i * stride;
    const both = load<u64>(cell);
    // they are in the range of timestamps too
    const value = shortWhole(<u32>both, <u32>(both >> 32));
    if (value != NOT_SHORT) store<i64>(values + (i << 3), value);
    else putOddValue(as, cell, to, i, first + i, required);
  }
}

function convertOther(as: u32, cells: u32, rows: u32, to: u32, first: u32, required: bool): void {
  const stride = fields << 3;
  for (let i: u32 = 0; i < rows; i++) {
    const cell = cells + i * stride;
    const length = load<u32>(cell, 4);
    if (isPlain(length) && toOther(as, load<u32>(cell), length, to, first + i)) continue;
    putOddValue(as, cell, to, i, first + i, required);
  }
}

function convertValues(as: u32, cells: u32, rows: u32, to: u32, first: u32, required: bool): void {
  if (as == F64) convertF64(cells, rows, to, first, required);
  else if (as == I32) convertI32(cells, rows, to, first, required);
  else if (as == I64 || as == TIMESTAMP) convertWhole(as, cells, rows, to, first, required);
  else convertOther(as, cells, rows, to, first, required);
}

/** Converts the cells of a wanted column; bad ones are noted with their rows. */
export function convertColumn(column: u32, rows: u32, first: u32): void {
  const as = load<u32>(column, AS);
  const cells = load<u32>(column, CELLS);
  const to = load<u32>(column, TO);
  const bits = load<u32>(column, BITS);
  if (nullCount != 0) findNulls(cells, rows);
  const required = (bits & REQUIRED) != 0;
  if (as == TEXT) convertTexts(cells, rows, to, first, bits);
  else if (as == DICT) convertDict(cells, rows, to, first, bits);
  else if (as == MIXED) convertMixed(cells, rows, to, first, bits);
  else convertValues(as, cells, rows, to, first, required);
}
