// Values of Avro that stand in a column as they are: numbers, texts, bytes and bools.
import { putDict } from "../column/dictionary";
import { putBool, putF32, putF64, putI64, putText } from "../column/sink";
import { isUtf8 } from "../csv/utf8";
import { lost, unfit } from "./fault";
import { floorDivide, notUtf8, putInt, putTime } from "./read_values";
import { badNumber, checkLength } from "./skip";
import { wholeAt, wholeEnd } from "./varint";
import {
  AT_A,
  AT_COLUMN,
  BYTES,
  CUT,
  DICT,
  F32,
  F64,
  I32,
  I64,
  NOT_BOOL,
  TIMESTAMP,
  WHOLE_F32,
  WHOLE_F32_F64,
  WHOLE_F64,
} from "./read_ops";

function putWhole(op: u32, kind: u32, row: u32, at: u32, value: i64): void {
  const column = load<u32>(op, AT_COLUMN);
  switch (kind) {
    case WHOLE_F32:
      putF32(column, row, <f32>value);
      break;
    case WHOLE_F64:
      putF64(column, row, <f64>value);
      break;
    case WHOLE_F32_F64:
      putF64(column, row, <f64><f32>value);
      break;
    case TIMESTAMP:
      putI64(column, row, floorDivide(value, <i64>load<u32>(op, AT_A)));
      break;
    default:
      putTime(op, row, at, value);
  }
}

/** Reads a whole number as what the operation is for. */
// @ts-ignore: decorator
@inline
export function readWhole(op: u32, kind: u32, row: u32, at: u32, end: u32): u32 {
  const next = wholeEnd(at, end);
  if (next == 0) return badNumber(op, at, end);
  const value = wholeAt(at, next);
  if (kind == I64) putI64(load<u32>(op, AT_COLUMN), row, value);
  else if (kind == I32) putInt(op, row, at, value);
  else putWhole(op, kind, row, at, value);
  return next;
}

/** Reads a float or double. */
// @ts-ignore: decorator
@inline
export function readFloat(op: u32, kind: u32, row: u32, at: u32, end: u32): u32 {
  const column = load<u32>(op, AT_COLUMN);
  const bytes: u32 = kind == F64 ? 8 : 4;
  if (bytes > end - at) return lost(CUT, op, at, bytes);
  if (kind == F64) putF64(column, row, load<f64>(at));
  else if (kind == F32) putF32(column, row, load<f32>(at));
  else putF64(column, row, <f64>load<f32>(at));
  return at + bytes;
}

// @ts-ignore: decorator
@inline
function isText(at: u32, length: u32): bool {
  if (length <= 16 && (i8x16.bitmask(v128.load(at)) & ((1 << length) - 1)) == 0) return true;
  return isUtf8(at, at + length);
}

/** Reads a text or bytes. */
// @ts-ignore: decorator
@inline
export function readText(op: u32, kind: u32, row: u32, at: u32, end: u32): u32 {
  // mostly the length is one byte: then nothing waits for more than that
  const byte = <u32>load<u8>(at);
  let start = at + 1;
  let length = <i64>(byte >> 1);
  if ((byte & 0x81) != 0 || at >= end) {
    start = wholeEnd(at, end);
    if (start == 0) return badNumber(op, at, end);
    length = wholeAt(at, start);
  }
  if (<u64>length > <u64>(end - start)) return checkLength(op, at, start, end, length);
  const column = load<u32>(op, AT_COLUMN);
  if (kind != BYTES && !isText(start, <u32>length)) notUtf8(op, start);
  if (kind == DICT) putDict(column, row, start, <u32>length);
  else putText(column, row, start, <u32>length);
  return start + <u32>length;
}

/** Reads a bool. */
// @ts-ignore: decorator
@inline
export function readBool(op: u32, row: u32, at: u32, end: u32): u32 {
  if (at >= end) return lost(CUT, op, at, 1);
  const byte = load<u8>(at);
  if (byte > 1) unfit(NOT_BOOL, op, at, byte);
  putBool(load<u32>(op, AT_COLUMN), row, byte != 0);
  return at + 1;
}
