// The layout of a line, learned from an earlier one: the bytes between the values, and what each
// value becomes. A line of the same layout is read by comparing those bytes and parsing the values
// alone; what differs in any way is a miss, and no more is said about it.
//
// A layout is an array of operations of 64 bytes, made by the host (src/codecs/json/layout.ts):
//
//   u32 kind | u32 length of the template, at most 16 | u32 column | u32 a bit for each byte of the
//   template | 16 bytes template | u32 kind of a list's items, or open levels | 12 bytes - |
//   u32 whether null is a miss | u32 addresses of columns that are null (OP_END) | u32 how many, or
//   open levels | u32 whether a line was of this layout (in the first one)
//
// The template comes before the value. It takes the opening quote of a string in, so that a null
// there is met in the branch of misses. Templates of more than 16 bytes are several operations.
import { putNull } from "../column/sink";
import { readCell } from "./cell";
import { readDict, readText } from "./cell_text";
import { goesOn, quickBool, quickF64, quickI32, quickI64 } from "./quick";
import {
  K_BOOL,
  K_DICT,
  K_F64,
  K_I32,
  K_I64,
  K_TEXT,
  K_TIMESTAMP,
} from "./reader";
import { NULL, skipScalar, skipString, skipValue } from "./skip";

const OP_BYTES: u32 = 64;

/** Only a template. */
export const OP_ONLY: u32 = 14;
/** A string that is not wanted. */
export const OP_SKIP_TEXT: u32 = 15;
/** A number or a word that is not wanted. */
export const OP_SKIP_SCALAR: u32 = 16;
/** Any value that is not wanted. */
export const OP_SKIP: u32 = 17;
/** The end of the line. */
export const OP_END: u32 = 18;

const O_LENGTH: u32 = 4;
const O_COLUMN: u32 = 8;
const O_TEMPLATE: u32 = 16;
const O_ITEM: u32 = 32;
const O_REQUIRED: u32 = 48;
const O_LIST: u32 = 52;
const O_COUNT: u32 = 56;
const O_FITTED: u32 = 60;

let wroteNull: bool = false;

/** Whether the layout that was tried last wrote a null: another one needs the row undone. */
// @ts-ignore: decorator
@inline
export function layoutWroteNull(): bool {
  return wroteNull;
}

// The place behind a null where the template of a string was expected; 0 when there is none.
function nullForText(op: u32, row: u32, at: u32): u32 {
  const kind = load<u32>(op);
  if (kind != K_TEXT && kind != K_DICT && kind != OP_SKIP_TEXT) return 0;
  const quote = load<u32>(op, O_LENGTH) - 1;
  if (load<u32>(at + quote) != NULL) return 0;
  for (let i: u32 = 0; i < quote; i++) {
    if (load<u8>(at + i) != load<u8>(op + i, O_TEMPLATE)) return 0;
  }
  if (kind != OP_SKIP_TEXT && !nullCell(op, row)) return 0;
  return at + quote + 4;
}

// Makes a cell null, unless it has to be none.
function nullCell(op: u32, row: u32): bool {
  if (load<u32>(op, O_REQUIRED) != 0) return false;
  wroteNull = true;
  putNull(load<u32>(op, O_COLUMN), row);
  return true;
}

// Columns that the line has not.
function endRow(op: u32, row: u32): void {
  const list = load<u32>(op, O_LIST);
  const count = load<u32>(op, O_COUNT);
  for (let i: u32 = 0; i < count; i++) putNull(load<u32>(list + (i << 2)), row);
}

// A value that is not as most are, a null among them.
function readOther(op: u32, kind: u32, row: u32, at: u32): u32 {
  if (load<u32>(at) == NULL) return nullCell(op, row) ? at + 4 : 0;
  const column = load<u32>(op, O_COLUMN);
  return readCell(kind, column, row, at, load<u32>(op, O_COUNT), load<u32>(op, O_ITEM));
}

function isOfNumber(byte: u32): bool {
  return byte - 0x30 <= 9 || (byte | 0x20) == 0x65 || byte == 0x2b || byte == 0x2d || byte == 0x2e;
}

// Behind a number that goes on where its end was taken to be, which is read once more; 0 when there
// is none. What is before a number is no byte of one.
function restOfNumber(layout: u32, op: u32, row: u32, at: u32): u32 {
  if (op == layout || !goesOn(at)) return 0;
  const number = op - OP_BYTES;
  const kind = load<u32>(number);
  if (kind != K_F64 && kind != K_I32 && kind != K_I64 && kind != K_TIMESTAMP) return 0;
  let start = at;
  while (isOfNumber(load<u8>(start - 1))) start--;
  const end = start < at ? readCell(kind, load<u32>(number, O_COLUMN), row, start, 0, 0) : 0;
  return end > at ? end : 0;
}

/** Reads the line at `from` into a row; the address of the next one, or 0 when it is another. */
export function readByLayout(layout: u32, row: u32, from: u32): u32 {
  let at = from;
  wroteNull = false;
  let op = layout - OP_BYTES;
  while (true) {
    op += OP_BYTES;
    // two words at a time, for each load is checked
    const shape = load<u64>(op);
    const place = load<u64>(op, O_COLUMN);
    const same = <u32>i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(op, O_TEMPLATE)));
    if ((<u32>(place >> 32) & ~same) != 0) {
      const next = nullForText(op, row, at);
      at = next != 0 ? next : restOfNumber(layout, op, row, at);
      if (at == 0) return 0;
      if (next == 0) op -= OP_BYTES;
      continue;
    }
    at += <u32>(shape >> 32);
    const column = <u32>place;
    const kind = <u32>shape;
    let next: u32 = 0;
    switch (kind) {
      case K_TEXT:
        next = readText(column, row, at);
        break;
      case K_DICT:
        next = readDict(column, row, at);
        break;
      case K_F64:
        next = quickF64(column, row, at);
        if (next == 0) next = readOther(op, kind, row, at);
        break;
      case K_I64:
      case K_TIMESTAMP:
        next = quickI64(column, row, at);
        if (next == 0) next = readOther(op, kind, row, at);
        break;
      case K_I32:
        next = quickI32(column, row, at);
        if (next == 0) next = readOther(op, kind, row, at);
        break;
      case OP_ONLY:
        next = at;
        break;
      case OP_SKIP_TEXT:
        next = skipString(at);
        break;
      case OP_SKIP_SCALAR:
        next = skipScalar(at);
        break;
      case OP_SKIP:
        next = skipValue(at, load<u32>(op, O_ITEM));
        break;
      case OP_END:
        endRow(op, row);
        store<u32>(layout, 1, O_FITTED);
        return at;
      case K_BOOL:
        next = quickBool(column, row, at);
        if (next == 0) next = readOther(op, kind, row, at);
        break;
      default:
        next = readOther(op, kind, row, at);
    }
    at = next;
    if (at == 0) return 0;
  }
}
