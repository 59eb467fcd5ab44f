// What the host hands over: rows as cells of bytes, and the batches of each partition.

import { bit } from "../json/write_values";

// Rows to be appended.
export const ROWS: usize = 0;
export const PARTITIONS: usize = 4;
export const STATES: usize = 8;
export const BATCH_BYTES: usize = 12;
export const MOST_BYTES: usize = 16;
export const IS_SUMMED: usize = 20;
export const NOW: usize = 24;
export const TIMES: usize = 32;
export const TIMES_VALID: usize = 36;
export const TOMBSTONES: usize = 40;
export const TOMBSTONES_VALID: usize = 44;
export const CHOSEN: usize = 48;
export const CHOSEN_VALID: usize = 52;
export const KEY: usize = 56;
export const VALUE: usize = 60;
export const HEADERS: usize = 64;
export const HEADER_COUNT: usize = 68;
export const ROW_PARTITIONS: usize = 72;
export const ROW_BYTES: usize = 76;
export const STICKY: usize = 80;
export const FAIL_ROW: usize = 84;
export const FAIL_VALUE: usize = 88;

// The batches of a partition: those that are closed, then the open one.
export const STATE_BYTES: u32 = 64;
export const BASE: usize = 0;
export const USED: usize = 8;
export const OPEN_AT: usize = 12;
export const OPEN_RECORDS: usize = 16;
export const CLOSED: usize = 20;
export const FIRST_TIME: usize = 24;
export const GREATEST_TIME: usize = 32;
export const WANTED: usize = 40;
export const PENDING: usize = 48;

// Cells of bytes: a column, or the dictionary and the indices of one.
export const CELLS_BYTES: u32 = 48;
const VALUES: usize = 0;
const OFFSETS: usize = 4;
const VALID: usize = 8;
const INDICES: usize = 12;
const ENTRIES: usize = 16;
const TRIM: usize = 20;
export const PREFIX: usize = 24;
export const PREFIX_BYTES: usize = 28;
export const NAME: usize = 32;
export const NAME_BYTES: usize = 36;

let at: u32 = 0;

/** Where the cell lies that {@link cellBytes} was asked of. */
// @ts-ignore: decorator
@inline
export function cellAt(): u32 {
  return at;
}

// @ts-ignore: decorator
@inline
export function isSet(bits: u32, row: u32): bool {
  return bits == 0 || bit(bits, row);
}

/** How many bytes a row's cell has, without the prefix; -1 where it is null. */
// @ts-ignore: decorator
@inline
export function cellBytes(cells: u32, row: u32): i32 {
  if (!isSet(load<u32>(cells, VALID), row)) return -1;
  let entry = row;
  const indices = load<u32>(cells, INDICES);
  if (indices != 0) {
    entry = load<u32>(indices + (row << 2));
    if (entry >= load<u32>(cells, ENTRIES)) return -1;
  }
  const offset = load<u32>(cells, OFFSETS) + (entry << 2);
  const start = load<u32>(offset);
  at = load<u32>(cells, VALUES) + start;
  return load<u32>(offset, 4) - start - load<u32>(cells, TRIM);
}
