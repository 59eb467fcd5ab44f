// Cells of one column as its texts, row after row.

import { putDict } from "../column/dictionary";
import { copyText, endText, offsetsOf, putText, textRoom, valuesOf } from "../column/sink";
import { isPlain, putNothing, settle, settledText, undouble } from "./cells";
import { fields, IS_DOUBLED, IS_NULL, IS_QUOTED, LENGTH_BITS } from "./context";

// What of a column goes by bits: whether it holds no nulls, and whether an empty field is a text,
// without and in quotes.
const REQUIRED: u32 = 1;
const KEEPS_PLAIN: u32 = 2;
const KEEPS_QUOTED: u32 = 4;

const TEXT: u32 = 0;
const DICT: u32 = 1;
const MIXED: u32 = 2;

const MIXED_TEXT: u8 = 5;

function putMixed(to: u32, row: u32, at: u32, length: u32): void {
  const room = textRoom(to, row);
  store<u8>(room, MIXED_TEXT);
  store<u32>(room, length, 1);
  memory.copy(room + 5, at, length);
  endText(to, row, length + 5);
}

// A cell of texts that is empty, null, or was in quotes.
function putOddText(as: u32, cell: u32, to: u32, i: u32, row: u32, bits: u32): void {
  const length = load<u32>(cell, 4);
  const keeps = (length & IS_QUOTED) != 0 ? KEEPS_QUOTED : KEEPS_PLAIN;
  const isEmpty = (length & LENGTH_BITS) == 0;
  if ((length & IS_NULL) != 0 || (isEmpty && (bits & keeps) == 0)) {
    putNothing(to, row, i, (bits & REQUIRED) != 0);
    return;
  }
  if (as == TEXT && (length & IS_DOUBLED) != 0) {
    const from = load<u32>(cell);
    endText(to, row, undouble(from, length & LENGTH_BITS, textRoom(to, row)));
    return;
  }
  const short = settle(cell);
  if (as == TEXT) putText(to, row, settledText(), short);
  else if (as == DICT) putDict(to, row, settledText(), short);
  else putMixed(to, row, settledText(), short);
}

/** Cells as utf8. */
export function convertTexts(cells: u32, rows: u32, to: u32, first: u32, bits: u32): void {
  const stride = fields << 3;
  const values = valuesOf(to);
  const offsets = offsetsOf(to) + (first << 2);
  let start = load<u32>(offsets);
  for (let i: u32 = 0; i < rows; i++) {
    const cell = cells + i * stride;
    const end = offsets + (i << 2) + 4;
    const both = load<u64>(cell);
    const length = <u32>(both >> 32);
    if (isPlain(length)) {
      copyText(values + start, <u32>both, length);
      start += length;
      store<u32>(end, start);
    } else {
      putOddText(TEXT, cell, to, i, first + i, bits);
      start = load<u32>(end);
    }
  }
}

/** Cells as entries of a dictionary. */
export function convertDict(cells: u32, rows: u32, to: u32, first: u32, bits: u32): void {
  const stride = fields << 3;
  for (let i: u32 = 0; i < rows; i++) {
    const cell = cells + i * stride;
    const length = load<u32>(cell, 4);
    if (isPlain(length)) putDict(to, first + i, load<u32>(cell), length);
    else putOddText(DICT, cell, to, i, first + i, bits);
  }
}

/** Cells as texts among mixed values. */
export function convertMixed(cells: u32, rows: u32, to: u32, first: u32, bits: u32): void {
  const stride = fields << 3;
  for (let i: u32 = 0; i < rows; i++) {
    const cell = cells + i * stride;
    const length = load<u32>(cell, 4);
    if (isPlain(length)) putMixed(to, first + i, load<u32>(cell), length);
    else putOddText(MIXED, cell, to, i, first + i, bits);
  }
}
