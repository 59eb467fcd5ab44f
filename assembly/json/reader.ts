// What a reader of JSON is made of: a record of 128 bytes that the host fills, and the object
// nodes and fields of the wanted columns.
//
// The bytes that are read end in a line feed at `limit`, which the host puts behind them; no value
// goes over a line feed, so no loop needs to look where the bytes end.

import { preparePowers } from "../number/powers";

export const R_COLUMNS: u32 = 0; // columns of the sink
export const R_COUNT: u32 = 4; // how many
export const R_ROOT: u32 = 8; // node of the record
export const R_FLAGS: u32 = 12;
export const R_DEPTH: u32 = 16; // most levels, the record being one
export const R_MOST: u32 = 20; // most bytes of a record
export const R_LEVELS: u32 = 24; // a bit for each level that a skipped value opens
export const R_KEY: u32 = 28; // room for an unescaped key
export const R_KEY_BYTES: u32 = 32; // longer keys, as they are written, are no field's
export const R_RECORDS: u32 = 36; // column of spans that takes where records lie, or 0
export const R_LAYOUTS: u32 = 40; // four addresses of layouts
export const R_AT: u32 = 64; // where to read on
export const R_LIMIT: u32 = 68; // where the bytes end
export const R_ROW: u32 = 72; // the row to write next
export const R_LINES: u32 = 76; // lines that were passed
export const R_BLANK: u32 = 80; // those that were blank
export const R_START: u32 = 84; // of the record that the host is asked about
export const R_FAIL_AT: u32 = 88; // where it went wrong
export const R_FAIL_COLUMN: u32 = 92; // the column, as an address; 0: none
export const R_MISSES: u32 = 96; // records since the last layout was learned that no layout fitted
export const R_PATIENCE: u32 = 100; // so many of them, and another one is learned
export const R_HEADS: u32 = 112; // the first four bytes of the lines of each layout

export const FLAG_TRUSTED: u32 = 1;
export const FLAG_NO_EXTRA: u32 = 2;

// A node, 32 bytes: the fields of an object.
export const N_FIELDS: u32 = 0;
export const N_COUNT: u32 = 4;
export const N_TABLE: u32 = 8; // u32 numbers of fields + 1 by hash of the name
export const N_MASK: u32 = 12;
export const N_REQUIRED: u32 = 16; // addresses of columns that hold no nulls
export const N_REQUIRED_COUNT: u32 = 20;

// A field, 64 bytes.
export const FIELD_BYTES: u32 = 64;
export const F_NAME: u32 = 0;
export const F_LENGTH: u32 = 4;
export const F_COLUMN: u32 = 8;
export const F_KIND: u32 = 12;
export const F_NODE: u32 = 16; // of a struct
export const F_BELOW: u32 = 20; // columns of a struct, its own included
export const F_ITEM: u32 = 24; // kind of a list's items
export const F_HEAD: u32 = 32; // first 16 bytes of the name, then zeros

// What a value becomes.
export const K_BOOL: u32 = 0;
export const K_I32: u32 = 1;
export const K_I64: u32 = 2;
export const K_F32: u32 = 3;
export const K_F64: u32 = 4;
export const K_TEXT: u32 = 5;
export const K_DICT: u32 = 6;
export const K_DECIMAL: u32 = 7;
export const K_LIST: u32 = 8;
export const K_STRUCT: u32 = 9;
export const K_SPAN: u32 = 10;
export const K_TIMESTAMP: u32 = 11;
export const K_DATE: u32 = 12;
export const K_TIME: u32 = 13;

// Why a record is not taken.
export const DONE: u32 = 0;
export const BAD_SYNTAX: u32 = 1;
export const BAD_DEPTH: u32 = 2;
export const BAD_VALUE: u32 = 3; // not of the column's type
export const BAD_KEY: u32 = 4; // no field has it
export const BAD_NULL: u32 = 5; // in a column that holds none
export const BAD_TEXT: u32 = 6; // not UTF-8
export const TOO_LARGE: u32 = 7;
/** Not bad: the record that starts at R_START is a good one to learn a layout from. */
export const LEARN: u32 = 8;

export let failCode: u32 = 0;
export let failAt: u32 = 0;
export let failColumn: u32 = 0;

/** Says what is wrong, and where; 0, for whoever returns it. */
export function fail(code: u32, at: u32, column: u32): u32 {
  failCode = code;
  failAt = at;
  failColumn = column;
  return 0;
}

export let limit: u32 = 0;
export let depthLimit: u32 = 0;
export let levels: u32 = 0;
export let trusted: bool = false;
export let extraKeys: bool = false;
export let keyRoom: u32 = 0;
export let keyMost: u32 = 0;

/** Takes over what does not change while a block is read. */
export function beginReading(reader: u32): void {
  preparePowers();
  limit = load<u32>(reader, R_LIMIT);
  depthLimit = load<u32>(reader, R_DEPTH);
  levels = load<u32>(reader, R_LEVELS);
  trusted = (load<u32>(reader, R_FLAGS) & FLAG_TRUSTED) != 0;
  extraKeys = (load<u32>(reader, R_FLAGS) & FLAG_NO_EXTRA) == 0;
  keyRoom = load<u32>(reader, R_KEY);
  keyMost = load<u32>(reader, R_KEY_BYTES);
}
