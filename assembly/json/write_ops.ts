// The operations by which columns are written as JSON (`src/kernel/json_writer.ts`), 128 bytes each
//
//   u32 kind | u32 length of the prefix, at most 32 | u32 values | u32 validity or 0 |
//   u32 offsets | u32 alive: the rows that have such a cell, or 0 for all | u32 a, b, c |
//   u32 doubles that had many decimals since the last that had not | at 48 u64: the last
//   number with zeros for its last four digits, u32 length of what is before these, or 0 | at 64 the
//   text of that | at 80 the prefix: what stands before the value
//
// Bitmaps, values and offsets start at the first row of the batch.

export const OP_BYTES: u32 = 128;
export const AT_PREFIX_BYTES: u32 = 4;
export const AT_VALUES: u32 = 8;
export const AT_VALIDITY: u32 = 12;
export const AT_OFFSETS: u32 = 16;
export const AT_ALIVE: u32 = 20;
export const AT_A: u32 = 24;
export const AT_B: u32 = 28;
export const AT_C: u32 = 32;
export const AT_MISSES: u32 = 36;
export const AT_UPPER: u32 = 48;
export const AT_UPPER_BYTES: u32 = 56;
export const AT_UPPER_TEXT: u32 = 64;
export const AT_PREFIX: u32 = 80;

export const BOOL: u32 = 0;
export const I32: u32 = 1;
export const I64: u32 = 2;
export const F32: u32 = 3;
export const F64: u32 = 4;
export const FIXED_F32: u32 = 5; // a: decimals
export const FIXED_F64: u32 = 6; // a: decimals
export const MILLIS: u32 = 7; // a timestamp as a number
export const ISO_TIMESTAMP: u32 = 8;
export const ISO_DATE: u32 = 9;
export const ISO_TIME: u32 = 10;
export const DECIMAL: u32 = 11; // a: scale
export const TEXT: u32 = 12;
export const ENTRY: u32 = 13; // a: bytes of a dictionary, b: its offsets, c: its entries
export const BYTES: u32 = 14;
export const LIST: u32 = 15; // a: the texts of all items, each with a comma; b: where they start
export const OPEN: u32 = 16; // the brace of an object, or null
export const CONSTANT: u32 = 17; // values: what is written, a: its length

// From here on the prefix is not always written.
export const SPECIAL: u32 = 32;
export const RAW: u32 = 32; // JSON as it is; not even the prefix where it is empty
export const CELL: u32 = 33; // a: table of the cells of a dictionary, c: how many it has
export const SLOT: u32 = 34; // a: places of its cells, b: their size; indices, none of which is null
export const COUNT: u32 = 35; // 32 bits that all rows have, or null
export const ZEROS: u32 = 36; // a, b: the place of what the next c operations write of rows marked at values
export const NULLABLE: u32 = 64; // added to those below SPECIAL where a row may have no value
