// Single cells by the host, for rows that no reader of the kernel could make.
import { putDict } from "./dictionary";
import {
  itemsOf,
  listEnd,
  listStart,
  markValid,
  putBool,
  putDecimal,
  putF32,
  putF64,
  putI32,
  putI64,
  putNull,
  putText,
  SINK_BOOL,
  SINK_F32,
  SINK_I32,
  SINK_DICT,
  sinkKind,
} from "./sink";

/** A number or, as 0 or 1, a bool. */
export function columnPutNumber(column: u32, row: u32, value: f64): void {
  const kind = sinkKind(column);
  if (kind == SINK_BOOL) putBool(column, row, value != 0);
  else if (kind == SINK_I32) putI32(column, row, <i32>value);
  else if (kind == SINK_F32) putF32(column, row, <f32>value);
  else putF64(column, row, value);
  markValid(column, row);
}

/** A whole number of 64 bits. */
export function columnPutI64(column: u32, row: u32, value: i64): void {
  putI64(column, row, value);
  markValid(column, row);
}

/** A scaled integer of 128 bits. */
export function columnPutDecimal(column: u32, row: u32, low: i64, high: i64): void {
  putDecimal(column, row, <u64>low, high);
  markValid(column, row);
}

/** A text or bytes, of a dictionary too; reads up to 31 bytes beyond. */
export function columnPutText(column: u32, row: u32, from: u32, length: u32): void {
  if (sinkKind(column) == SINK_DICT) putDict(column, row, from, length);
  else putText(column, row, from, length);
  markValid(column, row);
}

/** A null. */
export function columnPutNull(column: u32, row: u32): void {
  putNull(column, row);
}

/** The first item's row in the column of items. */
export function columnListStart(column: u32, row: u32): u32 {
  return listStart(column, row);
}

/** Ends a list; `item` is one after its last item's row. */
export function columnListEnd(column: u32, row: u32, item: u32): void {
  listEnd(column, row, item);
  markValid(column, row);
}

/** The description of a list's items. */
export function columnItems(column: u32): u32 {
  return itemsOf(column);
}
