// Columns to JSON, row by row.

import { writeI32, writeJsonF64 } from "../number/write";
import { writeDecimal } from "../number/write_decimal";
import { writeDate, writeTime } from "../number/write_time";
import {
  AT_A,
  AT_ALIVE,
  AT_B,
  AT_C,
  AT_MISSES,
  AT_OFFSETS,
  AT_PREFIX,
  AT_PREFIX_BYTES,
  AT_VALIDITY,
  AT_VALUES,
  BOOL,
  BYTES,
  CELL,
  CONSTANT,
  COUNT,
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
  NULLABLE,
  OP_BYTES,
  OPEN,
  RAW,
  SLOT,
  SPECIAL,
  TEXT,
  ZEROS,
} from "./write_ops";
import { copySlot, putSlot } from "./slots";
import { copyText, escapedBytes, writeBase64, writeText } from "./write_text";
import {
  bit,
  quoted,
  writeBool,
  writeCount,
  writeFixedOrNull,
  writeList,
  writeLong,
  writeMillis,
  writeNull,
  writeStamp,
} from "./write_values";

const SHORT: u32 = 1024;

let taken: u32 = 0;
let needed: f64 = 0;

/** How many rows {@link jsonWriteRows} wrote. */
export function jsonRowsTaken(): u32 {
  return taken;
}

/** How many bytes the row that {@link jsonWriteRows} stopped at needs at least. */
export function jsonBytesNeeded(): f64 {
  return needed;
}

/** Whether there is room for so many bytes; where there is none, it notes the end they reach. */
// @ts-ignore: decorator
@inline
function fits(at: u32, bytes: u64, enough: u32): bool {
  const end = <u64>at + bytes;
  if (end <= enough) return true;
  needed = <f64>end;
  return false;
}

// Where there are few, six bytes for each will do; long texts are looked at.
// @ts-ignore: decorator
@inline
function mostTextBytes(from: u32, bytes: u32): u64 {
  return bytes <= SHORT ? bytes * 6 : escapedBytes(from, bytes);
}

// The text between two offsets; 0 when there is no room.
// @ts-ignore: decorator
@inline
function putText(at: u32, values: u32, offset: u32, enough: u32): u32 {
  const range = load<u64>(offset);
  const start = <u32>range;
  const bytes = <u32>(range >> 32) - start;
  if (!fits(at, mostTextBytes(values + start, bytes), enough)) return 0;
  return writeText(at, values + start, bytes);
}

// What needs room that depends on it, and comes less often; 0 when there is none.
function putLarge(at: u32, op: u32, row: u32, kind: u32, enough: u32): u32 {
  const values = load<u32>(op, AT_VALUES);
  if (kind == ENTRY) {
    const index = load<u32>(values + (row << 2));
    if (index >= load<u32>(op, AT_C)) return writeNull(at);
    return putText(at, load<u32>(op, AT_A), load<u32>(op, AT_B) + (index << 2), enough);
  }
  const offset = load<u32>(op, AT_OFFSETS) + (row << 2);
  if (kind == LIST) {
    const starts = load<u32>(op, AT_B);
    const bytes = load<u32>(starts + (load<u32>(offset, 4) << 2)) -
      load<u32>(starts + (load<u32>(offset) << 2));
    return fits(at, bytes, enough) ? writeList(at, op, row) : 0;
  }
  const start = load<u32>(offset);
  const bytes = load<u32>(offset, 4) - start;
  if (!fits(at, (<u64>bytes + 2) / 3 * 4, enough)) return 0;
  return writeBase64(at, values + start, bytes);
}

// Kinds that come less often.
function putOther(at: u32, op: u32, row: u32, kind: u32): u32 {
  const values = load<u32>(op, AT_VALUES);
  switch (kind) {
    case F32:
      return writeJsonF64(at, <f64>load<f32>(values + (row << 2)), op + AT_MISSES);
    case FIXED_F32:
      return writeFixedOrNull(at, <f64>load<f32>(values + (row << 2)), load<u32>(op, AT_A));
    case FIXED_F64:
      return writeFixedOrNull(at, load<f64>(values + (row << 3)), load<u32>(op, AT_A));
    case ISO_TIMESTAMP:
      return writeStamp(at, load<i64>(values + (row << 3)));
    case ISO_DATE:
      return quoted(at, writeDate(at + 1, load<i32>(values + (row << 2))));
    case ISO_TIME:
      return quoted(at, writeTime(at + 1, load<i32>(values + (row << 2))));
    case OPEN:
      store<u8>(at, 0x7b);
      return at + 1;
    default:
      return at;
  }
}

// @ts-ignore: decorator
@inline
function copyPrefix(at: u32, op: u32, bytes: u32): u32 {
  v128.store(at, v128.load(op, AT_PREFIX));
  if (bytes > 16) v128.store(at, v128.load(op, AT_PREFIX + 16), 16);
  return at + bytes;
}

// @ts-ignore: decorator
@inline
function putPrefix(at: u32, op: u32): u32 {
  return copyPrefix(at, op, load<u32>(op, AT_PREFIX_BYTES));
}

// @ts-ignore: decorator
@inline
function isAlive(op: u32, row: u32): bool {
  const alive = load<u32>(op, AT_ALIVE);
  return alive == 0 || bit(alive, row);
}

// @ts-ignore: decorator
@inline
function isValid(op: u32, row: u32): bool {
  const validity = load<u32>(op, AT_VALIDITY);
  return validity == 0 || bit(validity, row);
}

/** A prepared cell of a dictionary; 0 when there is no room. */
// @ts-ignore: decorator
@inline
function putCell(at: u32, op: u32, row: u32, enough: u32): u32 {
  const index = load<u32>(load<u32>(op, AT_VALUES) + (row << 2));
  if (index >= load<u32>(op, AT_C) || !isValid(op, row)) return writeNull(putPrefix(at, op));
  const cell = load<u32>(op, AT_A) + (index << 3);
  const bytes = load<u32>(cell, 4);
  return fits(at, bytes, enough) ? copyText(at, load<u32>(cell), bytes) : 0;
}

/** A whole number or null. */
// @ts-ignore: decorator
@inline
function putCount(at: u32, op: u32, row: u32): u32 {
  const value = load<i32>(load<u32>(op, AT_VALUES) + (row << 2));
  return writeCount(putPrefix(at, op), value, isValid(op, row));
}

/** JSON as it is; 0 when there is no room. */
function putRaw(at: u32, op: u32, row: u32, enough: u32): u32 {
  const offset = load<u32>(op, AT_OFFSETS) + (row << 2);
  const start = load<u32>(offset);
  const bytes = load<u32>(offset, 4) - start;
  if (bytes == 0) return at;
  if (!fits(at, bytes, enough)) return 0;
  return copyText(putPrefix(at, op), load<u32>(op, AT_VALUES) + start, bytes);
}

/** Writes a row by all operations; 0 when it has no room. */
function writeRow(first: u32, last: u32, row: u32, at: u32, enough: u32): u32 {
  for (let op = first; op < last; op += OP_BYTES) {
    const head = load<u64>(op); // the kind, and the length of the prefix
    const prefixBytes = <u32>(head >> 32);
    let kind = <u32>head;
    if (kind >= SPECIAL) {
      if (kind == SLOT) {
        at = putSlot(at, op, row);
        continue;
      }
      if (kind == COUNT) {
        at = putCount(at, op, row);
        continue;
      }
      if (kind == ZEROS) {
        if (load<u8>(load<u32>(op, AT_VALUES) + row) == 0) continue;
        at = copySlot(at, load<u32>(op, AT_A), load<u32>(op, AT_B));
        op += load<u32>(op, AT_C) * OP_BYTES;
        continue;
      }
      if (!isAlive(op, row)) continue;
      if (kind < NULLABLE) {
        at = kind == CELL ? putCell(at, op, row, enough) : putRaw(at, op, row, enough);
        if (at == 0) return 0;
        continue;
      }
      if (!isValid(op, row)) {
        at = writeNull(putPrefix(at, op));
        continue;
      }
      kind -= NULLABLE;
    }
    at = copyPrefix(at, op, prefixBytes);
    const values = load<u32>(op, AT_VALUES);
    switch (kind) {
      case BOOL:
        at = writeBool(at, bit(values, row));
        break;
      case I32:
        at = writeI32(at, load<i32>(values + (row << 2)));
        break;
      case I64:
        at = writeLong(at, op, load<i64>(values + (row << 3)));
        break;
      case F64:
        at = writeJsonF64(at, load<f64>(values + (row << 3)), op + AT_MISSES);
        break;
      case MILLIS:
        at = writeMillis(at, op, load<i64>(values + (row << 3)));
        break;
      case DECIMAL:
        at = quoted(at, writeDecimal(at + 1, values + (row << 4), load<u32>(op, AT_A)));
        break;
      case TEXT:
      case ENTRY:
      case BYTES:
      case LIST:
        at = kind == TEXT
          ? putText(at, values, load<u32>(op, AT_OFFSETS) + (row << 2), enough)
          : putLarge(at, op, row, kind, enough);
        if (at == 0) return 0;
        break;
      default:
        at = kind == CONSTANT
          ? copyText(at, values, load<u32>(op, AT_A))
          : putOther(at, op, row, kind);
    }
  }
  return at;
}

/**
 * Writes rows from `from` to before `end` by the `count` operations at `ops`, from `to` on, with
 * `separator` behind each, as many as fit before `limit`; each takes `fixed` bytes at most, beside
 * what depends on its values. Objects get their braces, for which they start with a comma. Where
 * each row starts, counted from `base`, goes to `starts`, unless that is 0. Gives the end;
 * {@link jsonRowsTaken} tells how many rows it was.
 */
export function jsonWriteRows(
  ops: u32, count: u32, from: u32, end: u32, fixed: u32, to: u32, limit: u32, objects: u32,
  separator: u32, base: u32, starts: u32,
): u32 {
  const last = ops + count * OP_BYTES;
  const enough = limit - fixed;
  let at = to;
  let row = from;
  for (; row < end; row++) {
    if (!fits(at, 0, enough)) break;
    let next = writeRow(ops, last, row, at, enough);
    if (next == 0) break;
    if (starts != 0) store<u32>(starts + ((row - from) << 2), at - base);
    if (objects != 0) {
      const close = next + u32(next == at);
      store<u8>(at, 0x7b);
      store<u8>(close, 0x7d);
      next = close + 1;
    }
    store<u8>(next, <u8>separator);
    at = next + 1;
  }
  taken = row - from;
  needed -= <f64>at;
  return at;
}

/**
 * Prepares the cells of a dictionary: at `to` each text, quoted and escaped, behind the prefix; in
 * the table its address and length. The end.
 */
export function jsonPrepareCells(
  prefix: u32, prefixBytes: u32, values: u32, offsets: u32, count: u32, table: u32, to: u32,
): u32 {
  let at = to;
  for (let id: u32 = 0; id < count; id++) {
    const from = load<u32>(offsets + (id << 2));
    const bytes = load<u32>(offsets + (id << 2), 4) - from;
    const end = writeText(copyText(at, prefix, prefixBytes), values + from, bytes);
    store<u32>(table + (id << 3), at);
    store<u32>(table + (id << 3), end - at, 4);
    at = end;
  }
  return at;
}
