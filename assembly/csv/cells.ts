// Cells as they are to be converted: without nulls and without doubled quotes.

import { putNull } from "../column/sink";
import {
  fields,
  infos,
  IS_DOUBLED,
  IS_NULL,
  IS_QUOTED,
  LENGTH_BITS,
  nullCount,
  nulls,
  quote,
  RECORD_BYTES,
  scratch,
} from "./context";

// In the word of a row's line: the record is a bad one.
const IS_BAD: u32 = 0x80000000;
const LINE: u32 = 4;

let badRows: u32 = 0;
let text: u32 = 0;

/** Rows that turned out to be bad since the last call. */
export function takeBadRows(): u32 {
  const count = badRows;
  badRows = 0;
  return count;
}

/** Whether a row is bad, and then no more. */
export function takeBad(row: u32): bool {
  const at = infos + row * RECORD_BYTES;
  const line = load<u32>(at, LINE);
  store<u32>(at, line & ~IS_BAD, LINE);
  return (line & IS_BAD) != 0;
}

/** Notes that the record of a row is a bad one. */
export function markBad(row: u32): void {
  const at = infos + row * RECORD_BYTES;
  const line = load<u32>(at, LINE);
  if ((line & IS_BAD) == 0) badRows++;
  store<u32>(at, line | IS_BAD, LINE);
}

/** Whether a cell has text, was not in quotes, and is not null. */
// @ts-ignore: decorator
@inline
export function isPlain(length: u32): bool {
  return length - 1 < LENGTH_BITS;
}

/** Where the text lies that {@link settle} gave the length of. */
// @ts-ignore: decorator
@inline
export function settledText(): u32 {
  return text;
}

/** Copies the text of a cell without the first of each two quotes; its length. */
export function undouble(from: u32, length: u32, to: u32): u32 {
  const begin = to;
  for (const end = from + length; from < end; from++) {
    const byte: u32 = load<u8>(from);
    store<u8>(to++, byte);
    if (byte == quote) from++;
  }
  return to - begin;
}

/** A cell without a value; bad where the column holds no nulls. */
export function putNothing(column: u32, row: u32, index: u32, required: bool): void {
  if (required) markBad(index);
  putNull(column, row);
}

/** The length of the text of a cell that is not plain; 0 when it is null or empty. */
export function settle(cell: u32): u32 {
  const length = load<u32>(cell, 4);
  text = load<u32>(cell);
  if ((length & IS_NULL) != 0) return 0;
  if ((length & IS_DOUBLED) == 0) return length & LENGTH_BITS;
  const short = undouble(text, length & LENGTH_BITS, scratch);
  text = scratch;
  return short;
}

function isNullText(at: u32, length: u32): bool {
  const end = nulls + (nullCount << 3);
  for (let entry = nulls; entry < end; entry += 8) {
    if (load<u32>(entry, 4) == length && memory.compare(load<u32>(entry), at, length) == 0) {
      return true;
    }
  }
  return false;
}

/** Marks the cells that are texts for null, unless they were in quotes. */
export function findNulls(cells: u32, rows: u32): void {
  const stride = fields << 3;
  for (const end = cells + rows * stride; cells < end; cells += stride) {
    const length = load<u32>(cells, 4);
    if ((length & (IS_QUOTED | IS_NULL)) != 0) continue;
    if (isNullText(load<u32>(cells), length)) store<u32>(cells, length | IS_NULL, 4);
  }
}
