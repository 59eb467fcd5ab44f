// Values by index: what was computed once an entry of a dictionary, for each row; and text by its
// offsets.

import { bitAt, clear, isValid, setBit } from "./bits";
import { aOf, doubtOf, dstOf, iOf, takeDoubt, takeValidity, validityOf, valuesOf } from "./layout";

/*
 * A table has an entry for each entry of the dictionary and one more for null: addresses of values,
 * of a validity bitmap and of a doubt bitmap (0 where there is none), and the number of entries.
 */

// The entry of a row.
// @ts-ignore: decorator
@inline
function entryAt(codes: u32, validity: u32, i: u32, nulls: u32): u32 {
  return isValid(validity, i) ? load<u32>(codes + (i << 2)) : nulls;
}

function gather8(dst: u32, source: u32, table: u32, rows: u32): void {
  const validity = validityOf(source);
  const nulls = load<u32>(table, 12);
  for (let i: u32 = 0; i < rows; i++) {
    const entry = entryAt(valuesOf(source), validity, i, nulls);
    store<u64>(dst + (i << 3), load<u64>(load<u32>(table) + (entry << 3)));
  }
}

function gather4(dst: u32, source: u32, table: u32, rows: u32): void {
  const validity = validityOf(source);
  const nulls = load<u32>(table, 12);
  for (let i: u32 = 0; i < rows; i++) {
    const entry = entryAt(valuesOf(source), validity, i, nulls);
    store<u32>(dst + (i << 2), load<u32>(load<u32>(table) + (entry << 2)));
  }
}

function gatherBits(dst: u32, source: u32, table: u32, bits: u32, rows: u32): void {
  const validity = validityOf(source);
  const nulls = load<u32>(table, 12);
  let byte: u32 = 0;
  clear(dst);
  for (let i: u32 = 0; i < rows; i++) {
    byte |= bitAt(bits, entryAt(valuesOf(source), validity, i, nulls)) << (i & 7);
    if ((i & 7) == 7) {
      store<u8>(dst + (i >> 3), byte);
      byte = 0;
    }
  }
  if ((rows & 7) != 0) store<u8>(dst + (rows >> 3), byte);
}

/** Values of a table by the codes of a dict column; widths as in `choose`. */
export function gather(width: u32, ins: u32, rows: u32): void {
  const source = aOf(ins);
  const dst = dstOf(ins);
  const table = iOf(ins);
  if (width == 0) gather8(valuesOf(dst), source, table, rows);
  else if (width == 1) gather4(valuesOf(dst), source, table, rows);
  else gatherBits(valuesOf(dst), source, table, load<u32>(table), rows);
  const validity = load<u32>(table, 4);
  if (validity != 0) gatherBits(takeValidity(dst), source, table, validity, rows);
  const doubt = load<u32>(table, 8);
  if (doubt != 0) gatherBits(takeDoubt(dst), source, table, doubt, rows);
}

/** Text of a column: its register holds offsets, the instruction the address of offset 0. */
export function loadText(ins: u32, rows: u32): void {
  const a = aOf(ins);
  const dst = dstOf(ins);
  const offsets = valuesOf(a);
  const base = iOf(ins);
  for (let i: u32 = 0; i < rows; i++) {
    const start = load<u32>(offsets + (i << 2));
    store<u32>(valuesOf(dst) + (i << 3), base + start);
    store<u32>(valuesOf(dst) + (i << 3), load<u32>(offsets + (i << 2), 4) - start, 4);
  }
  if (validityOf(a) != 0) memory.copy(takeValidity(dst), validityOf(a), (rows + 7) >> 3);
  if (doubtOf(a) != 0) memory.copy(takeDoubt(dst), doubtOf(a), (rows + 7) >> 3);
}
